"""The views of the workbench, by subject. Each fetches its study by ``surveys.access.study_for`` first."""
