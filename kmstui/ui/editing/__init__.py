"""The safe edit on the screen: editor, review, saving, merging, history."""

from kmstui.front_door import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
