"""AccessDenied: which policy refused, and what has to be changed where.

Source: IAM User Guide, "Troubleshoot access denied error messages", which lists the words in
which services say what kind of policy refused.
"""

from __future__ import annotations

import re

_USER = re.compile(r"User: (?P<arn>arn:\S+) is not authorized")
_DENY = re.compile(r"explicit deny in an? (?P<kind>[\w -]+?policy|permissions boundary)", re.I)
_MISSING = re.compile(r"no (?P<kind>[\w -]+?policy|permissions boundary) allows", re.I)

_EXPLICIT = {
    "resource-based policy": "a Deny statement of the key policy forbids it",
    "identity-based policy": "a Deny statement of an IAM policy forbids it",
    "service control policy": "a service control policy of the organization forbids it",
    "resource control policy": "a resource control policy of the organization forbids it",
    "permissions boundary": "a Deny statement of the permissions boundary forbids it",
    "session policy": "a Deny statement of the session policy forbids it",
    "vpc endpoint policy": "the policy of the VPC endpoint forbids it",
}

_EXPLICIT_STEP = {
    "resource-based policy": "Someone who may change the key policy has to change that Deny.",
    "identity-based policy": "An IAM administrator has to change that Deny in a policy of {who}.",
    "service control policy": "Only an administrator of the organization can change that.",
    "resource control policy": "Only an administrator of the organization can change that.",
    "permissions boundary": "An IAM administrator has to change the boundary of {who}.",
    "session policy": "Assume the role again with a session policy that does not deny {what}.",
    "vpc endpoint policy": "The owner of the VPC endpoint has to allow {what} in its policy.",
}

_IMPLICIT = {
    "resource-based policy": "the key policy does not allow it",
    "identity-based policy": "no IAM policy allows it",
    "service control policy": "no service control policy allows it",
    "resource control policy": "no resource control policy allows it",
    "permissions boundary": "the permissions boundary does not allow it",
    "session policy": "the session policy does not allow it",
    "vpc endpoint policy": "the policy of the VPC endpoint does not allow it",
}

_IN_KEY_POLICY = (
    "{who} needs {what} in the key policy, or in IAM where the key policy has the root statement."
)
_IN_IAM = "{who} needs {what} in an IAM policy."

_IMPLICIT_STEP = {
    "resource-based policy": _IN_KEY_POLICY,
    "identity-based policy": _IN_KEY_POLICY,
    "service control policy": "An administrator of the organization has to allow {what}.",
    "resource control policy": "An administrator of the organization has to allow {what}.",
    "permissions boundary": "The permissions boundary of {who} has to allow {what} too.",
    "session policy": "The session policy of {who} has to allow {what} too.",
    "vpc endpoint policy": "The owner of the VPC endpoint has to allow {what} in its policy.",
}

_IAM_ONLY = frozenset(
    {
        "kms:CreateKey",
        "kms:ListKeys",
        "kms:ListAliases",
        "kms:DescribeCustomKeyStores",
        "kms:ConnectCustomKeyStore",
        "kms:DisconnectCustomKeyStore",
    }
)
"""Operations on no key, which a key policy cannot allow (KMS Developer Guide, "Permissions")."""

_ALIAS = frozenset({"kms:CreateAlias", "kms:UpdateAlias", "kms:DeleteAlias"})


def explain_denial(message: str, operation: str) -> tuple[str, str]:
    """The reason in one clause, and what to do next, from the service's words.

    `operation` is the permission-style name, or empty.
    """
    what = operation or "this"
    who = _who(message)
    if found := _DENY.search(message):
        kind = found["kind"].lower()
        reason = _EXPLICIT.get(kind, f"a {kind} forbids it")
        step = _EXPLICIT_STEP.get(kind, "Whoever manages that policy has to change it.")
        return reason, _sentence(step, who, what)
    if found := _MISSING.search(message):
        kind = found["kind"].lower()
        reason = _IMPLICIT.get(kind, f"no {kind} allows it")
        return reason, _sentence(_implicit_step(kind, what), who, what)
    return "no policy allows it, or one denies it", _sentence(_implicit_step("", what), who, what)


def _implicit_step(kind: str, what: str) -> str:
    if kind in {"", "identity-based policy"}:
        if what in _ALIAS:
            return "{who} needs {what} both on the alias in IAM and on the key in its key policy."
        if what == "sts:AssumeRole":
            return "{who} needs {what} in an IAM policy, and the role's trust policy must allow it."
        if what in _IAM_ONLY or not what.startswith("kms:"):
            return _IN_IAM
    return _IMPLICIT_STEP.get(kind, _IN_KEY_POLICY)


def _who(message: str) -> str:
    found = _USER.search(message)
    if found is None:
        return "your identity"
    resource = found["arn"].split(":", 5)[-1]
    kind, _, name = resource.partition("/")
    if kind == "assumed-role":
        return f"your role {name.split('/')[0]}"
    if kind == "user":
        return f"your user {name.rsplit('/', 1)[-1]}"
    return f"your identity {resource}"


def _sentence(template: str, who: str, what: str) -> str:
    text = template.format(who=who, what=what)
    return text[0].upper() + text[1:]
