"""The linter's findings of all keys."""
