"""A policy text as tokens, as a tree with places, and as edits of the text."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
