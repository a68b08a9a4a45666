"""Changes of aliases and keys: what will be different first, then the change."""

from kmstui.front_door import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
