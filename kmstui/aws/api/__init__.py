"""AWS's API as the services need it, one module per noun; it returns values of the model."""

from kmstui.front_door import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
