"""The editor's canvas beside others of its kind: `python -m tests.load.editor` (see README.md)."""
