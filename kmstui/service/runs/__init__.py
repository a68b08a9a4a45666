"""One run of changes over many keys: planned, written down, paced, read back, finished, undone."""

from kmstui.front_door import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
