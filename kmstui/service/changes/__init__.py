"""One way for every change in AWS: written down, sent, read back, ended, and settled later."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
