"""kmstui: the terminal program for AWS KMS keys."""

__version__ = "0.1.0"
