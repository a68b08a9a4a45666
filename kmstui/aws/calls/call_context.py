"""What is known about a call when it fails, and the error that is made of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from kmstui.service.errors import ErrorContext, ServiceError


@dataclass(frozen=True, slots=True)
class CallContext:
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


class Explanation(NamedTuple):
    """A type of error and its two sentences, with places for what is known in a call.

    They are `{url}`, `{region}`, `{operation}`, `{for_profile}` (` --profile NAME` for a command
    line), `{said}` (the service's words), and what `error` is told besides.
    """

    kind: type[ServiceError]
    reason: str
    next_step: str = ""

    def error(
        self, call: CallContext, context: ErrorContext | None = None, **known: object
    ) -> ServiceError:
        """The error in a call; `known` is what else takes a place."""
        context = context or call.context
        default = call.profile in {"", "default"}
        known = {
            "url": call.endpoint_url,
            "region": call.region or "this Region",
            "operation": call.operation or "such calls",
            "for_profile": "" if default else f" --profile {call.profile}",
            "said": context.service_message.strip().rstrip(".") or "it gave no reason",
            **known,
        }
        return self.kind(self.reason.format_map(known), self.next_step.format_map(known), context)


def short_key_name(key_id: str) -> str:
    """The key as a person knows it: the ID of an ARN, else what was given."""
    if key_id.startswith("arn:"):
        resource = key_id.split(":", 5)[-1]
        return resource.removeprefix("key/")
    return key_id
