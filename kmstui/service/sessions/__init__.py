"""The session over one connection or several: keys of accounts and Regions in one list."""

from kmstui.front_door import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
