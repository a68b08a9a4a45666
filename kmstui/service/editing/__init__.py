"""The safe edit of a policy: open, review, put, read back, history."""
