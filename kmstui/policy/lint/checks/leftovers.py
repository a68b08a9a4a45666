"""What a copied policy still says of somebody else's world (KMS601, KMS602)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from kmstui.model import late_pattern
from kmstui.policy.lint import pages
from kmstui.policy.lint.core import (
    ANY,
    BROKEN_VALUE,
    ERROR,
    INFO,
    WARNING,
    Hit,
    IamVariant,
    Subject,
    remembered,
    rule,
)
from kmstui.policy.lint.facts.conditions import clauses_of
from kmstui.policy.lint.facts.coverage import elsewhere, let_in_by_condition
from kmstui.policy.lint.facts.values import (
    ACCOUNT,
    DOCUMENTATION_ACCOUNTS,
    KEY,
    REGION,
    Placeholder,
    find_placeholders,
    means_own_account,
    part_of,
)
from kmstui.policy.lint.fixes import write
from kmstui.policy.syntax import Fix, StringNode

_DOCUMENTATION = late_pattern(rf"(?<!\d)(?:{'|'.join(DOCUMENTATION_ACCOUNTS)})(?!\d)")
_ACCOUNT_KEYS = frozenset(
    {"kms:calleraccount", "aws:principalaccount", "aws:sourceaccount", "aws:resourceaccount"}
)


_PRINCIPAL = "Principal"
_OF_CALLERS = frozenset(
    {
        _PRINCIPAL, "kms:calleraccount", "aws:principalaccount", "aws:principalarn", "aws:userid",
        "kms:granteeprincipal", "kms:retiringprincipal",
    }
)  # fmt: skip
"""Where a number tells who is meant; nothing says that an example's is the key's own account."""


@remembered
def _strings(subject: Subject) -> tuple[tuple[Sequence[StringNode], str], ...]:
    """All strings in which a placeholder does harm, with the condition key they stand under.

    For principals that is `_PRINCIPAL`, for what stands neither here nor there it is empty.
    """
    found: list[tuple[Sequence[StringNode], str]] = []
    for statement in subject.statements:
        found += (
            ([entry.value for entry in statement.principals], _PRINCIPAL),
            ([entry.value for entry in statement.not_principals], _PRINCIPAL),
            (statement.actions, ""),
            (statement.not_actions, ""),
            (statement.resources, ""),
            (statement.not_resources, ""),
        )
        for clause in clauses_of(subject, statement):
            found += (((clause.entry.key,), ""), (clause.strings, clause.key))
    return tuple(found)


def _suspects(
    subject: Subject, is_suspect: Callable[[str], object]
) -> Iterator[tuple[StringNode, str]]:
    """Those of the strings whose text is suspect; each text is looked at once."""
    texts = {node.value for nodes, _ in _strings(subject) for node in nodes}
    suspect = {text for text in texts if is_suspect(text)}
    if suspect:
        for nodes, key in _strings(subject):
            yield from ((node, key) for node in nodes if node.value in suspect)


def _value_for(subject: Subject, found: Placeholder, key: str) -> str | None:
    """What the placeholder stands for, as the key at hand tells."""
    arn = subject.key.arn
    if arn is None:
        return None
    of_account = not found.stands_for and key in _ACCOUNT_KEYS
    if found.stands_for == ACCOUNT or (of_account and means_own_account(found.text)):
        return arn.account
    if found.stands_for == REGION:
        return arn.region
    return arn.name if found.stands_for == KEY and "arn" not in found.text.lower() else None


def _fill(node: StringNode, found: Placeholder, value: str | None) -> Fix | None:
    if value is None:
        return None
    filled = node.value[: found.start] + value + node.value[found.end :]
    return write(node, filled, f"Write {value}")


@rule(
    "KMS601",
    ERROR,
    "Placeholder left in",
    pages.KEY_POLICY,
    ANY,
    identity=IamVariant(
        why="A text that was to be filled in names nothing and matches nothing.", url=pages.GRAMMAR
    ),
)
def placeholder(subject: Subject) -> Iterator[Hit]:
    """Placeholders, and (info) accounts of AWS's documentation on a key of another account.

    A text that was to be filled in names nobody and matches nothing; as a principal it makes
    KMS reject the policy.
    """
    for node, key in _suspects(subject, find_placeholders):
        for found in find_placeholders(node.value):
            yield Hit(
                part_of(node, found.start, found.end),
                f'"{found.text}" is a placeholder that nobody filled in',
                _fill(node, found, _value_for(subject, found, key)),
            )
    yield from _documentation_accounts(subject)


def _may_name_documentation(text: str) -> bool:
    one, other = DOCUMENTATION_ACCOUNTS
    return one in text or other in text


def _documentation_accounts(subject: Subject) -> Iterator[Hit]:
    arn, text = subject.key.arn, subject.text
    # Most policies name none; only escapes could hide one from a look at the whole text.
    if arn is None or not ("\\" in text or _may_name_documentation(text)):
        return
    explained = {span for span, *_ in elsewhere(subject)}
    for node, key in _suspects(subject, _may_name_documentation):
        for match in _DOCUMENTATION.finditer(node.value):
            span = part_of(node, *match.span())
            if match.group() == arn.account or span in explained:
                continue
            filled = None
            if key not in _OF_CALLERS:
                filled = node.value[: match.start()] + arn.account + node.value[match.end() :]
            yield Hit(
                span,
                f"{match.group()} is an account from AWS's documentation; the key belongs to"
                f" {arn.account}",
                write(node, filled, f"Write {arn.account}"),
                INFO,
            )


@rule(
    "KMS602",
    WARNING,
    "Another account than the key's",
    pages.DEFAULT_KEY_POLICY,
    hidden_by=BROKEN_VALUE,
)
def other_account(subject: Subject) -> Iterator[Hit]:
    """A root statement or kms:CallerAccount with another account, where the key's own is not named.

    The root statement must name the account that the key belongs to; with another one the key's
    own account loses access. kms:CallerAccount with another account lets in callers of that
    account, and none of the key's own.
    """
    arn = subject.key.arn
    if arn is None:
        return
    let_in = {id(node): statement for statement, node in let_in_by_condition(subject)}
    for span, node, account, what in elsewhere(subject):
        opened = let_in.get(id(node))
        yield Hit(
            span,
            f"{what} is {account}, but the key belongs to account {arn.account}"
            + (f": account {account} has access by {opened.label}" if opened else ""),
        )
