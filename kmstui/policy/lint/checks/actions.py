"""Actions that are unknown, do nothing or are said twice (KMS2xx)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from kmstui.policy.iam import ActionInfo, did_you_mean, has_wildcard, knowledge
from kmstui.policy.lint import pages
from kmstui.policy.lint.core import (
    ANY,
    BROKEN_VALUE,
    ERROR,
    INFO,
    WARNING,
    Hit,
    PolicyKind,
    Subject,
    remembered,
    rule,
)
from kmstui.policy.lint.facts.coverage import MOST_COMPARED
from kmstui.policy.lint.facts.inclusion import stands_for_all_of
from kmstui.policy.lint.facts.values import account_of, find_placeholders
from kmstui.policy.lint.fixes import delete_whole, write
from kmstui.policy.syntax import Fix, Member, Statement, StringNode, delete_value, fix

_PREFIX = "kms:"


class ActionUse(NamedTuple):
    """One action or pattern as it stands in a statement."""

    statement: Statement
    member: Member
    """The Action or NotAction element."""
    node: StringNode
    matched: tuple[ActionInfo, ...]
    """What it stands for; empty where that is nothing."""


@remembered
def action_uses(subject: Subject) -> tuple[ActionUse, ...]:
    """All actions of the policy, in the order written."""
    known = subject.knowledge
    return tuple(
        ActionUse(statement, member, node, known.matching(node.value))
        for statement in subject.statements
        for name, nodes in (("Action", statement.actions), ("NotAction", statement.not_actions))
        if nodes and (member := statement.node.member(name)) is not None
        for node in nodes
    )


def _delete(subject: Subject, use: ActionUse) -> Fix | None:
    """Delete an action; an Action without any would be no better.

    Where none of the list would be left, the statement goes, which does nothing then; from a
    NotAction the last one is not taken, since it would mean every action with it gone.
    """
    is_action = use.member.key.value == "Action"
    listed = use.statement.actions if is_action else use.statement.not_actions
    if len(listed) == _doomed(subject)[use.member.key.span.start]:
        return delete_whole(subject, use.statement) if is_action else None
    edit = delete_value(subject.text, use.statement.node, use.member, use.node)
    return fix("Delete the action", edit)


@remembered
def _doomed(subject: Subject) -> Counter[int]:
    """How many actions of an element do nothing in a key policy, by the element's beginning."""
    if subject.scope is PolicyKind.IDENTITY:
        return Counter()
    return Counter(
        use.member.key.span.start
        for use in action_uses(subject)
        if _is_of_other_service(subject, use)
        or _is_iam_only(use)
        or _is_impossible(subject, use)
        or _is_out_of_reach(subject, use)
    )


def _is_of_other_service(subject: Subject, use: ActionUse) -> bool:
    return _is_unmatched(use) and _of_other_service(subject, use.node.value)


def _is_iam_only(use: ActionUse) -> bool:
    return bool(use.matched) and all(info.iam_only for info in use.matched)


def _is_allowed(use: ActionUse) -> bool:
    """Whether an Allow lists it, and KMS has it."""
    named = use.statement.effect == "Allow" and use.member.key.value == "Action"
    return named and bool(use.matched)


def _is_impossible(subject: Subject, use: ActionUse) -> bool:
    """Whether an Allow lists it, and no key of this usage and spec can do it."""
    key = subject.key
    return _is_allowed(use) and not any(
        info.works_with(key.usage, key.spec) for info in use.matched
    )


def _is_out_of_reach(subject: Subject, use: ActionUse) -> bool:
    """Whether an Allow for other accounts alone lists it, and it works in the key's own only."""
    return (
        _is_allowed(use)
        and use.statement.index in _foreign(subject)
        and not any(info.cross_account or info.iam_only for info in use.matched)
    )


@remembered
def _foreign(subject: Subject) -> dict[int, str]:
    """The Allows for principals of other accounts alone, each with those accounts."""
    arn = subject.key.arn
    found: dict[int, str] = {}
    for statement in subject.statements if arn is not None else ():
        accounts = {account_of(entry) for entry in statement.principals}
        if (
            statement.effect == "Allow"
            and accounts
            and not accounts & {"", arn.account if arn else ""}
        ):
            found[statement.index] = ", ".join(sorted(accounts))
    return found


