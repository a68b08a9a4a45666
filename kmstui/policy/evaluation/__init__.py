"""Whether a request is allowed, why, and whether a policy locks out."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
