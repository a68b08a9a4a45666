"""The account's keys, aliases and tags: read, kept, filtered, sorted."""

from kmstui.front_door import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
