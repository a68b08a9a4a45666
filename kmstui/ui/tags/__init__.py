"""Tagging on the screen: one line to type, what will happen, and what happened to each key."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
