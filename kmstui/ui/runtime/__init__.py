"""What runs beside the screens: imports ahead, slices of work, type-ahead, crash log."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
