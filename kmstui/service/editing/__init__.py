"""The safe edit of a policy: open, review, put, read back, history."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
