"""The policy text, to read and to edit."""
