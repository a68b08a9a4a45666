"""Tags: parsed, planned, set and removed on many keys, undone."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
