"""What a person can do on the screens: one definition for key, key bar, help and palette."""
