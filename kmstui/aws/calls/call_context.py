"""What is known about a call when it fails, and the error that is made of it."""

from __future__ import annotations

import os
import re
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
    in_command: bool = False
    """Whether a command without screens asks, which has no keys to press."""
    source: str = ""
    """botocore's name of where the credentials come from; empty while they are looked for."""
    sign_in: str = ""
    """The command line that signs in to the profile; empty where none does."""

    @property
    def context(self) -> ErrorContext:
        """The context of an error that the service said nothing about."""
        return ErrorContext(operation=self.operation, key=self.key)


_TWO_WAYS = re.compile(r"(?<!{){([^{}|]*)\|([^{}|]*)}(?!})")

_RENEWALS = {
    "env": "They stand in AWS_ACCESS_KEY_ID and its like: {start kmstui again with new ones, or "
    "choose a profile with P|set new ones, then repeat the command}.",
    "shared-credentials-file": "Put new ones into {credentials_file}, then {press r or repeat it|"
    "repeat the command}.",
    "custom-process": "Sign in to what credential_process asks, then {press r or repeat it|repeat "
    "the command}.",
}
"""By botocore's names of sources."""

_RENEWAL = (
    "Sign in again, or put new ones where these came from, then {press r or repeat it|repeat the "
    "command}."
)
_SIGN_IN = "{F12 runs|Run} {command}{ here and goes on|, then repeat the command}."
_SIGNED_IN_TO = frozenset({"", "sso", "login", "assume-role"})
"""Sources that a command of the AWS CLI renews, or may."""


class Explanation(NamedTuple):
    """A type of error and its two sentences, with places for what is known in a call.

    They are `{url}`, `{region}`, `{operation}`, `{for_profile}` (` --profile NAME` for a command
    line), `{said}` (the service's words), `{renew}` (a sentence: how the person gets new
    credentials), and what `error` is told besides. `{press r|repeat the command}` is what people
    do at the screens, and what they do where a command asks.
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
            "renew": _renewal(call),
            **known,
        }
        reason, next_step = (
            _addressed(text, call).format_map(known) for text in (self.reason, self.next_step)
        )
        return self.kind(reason, next_step, context)


def _addressed(text: str, call: CallContext) -> str:
    return _TWO_WAYS.sub(r"\2" if call.in_command else r"\1", text)


def _renewal(call: CallContext) -> str:
    signs_in = bool(call.sign_in) and call.source in _SIGNED_IN_TO
    words = _SIGN_IN if signs_in else _RENEWALS.get(call.source, _RENEWAL)
    file = os.environ.get("AWS_SHARED_CREDENTIALS_FILE") or "~/.aws/credentials"
    return _addressed(words, call).format(command=call.sign_in, credentials_file=file)


def short_key_name(key_id: str) -> str:
    """The key as a person knows it: the ID of an ARN, else what was given."""
    if key_id.startswith("arn:"):
        resource = key_id.split(":", 5)[-1]
        return resource.removeprefix("key/")
    return key_id
