"""Values that every layer speaks of: frozen, slotted, standard library only."""

from kmstui.front_door import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
