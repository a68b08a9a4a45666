"""The commands without screens, and what they share."""
