"""Edits that several quick fixes of the rules about security share."""

from __future__ import annotations

from itertools import pairwise

from kmstui.policy.lint.facts.grants import Kind, Reading
from kmstui.policy.lint.rules import Subject, remembered
from kmstui.policy.syntax.edits import delete_member, insert_first_member, insert_member
from kmstui.policy.syntax.nodes import ArrayNode, Edit, Fix, Member, ObjectNode, Span
from kmstui.policy.syntax.statements import Statement


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


@remembered
def _deletions(subject: Subject) -> dict[int, Span]:
    """What to delete with each statement of a list, a comma included, by where it begins.

    Made for all at once: a policy may hold thousands that are needless.
    """
    root = subject.document.root
    holder = root.get("Statement") if isinstance(root, ObjectNode) else None
    items = holder.items if isinstance(holder, ArrayNode) else ()
    found = {
        item.span.start: Span(item.span.start, following.span.start)
        for item, following in pairwise(items)
    }
    if len(items) > 1:
        found[items[-1].span.start] = Span(items[-2].span.end, items[-1].span.end)
    return found


def delete_whole(subject: Subject, statement: Statement) -> Fix | None:
    """The fix that deletes a statement; None where it is the only one."""
    span = _deletions(subject).get(statement.node.span.start)
    return None if span is None else Fix(f"Delete {statement.label}", (Edit(span, ""),))


def delete_unless_root(subject: Subject, reading: Reading) -> Fix | None:
    """Delete an Allow that a Deny makes void; of the account's own, the Deny is the mistake."""
    if any(who.kind is Kind.ROOT and not who.foreign for who in reading.who):
        return None
    return delete_whole(subject, reading.statement)
