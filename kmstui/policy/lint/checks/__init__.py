"""The rules of the linter, a module for each subject."""