@remembered
def _unmatched(subject: Subject) -> tuple[ActionUse, ...]:
    """Actions that are none of KMS's, without those that are no more than a placeholder."""
    return tuple(use for use in action_uses(subject) if _is_unmatched(use))


def _is_unmatched(use: ActionUse) -> bool:
    value = use.node.value
    return not use.matched and bool(value.strip()) and not find_placeholders(value)


def _is_re_encrypt(value: str) -> bool:
    return value.lower() == "kms:reencrypt"


@lru_cache(maxsize=1024)
def _suggested(value: str) -> str | None:
    """The action that a value which is not one was meant to be."""
    names = tuple(info.name for info in knowledge().actions.values())
    stripped = value.strip()
    prefix, colon, rest = stripped.rpartition(":")
    if not colon:
        return did_you_mean(f"{_PREFIX}{stripped}", names)
    if prefix.lower() == "kms":
        return did_you_mean(stripped, names)
    if did_you_mean(prefix, ("kms",)):
        return did_you_mean(f"{_PREFIX}{rest}", names)
    return None


def _of_other_service(subject: Subject, value: str) -> bool:
    """Whether it is an action of another service; a policy in IAM may name any."""
    prefix, colon, _ = value.strip().partition(":")
    if not colon or prefix.lower() == "kms":
        return False
    return subject.scope is PolicyKind.IDENTITY or _suggested(value) is None


@rule("KMS201", WARNING, "Unknown action", pages.PERMISSIONS, ANY, hidden_by=BROKEN_VALUE)
def unknown_action(subject: Subject) -> Iterator[Hit]:
    """Actions that KMS does not have.

    KMS accepts an action that it does not have without a warning, and the action allows or
    denies nothing.
    """
    for use in _unmatched(subject):
        value = use.node.value
        if has_wildcard(value) or _is_re_encrypt(value) or _of_other_service(subject, value):
            continue
        suggestion = _suggested(value)
        change = write(use.node, suggestion)
        hint = f"; did you mean {suggestion}?" if suggestion else ""
        if ":" not in value:
            message = f"{value!r} has no service prefix{hint or '; write kms:' + value}"
            yield Hit(use.node.span, message, change, ERROR)
        else:
            date = "" if suggestion else f" (as of {subject.knowledge.date})"
            yield Hit(use.node.span, f"KMS has no action {value!r}{date}{hint}", change)


@rule("KMS202", WARNING, "kms:ReEncrypt is not a permission", pages.PERMISSIONS, ANY)
def re_encrypt(subject: Subject) -> Iterator[Hit]:
    """The name of the operation ReEncrypt where its permissions are needed.

    The operation ReEncrypt needs kms:ReEncryptFrom on one key and kms:ReEncryptTo on the other;
    there is no action kms:ReEncrypt.
    """
    for use in action_uses(subject):
        if _is_re_encrypt(use.node.value):
            yield Hit(
                use.node.span,
                f"{use.node.value} allows nothing; the permissions are kms:ReEncryptFrom and "
                "kms:ReEncryptTo",
                write(use.node, "kms:ReEncrypt*"),
            )


@rule("KMS203", WARNING, "Another service's action", pages.KEY_POLICY, hidden_by=BROKEN_VALUE)
def other_service(subject: Subject) -> Iterator[Hit]:
    """Actions whose prefix is not kms.

    A key policy applies to this key only, so actions of other services have no effect in it.
    """
    for use in _unmatched(subject):
        value = use.node.value
        if _of_other_service(subject, value):
            yield Hit(use.node.span, f"{value!r} is not an action of KMS", _delete(subject, use))


@rule("KMS204", WARNING, "Pattern without a match", pages.PERMISSIONS, ANY, hidden_by=BROKEN_VALUE)
def pattern_without_match(subject: Subject) -> Iterator[Hit]:
    """Patterns that match no action of KMS.

    A pattern that matches no action allows or denies nothing.
    """
    for use in _unmatched(subject):
        value = use.node.value
        if has_wildcard(value) and not _of_other_service(subject, value):
            yield Hit(use.node.span, f"No action of KMS matches {value!r}")


