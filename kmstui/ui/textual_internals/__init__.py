"""Every name of Textual 8.2.8 that is not public and that the screens lean on, by subject."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
