"""Starting, watching and ending the processes of an installation on one machine (docs/decisions/ says why our own)."""
