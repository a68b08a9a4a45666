"""Rules about condition keys: their form, whether they exist, where they work."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from kmstui.policy.iam import did_you_mean, knowledge
from kmstui.policy.lint import pages
from kmstui.policy.lint.core import (
    ANY,
    BROKEN_VALUE,
    ERROR,
    INFO,
    RESOURCE,
    WARNING,
    Hit,
    Subject,
    rule,
)
from kmstui.policy.lint.facts.conditions import Clause, clauses
from kmstui.policy.lint.fixes import delete_key, rename_key

_NAMESPACES = ("kms:", "aws:")


def _fixed_part(key: str) -> str:
    """The part of a key that AWS chooses: a tag's or a context's name may hold blanks."""
    for mark, family in (("/", "aws:"), (":", "kms:")):
        head, found, _ = key.partition(":")
        at = key.find(mark, len(head) + 1) if found else -1
        if at > 0 and head.strip().lower() == family[:-1]:
            return key[: at + 1]
    return key


def _without_blanks(key: str) -> str:
    fixed = _fixed_part(key)
    return ("".join(fixed.split()) + key[len(fixed) :]).strip()


def _completed(subject: Subject, key: str) -> str | None:
    """A key that lacks its prefix, with it."""
    for namespace in _NAMESPACES:
        info = subject.knowledge.condition_key(namespace + key)
        if info is not None:
            return info.name + key[len(info.name) - len(namespace) :]
    return None


def _form_problem(subject: Subject, clause: Clause) -> tuple[str, str | None] | None:
    """What is wrong with the form of a key, and what it should be where that is known."""
    written = clause.written
    # Known, and no white space was left out to find it.
    if clause.info is not None and clause.key == written.lower():
        return None
    trimmed = _without_blanks(written)
    if trimmed != written:
        return f'"{written}" contains white space; the key is "{trimmed}"', trimmed
    prefix, colon, name = written.partition(":")
    if not colon or not prefix or not name:
        completed = _completed(subject, written.strip(":"))
        meant = f"; did you mean {completed}?" if completed else ", as in kms:ViaService"
        return f'"{written}" is not a condition key: it needs a service prefix{meant}', completed
    for mark in (":", "/"):
        if clause.info is None and written.lower().rstrip(":/") + mark in (
            subject.knowledge.condition_keys
        ):
            return f'"{written}" needs a name after it, as in {written.rstrip(":/")}{mark}NAME', ""
    return None


@rule(
    "KMS402",
    ERROR,
    "Condition key in the wrong form",
    pages.CONDITION,
    RESOURCE,
    hidden_by=BROKEN_VALUE,
)
def malformed_key(subject: Subject) -> Iterator[Hit]:
    """White space in a condition key, a missing prefix or a missing name.

    A condition key is PREFIX:NAME without white space, such as kms:ViaService or
    aws:PrincipalOrgID. Any other text is the name of a key that no request carries.
    """
    for clause in clauses(subject):
        problem = _form_problem(subject, clause)
        if problem is not None:
            message, name = problem
            yield Hit(clause.entry.key.span, message, rename_key(clause, name) if name else None)


def _unknown(subject: Subject, namespace: str) -> Iterator[tuple[Clause, str | None]]:
    """Well-formed keys of a namespace that are not known, with the nearest one that is."""
    for clause in clauses(subject):
        if clause.info is not None or not clause.key.startswith(namespace):
            continue
        problem = _form_problem(subject, clause)
        if problem is None or (problem[1] and problem[1].lower() == clause.key):
            yield clause, _nearest(clause.key, namespace)


@lru_cache(maxsize=1024)
def _nearest(key: str, namespace: str) -> str | None:
    known = knowledge().condition_keys.items()
    found = did_you_mean(key, (info.name for name, info in known if name.startswith(namespace)))
    if found is None or found[-1] not in ":/":
        return found
    _, mark, name = key[len(found) - 1 :].partition(found[-1])
    return found + name if mark and name else None


@rule(
    "KMS403",
    ERROR,
    "Unknown global condition key",
    pages.GLOBAL_KEYS,
    RESOURCE,
    hidden_by=BROKEN_VALUE,
)
def unknown_global_key(subject: Subject) -> Iterator[Hit]:
    """An `aws:` key that AWS does not have.

    No request carries a key that AWS does not have: an Allow with it never applies, and a Deny
    with it never applies either, or always applies where the operator is negated.
    """
    for clause, name in _unknown(subject, "aws:"):
        # AWS adds such keys, so what resembles none of them may be newer than the list.
        meant = f"; did you mean {name}?" if name else f" in the list of {subject.knowledge.date}"
        yield Hit(
            clause.entry.key.span,
            f'"{clause.written}" is not a global condition key{meant}',
            rename_key(clause, name) if name else None,
        )


@rule(
    "KMS404",
    WARNING,
    "Unknown KMS condition key",
    pages.KMS_CONDITION_KEYS,
    RESOURCE,
    hidden_by=BROKEN_VALUE,
)
def unknown_kms_key(subject: Subject) -> Iterator[Hit]:
    """A `kms:` key that KMS does not have.

    No request carries a key that KMS does not have: an Allow with it never applies, and a Deny
    with it never applies either, or always applies where the operator is negated.
    """
    for clause, name in _unknown(subject, "kms:"):
        meant = f"; did you mean {name}?" if name else ""
        if clause.key == "kms:encryptioncontextkey":
            meant = "; did you mean kms:EncryptionContext:NAME or kms:EncryptionContextKeys?"
        yield Hit(
            clause.entry.key.span,
            f'"{clause.written}" is not in the list of KMS condition keys of'
            f" {subject.knowledge.date}{meant}",
            rename_key(clause, name) if name else None,
        )


@rule("KMS414", ERROR, "Condition key that works in IAM policies only", pages.ABAC)
def iam_only_key(subject: Subject) -> Iterator[Hit]:
    """A key that KMS does not permit in key policies: aws:ResourceTag/… and kms:ResourceAliases.

    A key policy belongs to one key, so KMS supports conditions on the key's own tags and aliases
    in IAM policies only. It rejects a key policy that has one.
    """
    for clause in clauses(subject):
        if clause.info is not None and clause.info.iam_only:
            yield Hit(
                clause.entry.key.span,
                f"{clause.name} works in IAM policies only; KMS does not permit it in a key policy",
            )


@rule("KMS415", INFO, "Deprecated condition key", pages.KMS_CONDITION_KEYS, ANY)
def deprecated_key(subject: Subject) -> Iterator[Hit]:
    """kms:CustomerMasterKeySpec and kms:CustomerMasterKeyUsage.

    AWS still accepts the old name but documents only the new one.
    """
    for clause in clauses(subject):
        if clause.info is not None and clause.info.deprecated_for:
            name = clause.info.deprecated_for
            yield Hit(
                clause.entry.key.span,
                f"{clause.info.name} is deprecated; its name is {name}",
                rename_key(clause, name),
            )


@rule(
    "KMS420",
    ERROR,
    "Condition key twice in different case",
    pages.CONDITION,
    ANY,
    hidden_by=("KMS007",),
)
def same_key_in_other_case(subject: Subject) -> Iterator[Hit]:
    """The same key twice under one operator, in different case.

    Condition keys are not case-sensitive, so one operator names the same key twice, and the
    policy is rejected or one of the two is lost.
    """
    first: dict[tuple[int, int, str], str] = {}
    for clause in clauses(subject):
        entry = clause.entry
        place = (clause.statement.index, entry.operator.span.start, entry.key.value.lower())
        earlier = first.setdefault(place, entry.key.value)
        if earlier != entry.key.value:
            yield Hit(
                entry.key.span,
                f'"{entry.key.value}" is the same key as "{earlier}" above',
                delete_key(subject, clause),
            )
