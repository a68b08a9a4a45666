"""A policy text as tokens, as a tree with places, and as edits of the text."""

from kmstui.front_door import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
