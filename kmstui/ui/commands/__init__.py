"""What a person can do on the screens: one definition for key, key bar, help and palette."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
