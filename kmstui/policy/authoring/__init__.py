"""What helps to write a policy: completion, templates, taking an action from a role."""

from kmstui.front_door import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
