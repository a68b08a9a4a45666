"""One call to AWS: its thread, its pace, its retries, and what its errors mean."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
