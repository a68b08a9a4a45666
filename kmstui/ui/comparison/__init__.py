"""Keys beside each other: what differs, and how one is brought in line with another."""
