"""Colours, signs, texts in cells, style sheets."""
