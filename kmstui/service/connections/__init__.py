"""What makes several connections look like one: keys by their ARNs, calls led to the right one."""

from kmstui.front_door import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
