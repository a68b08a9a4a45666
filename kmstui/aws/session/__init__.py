"""From a profile, credentials and a Region to a connection."""
