"""What a change of a policy would do, for the review before it is sent.

Everything here is a pure function of texts and of what was read before; it is worked out off the
event loop.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from kmstui.policy.authoring import Completions, Facts
from kmstui.policy.iam import same_meaning
from kmstui.policy.lint import Finding, Severity
from kmstui.policy.syntax import Span, parse
from kmstui.service.editing.location import PolicyLocation
from kmstui.service.session import Session

READ_ONLY = (
    "Read-only mode: you can look, and nothing is changed. Start kmstui without --read-only to"
    " edit."
)

LOCK_OUT_RULE = "KMS506"
"""The linter's rule for what the verdict tells better, because it knows the IAM policies."""


class Weight(StrEnum):
    """How a judgement or a change is to be taken."""

    GOOD = "good"
    NOTE = "note"
    DOUBT = "doubt"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Judgement:
    """One sentence of the verdict."""

    weight: Weight
    sentence: str


@dataclass(frozen=True, slots=True)
class AccessLine:
    """One change of access in words."""

    weight: Weight
    """BAD where somebody gains, GOOD where somebody loses, DOUBT where that is not clear."""
    sentence: str
    span: Span | None = None
    """The statement of the new text that makes the change, where one does."""
    refused: str = ""
    """What control policies refuse of it today, as a sentence; empty where none does."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """What a person looks at before the text is sent."""

    base: str
    text: str
    judgements: tuple[Judgement, ...]
    findings: tuple[Finding, ...]
    """What the linter says of the new text."""
    access: tuple[AccessLine, ...]
    not_considered: tuple[str, ...]
    """What the verdict and the changes do not rest on."""
    not_json: str = ""
    """Why the text is not valid JSON, in a clause; the rest is about what could be read."""
    undone: tuple[str, ...] = ()
    """What of the change undoes the put that was made last here, each as a clause."""
    afterwards: str = ""
    """All that a role could do with the key then, as a sentence."""
    locks_out: bool = False
    """Whether the caller, or everybody, loses the right to change the policy."""
    bypassable: bool = False
    """Whether the service would refuse the text for that reason, and can be told not to."""

    @property
    def unchanged(self) -> bool:
        """Whether the text means what is stored."""
        return same_meaning(self.base, self.text)

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that are errors."""
        return tuple(each for each in self.findings if each.severity is Severity.ERROR)

    @property
    def to_acknowledge(self) -> tuple[int, ...]:
        """Indexes of the errors that a person must take note of, one by one.

        A lock-out is none of them: it is confirmed by typing the key's name.
        """
        return tuple(
            index
            for index, each in enumerate(self.findings)
            if each.severity is Severity.ERROR
            and not (self.locks_out and each.rule == LOCK_OUT_RULE)
        )


@dataclass(frozen=True, slots=True)
class AccessComparison:
    """What one text does to access that another did not."""

    title: str
    """Whose access to what."""
    lines: tuple[AccessLine, ...]
    """Gains first; empty where nobody gains or loses anything."""
    rests_on: str = ""
    """What else was taken into account, as a sentence; empty where the two texts are all."""


CompareAccess = Callable[[str, str], AccessComparison]
"""Compares an older text with a newer one; called in a thread."""


class PolicyRules(Protocol):
    """What is right and wrong in a policy, and what a change of it does; pure, run in threads."""

    def lint(self, text: str) -> tuple[Finding, ...]:
        """What is wrong with a text."""
        ...

    def complete(self, text: str, offset: int) -> Completions:
        """What could be written at an offset."""
        ...

    def assess(self, base: str, text: str, earlier: tuple[str, str] | None = None) -> Assessment:
        """What it does to put `text` in place of `base`.

        `earlier`: the texts before and after the put that was made last here.
        """
        ...

    def staying(self, base: str, text: str) -> tuple[str, ...]:
        """Who can do what as before, in sentences; none where that is told otherwise."""
        ...

    def compare_access(self, old: str, new: str) -> AccessComparison:
        """What one version does to access that another did not."""
        ...

    def fix_effect(self, before: str, after: str) -> tuple[str, ...]:
        """What a fix of a text changes in access, in sentences; none where nothing changes.

        What cannot be told is a sentence too.
        """
        ...


class EditTarget(ABC):
    """One policy that can be opened in the editor."""

    location: PolicyLocation
    rules: PolicyRules
    """Replaced as more is learnt: asked for anew each time."""
    title: str
    """How a title line names it."""
    word: str
    """What a person types to show that they mean this one: the alias."""
    key_arn = ""
    """The key whose policy it is; empty for a role's."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.why_not = READ_ONLY if session.read_only else ""
        """Why it can be looked at only, as a sentence; empty where it can be changed."""

    def complete(self, text: str, offset: int) -> Completions:
        """What could be written at an offset, by the rules of that moment."""
        return self.rules.complete(text, offset)

    def compare_access(self, old: str, new: str) -> AccessComparison:
        """What one version does to access that another did not, by the rules of that moment."""
        return self.rules.compare_access(old, new)

    def template_facts(self) -> Facts | None:
        """What fields of templates are filled with; None where no template fits."""
        return None

    @abstractmethod
    async def learn(self) -> None:
        """Read what helps with writing and judging; what is refused stays unknown."""

    @abstractmethod
    async def show_stored(self) -> None:
        """The stored text may have changed: let the panes show it."""


def json_problem(text: str) -> str:
    """Where a text stops being JSON and why, in a clause; empty where it is JSON.

    KMS and IAM refuse such a text with MalformedPolicyDocument, whatever else it says.
    """
    document = parse(text)
    if not document.problems:
        return ""
    first = document.problems[0]
    return f"line {document.location(first.span.start)[0] + 1}: {first.message}"


def json_judgement(reason: str, service: str) -> Judgement:
    """That the service will not take the text, and what the rest of the review is worth."""
    return Judgement(
        Weight.BAD,
        f"{service} will refuse this text as it stands, because it is not valid JSON"
        f" ({reason}). Everything else said here is about the part that could be read.",
    )


def joined_words(words: Sequence[str]) -> str:
    """`a, b and c`."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"
