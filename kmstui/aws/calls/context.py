"""What is known about a call when it fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kmstui.service.errors import ErrorContext


@dataclass(frozen=True, slots=True)
class Situation:
    """Where and on whose behalf something was attempted."""

    operation: str = ""
    """The permission-style name; empty while connecting."""
    key: str = ""
    mutating: bool = False
    endpoint_url: str = ""
    region: str = ""
    profile: str = ""
    knows_region: Callable[[str], bool] = lambda _: True
    """Whether botocore's endpoint data knows a Region; asked when a name does not resolve."""

    @property
    def context(self) -> ErrorContext:
        """The context of an error that the service said nothing about."""
        return ErrorContext(operation=self.operation, key=self.key)

    @property
    def for_profile(self) -> str:
        """` --profile NAME` for a command line, or nothing for the default profile."""
        return f" --profile {self.profile}" if self.profile not in {"", "default"} else ""


def key_name(key_id: str) -> str:
    """The key as a person knows it: the ID of an ARN, else what was given."""
    if key_id.startswith("arn:"):
        resource = key_id.split(":", 5)[-1]
        return resource.removeprefix("key/")
    return key_id
