"""The embedded AWS: moto behind a strict front, filled with the workshop's world.

``EmbeddedKms.start()`` runs it in a process of its own on loopback; ``--demo`` and the tests use
it. Importing this package imports neither moto nor boto3.
"""

from kmstui.demo.control import EmbeddedControl, Health, HeldKey, LoggedRequest
from kmstui.demo.embedded import (
    MFA_CODE,
    EmbeddedError,
    EmbeddedKms,
    EmbeddedOptions,
    mfa_serial,
)

__all__ = [
    "MFA_CODE",
    "EmbeddedControl",
    "EmbeddedError",
    "EmbeddedKms",
    "EmbeddedOptions",
    "Health",
    "HeldKey",
    "LoggedRequest",
    "mfa_serial",
]
