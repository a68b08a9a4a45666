"""Every name of Textual 8.2.8 that is not public and that the screens lean on, by subject."""

from kmstui.front_door import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
