"""Who can do what with a key, and what a change of its policy changes in that."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
