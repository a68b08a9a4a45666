"""A policy text as tokens, as a tree with places, and as edits of the text."""
