"""What IAM and KMS know: actions, condition keys, operators, principals, equal policies."""

from kmstui.front_door import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
