"""Who can do what with a key, and what a change of its policy changes in that."""
