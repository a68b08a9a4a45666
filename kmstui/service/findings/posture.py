"""What a rule about a key itself is, and what all of them say of one key.

The rules are pure: they look at what was read. What was not read, or could not be, is `Unread` and
never fine.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from kmstui.model import Fact, Key, KeyMetadata, Posture, visible
from kmstui.policy.lint import Severity
from kmstui.service.findings.controls import Control, controls_of
from kmstui.service.findings.sharing import Outsider

Outside = tuple[Outsider, ...] | str | None
"""Whom the key policy lets in from outside; text: why it could not be read; None: not read yet."""


class Remedy(StrEnum):
    """What a person may do about a finding."""

    ROTATE = "turn automatic rotation on, or change its period"
    IMPORT = "import key material"
    CANCEL = "cancel the deletion"
    ENABLE = "enable the key"
    DISABLE = "disable the key, the gentler way than deleting it"
    DELETE = "schedule the deletion of the key"
    ALIAS = "create an alias"
    TAG = "tag the key"
    POLICY = "edit the key policy"
    GRANTS = "look at the grants, and revoke some"
    USES = "look at what uses the key"


@dataclass(frozen=True, slots=True)
class Subject:
    """What the rules look at: one key as far as it was read."""

    key: Key
    aliases: Sequence[str]
    """Names of its aliases, with their prefix."""
    wanted: Posture
    now: datetime
    aliases_problem: str = ""
    """Why aliases could not be listed, as a sentence."""
    outside: Outside = None

    @property
    def metadata(self) -> KeyMetadata:
        """Of a key that was described; the others are not shown to rules."""
        if self.key.metadata is None:
            raise LookupError(f"{self.key.id} was not described")
        return self.key.metadata

    def days_until(self, moment: datetime) -> int:
        """Whole days from now to a moment."""
        return (moment - self.now).days


class Hit(NamedTuple):
    """What a rule says of a key."""

    message: str
    """A sentence without its full stop, which does not name the key."""
    severity: Severity | None = None
    """Where it differs from the rule's own."""


class Unread(NamedTuple):
    """What a rule cannot say, since something was not read."""

    why: str
    """A sentence; empty where it is still to be read."""
    fact: Fact | None = None
    """What is still to be read."""
    nobody_knows: bool = False
    """Whether KMS itself does not know, so that no permission would tell."""


Check = Callable[[Subject], Iterable[Hit | Unread]]


class PostureRule(NamedTuple):
    """One rule of the catalogue."""

    id: str
    severity: Severity
    """The worst that it finds."""
    title: str
    flags: str
    """What it finds, in a sentence or two."""
    why: str
    """What comes of that."""
    url: str
    """The AWS page that says so."""
    remedies: tuple[Remedy, ...]
    check: Check

    @property
    def controls(self) -> tuple[Control, ...]:
        """The controls that it serves; empty where none asks for it."""
        return controls_of(self.id)


class KeyFinding(NamedTuple):
    """What a rule found of a key; beside `Finding`, what the linter found in its policy."""

    rule: str
    severity: Severity
    title: str
    message: str
    why: str
    url: str
    remedies: tuple[Remedy, ...]


class NotKnown(NamedTuple):
    """What nobody can say of a key."""

    rule: str
    """Its id, or `EVERY_RULE`."""
    why: str
    """A sentence; empty where it is still to be read."""
    fact: Fact | None = None
    nobody_knows: bool = False
    """Whether KMS itself does not know."""


class Judged(NamedTuple):
    """What all rules say of one key."""

    found: tuple[KeyFinding, ...] = ()
    not_known: tuple[NotKnown, ...] = ()


def rule(
    id_: str, severity: Severity, title: str, url: str, *remedies: Remedy
) -> Callable[[Check], PostureRule]:
    """Make of a function the rule `id_`.

    The first paragraph of its docstring is what it finds, the rest why that matters. It is asked
    about keys alone that were described, that are not another account's, and, except for one rule
    about those, that AWS does not manage.
    """

    def made(check: Check) -> PostureRule:
        flags, _, why = (check.__doc__ or "").partition("\n\n")
        flags, why = " ".join(flags.split()), " ".join(why.split())
        return PostureRule(id_, severity, title, flags, why, url, remedies, check)

    return made


EVERY_RULE = "KEY"
"""Stands for all of them, of a key that was not described."""
OF_AWS_KEYS = "KEY10"
"""The one rule about keys that AWS manages."""


def judge_key(subject: Subject, rules: Iterable[PostureRule], off: Collection[str] = ()) -> Judged:
    """What rules say of a key, the ids in `off` left out."""
    key = subject.key
    if key.sharer:
        return Judged()
    asked = [
        each
        for each in rules
        if each.id not in off and (each.id == OF_AWS_KEYS) is key.is_aws_managed
    ]
    if key.metadata is None:
        return Judged((), (NotKnown(EVERY_RULE, key.problem),))
    severities = dict(subject.wanted.severity)
    found: list[KeyFinding] = []
    not_known: list[NotKnown] = []
    for each in asked:
        for said in each.check(subject):
            if isinstance(said, Unread):
                not_known.append(NotKnown(each.id, *said))
                continue
            chosen = severities.get(each.id)
            severity = Severity[chosen.upper()] if chosen else said.severity or each.severity
            message = visible(said.message)
            finding = KeyFinding(
                each.id, severity, each.title, message, each.why, each.url, each.remedies
            )
            found.append(finding)
    return Judged(tuple(found), tuple(not_known))


def facts_missing(judged: Judged) -> Iterator[Fact]:
    """What has to be read of the key for what is not known of it."""
    return iter(dict.fromkeys(each.fact for each in judged.not_known if each.fact is not None))
