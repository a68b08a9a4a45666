"""What the linter says of stored policies: of one key, of all keys, and what AWS says besides."""
