"""The forms of the workbench, by subject."""
