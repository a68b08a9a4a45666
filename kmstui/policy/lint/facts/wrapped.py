"""A policy inside a string: JSON within JSON, escaped without its quotes, or encoded for a URL.

So it comes out of logs, of templates, and of calls that return a policy. Source: KMS API
Reference, GetKeyPolicy; IAM API Reference, GetRolePolicy ("URL-encoded compliant with RFC 3986").
"""

from __future__ import annotations

import json
from typing import NamedTuple
from urllib.parse import unquote

from kmstui.model import late_pattern
from kmstui.policy.lint.core import Subject, remembered
from kmstui.policy.syntax import Document, Edit, Fix, Member, ObjectNode, Span, StringNode

_ESCAPED = late_pattern(r'\{(?:\s|\\+[nrt])*\\+"')
_ENCODED = late_pattern(r"(?i)%7B(?:%[0-9A-F]{2}|\+|\s)*%22")
_MOST_LAYERS = 8
"""Of strings in strings: each doubles the backslashes, and nobody has met more than three."""
_HOLDERS = ("Policy", "PolicyDocument", "KeyPolicy")
"""Names under which calls and templates hold a policy."""
_NAMES = frozenset((*_HOLDERS, "PolicyName"))


class Wrapped(NamedTuple):
    """A policy inside a string."""

    form: str
    """What the text is, in a few words."""
    policy: str
    """The text inside."""


def _is_policy(text: str) -> bool:
    return text.lstrip().startswith("{") and "Statement" in text


def _inside(text: str) -> str:
    """What a JSON string holds, and a string in it; empty where that is no policy."""
    for _ in range(_MOST_LAYERS):
        try:
            value = json.loads(text, strict=False)
        except ValueError:
            return ""
        if not isinstance(value, str):
            return ""
        if value.lstrip().startswith("{") and not _ESCAPED.match(value.lstrip()):
            return value
        text = value if value.lstrip().startswith('"') else f'"{value}"'
    return ""


def _found(text: str) -> Wrapped | None:
    text, form, inside = text.strip(), "", ""
    if text.startswith('"'):
        form, inside = "a JSON string that holds a policy", _inside(text)
    elif _ESCAPED.match(text):
        form, inside = "escaped, as inside of a string", _inside(f'"{text}"')
    elif _ENCODED.match(text):
        form, inside = "encoded, as in a URL", unquote(text)
    return Wrapped(form, inside) if form and _is_policy(inside) else None


@remembered
def wrapped(subject: Subject) -> Wrapped | None:
    """The policy that the whole text has in a string; None where it is none, or a policy itself."""
    return _found(subject.text)


def holders(root: ObjectNode) -> list[Member]:
    """The members that hold the policy, of what a call returns or a template contains."""
    if root.get("Statement") is not None:
        return []
    return [
        member
        for member in root.members
        if member.key.value in _HOLDERS and isinstance(member.value, StringNode | ObjectNode)
    ]


def _held(text: str, root: ObjectNode, member: Member) -> str:
    """The policy in a member; empty where there is none, or more than its name stands around it."""
    if any(each.key.value not in _NAMES for each in root.members):
        return ""
    policy = ""
    if isinstance(member.value, StringNode):
        value = member.value.value
        policy = unquote(value) if _ENCODED.match(value) else value
    elif isinstance(member.value, ObjectNode) and member.value.member("Statement") is not None:
        policy = text[member.value.span.start : member.value.span.end]
    return policy if _is_policy(policy) else ""


def without_wrapping(document: Document) -> str:
    """The policy that a text means: what `unwrap` and `taken_out` leave, else the text itself."""
    found, root = _found(document.text), document.root
    if found is not None:
        return found.policy
    held = holders(root) if isinstance(root, ObjectNode) else []
    if not isinstance(root, ObjectNode) or not held:
        return document.text
    return _held(document.text, root, held[0]) or document.text


def _whole(text: str, policy: str) -> Fix:
    return Fix("Take the policy out", (Edit(Span(0, len(text)), policy),))


def unwrap(subject: Subject, found: Wrapped) -> Fix:
    """The fix that leaves nothing but the policy."""
    return _whole(subject.text, found.policy)


def taken_out(subject: Subject, root: ObjectNode, member: Member) -> Fix | None:
    """The fix for what a call returned; None where more would be lost than the policy's name."""
    policy = _held(subject.text, root, member)
    return _whole(subject.text, policy) if policy else None
