"""A run over many keys on the screen: what will happen, what happens to each, what was left."""

from kmstui.front_door import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
