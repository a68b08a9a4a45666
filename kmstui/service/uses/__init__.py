"""What uses a key: what each source tells of it, and what it cannot see."""

from kmstui.front_door import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
