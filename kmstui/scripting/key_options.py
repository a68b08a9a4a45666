"""What the options of `kmstui lint` tell of the key that a policy is for, and of who asks."""

from __future__ import annotations

import argparse
from dataclasses import replace

from kmstui.model import Arn
from kmstui.policy.iam import knowledge
from kmstui.policy.lint import Form, KeyContext, read_principal
from kmstui.scripting.command import CommandError


def merged(stored: KeyContext, given: KeyContext) -> KeyContext:
    """What the key says of itself, where the command line does not say otherwise."""
    return replace(
        stored,
        arn=given.arn or stored.arn,
        usage=given.usage or stored.usage,
        spec=given.spec or stored.spec,
        caller=given.caller or stored.caller,
    )


def key_context(options: argparse.Namespace) -> KeyContext:
    """What the options tell about the key and who asks.

    Raises:
        CommandError: one of them cannot be.
    """
    arn = _arn(options.key_arn, "--key-arn")
    if arn is not None and (arn.service, arn.resource_type) != ("kms", "key"):
        raise CommandError(f"--key-arn is not the ARN of a KMS key: {options.key_arn}")
    return KeyContext(
        arn=arn,
        usage=_one_of("kms:KeyUsage", options.key_usage, "--key-usage"),
        spec=_one_of("kms:KeySpec", options.key_spec, "--key-spec"),
        caller=_caller(options.caller),
    )


def _arn(text: str | None, option: str) -> Arn | None:
    if not text:
        return None
    try:
        return Arn.parse(text)
    except ValueError:
        raise CommandError(f"{option} is not an ARN: {text}") from None


def _caller(text: str | None) -> Arn | None:
    arn = _arn(text, "--caller")
    if arn is not None and read_principal(str(arn)).form not in (Form.IDENTITY, Form.ROOT):
        raise CommandError(f"--caller is not the ARN of a user, role, session or root: {text}")
    return arn


def _one_of(condition_key: str, word: str | None, option: str) -> str:
    """A value of KMS's enumerations, in its own case."""
    if not word:
        return ""
    info = knowledge().condition_key(condition_key)
    values = info.values if info is not None else ()
    if word.upper() not in values:
        raise CommandError(f"{option} must be one of {', '.join(values)}, not {word}")
    return word.upper()
