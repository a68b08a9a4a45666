"""AWS's API as the services need it, one module per noun; it returns values of the model."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
