"""What a person can do on the screens: one definition for key, key bar, help and palette."""

from kmstui.front_door import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
