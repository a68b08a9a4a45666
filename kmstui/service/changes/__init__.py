"""One way for every change in AWS: written down, sent, read back, ended, and settled later."""

from kmstui.front_door import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