@rule("KMS205", INFO, "IAM-only action", pages.PERMISSIONS)
def iam_only_action(subject: Subject) -> Iterator[Hit]:
    """Actions that work in IAM policies only.

    The action applies to no particular key, so only an IAM policy can allow it; in a key policy
    it has no effect.
    """
    for use in action_uses(subject):
        if _is_iam_only(use):
            yield Hit(
                use.node.span, f"{use.node.value} works in IAM policies only", _delete(subject, use)
            )


@rule("KMS206", WARNING, "Impossible for this key", pages.KEY_TYPES)
def impossible_action(subject: Subject) -> Iterator[Hit]:
    """Allowed actions that do not work with this key.

    The key's usage and spec, which never change, decide which operations work with it. Nothing is
    said where one of them is newer than what kmstui knows.
    """
    key = subject.key
    if not key.usage and not key.spec:
        return
    kind = " ".join(filter(None, (key.spec, key.usage)))
    for use in action_uses(subject):
        if _is_impossible(subject, use):
            yield Hit(
                use.node.span,
                f"{use.node.value} does not work with this key ({kind})",
                _delete(subject, use),
            )


@rule("KMS207", WARNING, "Not across accounts", pages.CROSS_ACCOUNT)
def not_across_accounts(subject: Subject) -> Iterator[Hit]:
    """Actions allowed to principals of other accounts only, which cannot use them.

    Another account can use the key, describe it and work with its grants; administrative
    operations work in the key's own account only.
    """
    for use in action_uses(subject):
        if _is_out_of_reach(subject, use):
            yield Hit(
                use.node.span,
                f"{use.node.value} does not work from another account"
                f" ({_foreign(subject)[use.statement.index]})",
                _delete(subject, use),
            )


@rule("KMS208", INFO, "Redundant action", pages.ACTION, ANY)
def redundant_action(subject: Subject) -> Iterator[Hit]:
    """Actions that another entry of the same list covers.

    The entry can be deleted without changing what the statement allows or denies.
    """
    lists: dict[int, list[ActionUse]] = {}
    for use in action_uses(subject):
        if use.matched:
            lists.setdefault(use.member.key.span.start, []).append(use)
    for uses in lists.values():
        entries = tuple((use.node.value, use.matched) for use in uses)
        covers = _covers(entries) if len(uses) > 1 else {}
        for index, by in covers.items():
            value = uses[index].node.value
            message = _redundancy(value, [uses[each].node.value for each in by])
            yield Hit(uses[index].node.span, message, _delete(subject, uses[index]))


def _redundancy(value: str, by: list[str]) -> str:
    again = next((each for each in by if each.lower() == value.lower()), None)
    if again is None:
        return f"{value} is covered by {', '.join(dict.fromkeys(by))}"
    return f"{value} is listed twice" + ("" if again == value else f", once as {again}")


Entry = tuple[str, tuple[ActionInfo, ...]]
"""An entry of a list as written, and the actions that it stands for today."""


def _narrowness(entry: Entry) -> tuple[bool, int]:
    """What is larger for an entry than for any that could cover it; names after patterns."""
    value, _ = entry
    return not has_wildcard(value), len(value) - value.count("*")


@lru_cache(maxsize=1024)
def _covers(entries: tuple[Entry, ...]) -> Mapping[int, tuple[int, ...]]:
    """Of the entries of a list, those that others cover, with those others.

    A pattern stands for actions that AWS adds later too, so that only a pattern covers it.
    """
    patterns: dict[str, int] = {}
    covered: dict[str, int] = {}
    found: dict[int, tuple[int, ...]] = {}
    for index in sorted(range(len(entries)), key=lambda each: _narrowness(entries[each])):
        value, matched = entries[index]
        if has_wildcard(value):
            wider = (at for other, at in patterns.items() if stands_for_all_of(other, value))
            by = next(wider, None)
            if len(patterns) < MOST_COMPARED:
                patterns.setdefault(value, index)
        else:
            by = covered.get(matched[0].name)
        if by is not None:
            found[index] = (by,)
        for info in matched:
            covered.setdefault(info.name, index)
    return found
