"""Backups of keys: what a key is besides its material, as files, as code, and brought back."""

from kmstui.front_door import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
