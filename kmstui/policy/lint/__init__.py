"""The linter of key policies and of roles' policies."""
