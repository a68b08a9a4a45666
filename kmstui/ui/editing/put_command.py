"""The AWS CLI command of a policy that was saved."""

from __future__ import annotations

import json

from kmstui.model.caller import ConnectionInfo
from kmstui.service.editing.location import PolicyPlace, RolePolicyPlace
from kmstui.ui.commands.aws_cli import aws_command


def put_command(
    info: ConnectionInfo | None, place: PolicyPlace, text: str, *, bypass: bool = False
) -> str:
    """`aws kms put-key-policy …` or `aws iam put-role-policy …` with the text on one line."""
    document = _one_line(text)
    if isinstance(place, RolePolicyPlace):
        _, role, policy = place.subject.split("/")
        return aws_command(
            info, "put-role-policy", "--role-name", role, "--policy-name", policy,
            "--policy-document", document, service="iam",
        )  # fmt: skip
    flag = ("--bypass-policy-lockout-safety-check",) if bypass else ()
    return aws_command(
        info, "put-key-policy", "--key-id", place.subject, "--policy-name", "default",
        *flag, "--policy", document,
    )  # fmt: skip


def _one_line(text: str) -> str:
    try:
        return json.dumps(json.loads(text), separators=(",", ":"), ensure_ascii=False)
    except (ValueError, RecursionError):
        return text
