"""Tagging on the screen: one line to type, what will happen, and what happened to each key."""

from kmstui.front_door import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
