"""The world that the embedded AWS is filled with: the workshop's, and an account around it."""
