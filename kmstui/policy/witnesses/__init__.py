"""One request of every kind that policies can tell apart: callers, and values of condition keys."""

from kmstui.front_door import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
