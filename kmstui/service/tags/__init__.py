"""Tags: parsed, planned, set and removed on many keys, undone."""
