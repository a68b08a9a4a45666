"""A key's life, aliases, grants and events."""
