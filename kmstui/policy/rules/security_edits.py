"""Edits that several quick fixes of the rules about security share."""

from __future__ import annotations

from kmstui.policy.edits import delete_member, insert_first_member, insert_member
from kmstui.policy.nodes import Edit, Member, ObjectNode
from kmstui.policy.rules.registry import Subject


def replace_member(
    text: str, holder: ObjectNode, member: Member, name: str, value: object
) -> tuple[Edit, ...]:
    """Put another member where one stands, formatted like its neighbours."""
    before = None
    for each in holder.members:
        if each.span == member.span:
            break
        before = each
    if before is not None:
        added = insert_member(text, holder, name, value, after=before)
    else:
        added = insert_first_member(text, holder, name, value)
    if len(holder.members) == 1:
        return (Edit(member.span, added.replacement.rstrip(", \t\r\n")),)
    return delete_member(text, holder, member), added


def applicable(subject: Subject, actions: frozenset[str], *, cross_account: bool) -> list[str]:
    """Those of `actions` that this key, and principals of other accounts, can use at all."""
    usage, spec = subject.key.usage, subject.key.spec
    found = []
    for name in sorted(actions):
        info = subject.knowledge.action(name)
        if info is None or (cross_account and not info.cross_account):
            continue
        if usage and info.usages and usage not in info.usages:
            continue
        if spec and info.symmetric_only and not spec.startswith("SYMMETRIC"):
            continue
        if spec and info.asymmetric_only and spec.startswith(("SYMMETRIC", "HMAC")):
            continue
        found.append(name)
    return found
