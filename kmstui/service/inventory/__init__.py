"""The account's keys, aliases and tags: read, kept, filtered, sorted."""
