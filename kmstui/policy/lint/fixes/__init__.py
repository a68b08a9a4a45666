"""Edits of the text that several rules offer."""
