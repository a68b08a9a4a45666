"""Who can do what with a key, and what a change of its policy changes in that."""

from kmstui.front_door import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
