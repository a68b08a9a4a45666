"""Key policies inside CloudFormation templates, Terraform files and other YAML and JSON."""

from kmstui.front_door import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
