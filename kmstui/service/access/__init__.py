"""What bears on who can use a key, read from the account."""
