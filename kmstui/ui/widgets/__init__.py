"""Widgets that every screen draws with."""
