"""A change: written down, sent, read back, and how it ended."""
