"""What helps to write a policy: completion, templates, taking an action from a role."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
