"""Tagging on the screen: one line to type, what will happen, and what happened to each key."""
