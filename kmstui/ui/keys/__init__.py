"""Changes of aliases and keys: what will be different first, then the change."""
