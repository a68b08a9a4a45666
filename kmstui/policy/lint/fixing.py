"""The fixes of a whole policy: what changes nobody's access at once, the rest by name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from kmstui.policy.lint.core import Finding, KeyContext, Severity
from kmstui.policy.lint.fix_effects import MOST_CHARACTERS, FixEffect, fix_effect
from kmstui.policy.lint.linter import lint
from kmstui.policy.syntax import Edit, apply_edits


class Considered(NamedTuple):
    """A finding with a fix, and what that does to access."""

    finding: Finding
    """Its place is that of the text at that moment."""
    effect: FixEffect


class Fixed(NamedTuple):
    """What `fix_all` made of a policy."""

    text: str
    applied: tuple[Finding, ...]
    """The findings whose fixes were applied, in the order applied; their places are those of the
    text at that moment."""
    remaining: tuple[Finding, ...]
    """The findings of the new text."""
    changing: tuple[Considered, ...]
    """Those of `applied` that change access."""
    left: tuple[Considered, ...]
    """Those of `remaining` that could be fixed, but that would change access unasked."""


def fix_all(
    text: str,
    key: KeyContext | None = None,
    *,
    disabled: Collection[str] = (),
    severity: Severity = Severity.INFO,
    named: Collection[str] = (),
) -> Fixed:
    """Apply quick fixes until none is left that helps.

    A fix that changes anybody's access is applied only where its rule is among `named`. None is
    that would make for more errors, and none of a finding below `severity`. The same text comes
    to the same end: each step leaves less to find, family by family, so that they end, and what
    they end with is fixed already.
    """
    fixing = _Fixing(text, key or KeyContext(), disabled, severity, named)
    while fixing.step():
        pass
    return fixing.result()


_OWN = "own"
_FAMILIES = (*"0162345", _OWN)
"""In which order families are fixed: what cannot be read, what is misspelled and what nobody filled
in first, since rules about access judge them as if they were not there."""


_MOST_FINDINGS = 900
"""A policy of 32 KB that is wrong in each line has 600; a text with more of them is none."""

_MOST_TRIED = 15_000
"""Findings times statements: to work each fix through alone takes the longer the more of both."""


def _family(rule: str) -> str:
    return rule[3] if rule.startswith("KMS") else _OWN


class _Fixing:
    """A policy on its way."""

    def __init__(
        self,
        text: str,
        key: KeyContext,
        disabled: Collection[str],
        severity: Severity,
        named: Collection[str],
    ) -> None:
        self._key, self._disabled = key, disabled
        self._severity, self._named = severity, named
        self._applied: list[Finding] = []
        self._changing: list[Considered] = []
        self._text, self._findings = text, self._lint(text)
        self._effects: dict[tuple[Edit, ...], FixEffect] = {}
        """Of edits of the present text."""
        self._seen_changing: set[tuple[str, ...]] = set()
        """What the fixes do that changed access in an earlier text of this run."""
        self._seen_harmless: set[tuple[str, ...]] = set()
        """What those do that changed none; whatever is applied is looked at anew."""

    @property
    def _is_no_policy(self) -> bool:
        """Whether each fix alone would take minutes to work through, as in no policy in use."""
        found = len(self._findings)
        return (
            len(self._text) > MOST_CHARACTERS
            or found > _MOST_FINDINGS
            or found * self._text.count('"Effect"') > _MOST_TRIED
        )

    def result(self) -> Fixed:
        left = tuple(
            Considered(finding, effect)
            for finding in (() if self._is_no_policy else self._fixable())
            if finding.rule not in self._named and (effect := self._effect([finding]))
        )
        applied, changing = tuple(self._applied), tuple(self._changing)
        return Fixed(self._text, applied, self._findings, changing, left)

    def step(self) -> bool:
        """Apply what can be applied at once; False where nothing is left that may be."""
        # What changed access a step ago does so still, most often: it is asked again at the end.
        return any(
            self._try(batch)
            for asked_again in (False, True)
            for family in _FAMILIES
            for batch in self._batches(family, asked_again=asked_again)
        )

    def _batches(self, family: str, *, asked_again: bool) -> Iterator[list[Finding]]:
        """What to try: all that do not overlap at once, those that change nothing, each alone."""
        members = [
            each
            for each in self._fixable()
            if _family(each.rule) == family
            and (asked_again or self._done_by(each) not in self._seen_changing)
        ]
        together = _apart(members)
        if len(together) > 1 or (together and self._is_no_policy):
            yield together
        if self._is_no_policy:
            return
        unnamed = [each for each in members if each.rule not in self._named]
        harmless = [each for each in unnamed if self._is_harmless(each)]
        batch = _apart(harmless)
        if len(harmless) == len(members):
            batch = batch[: len(batch) // 2]
        # Two statements that are each needless beside the other cannot both go; half of many can.
        while len(batch) > 1:
            yield batch
            batch = batch[: len(batch) // 2]
        yield from ([each] for each in harmless)
        yield from ([each] for each in members if each.rule in self._named)

    def _is_harmless(self, finding: Finding) -> bool:
        done = self._done_by(finding)
        if done not in self._seen_harmless:
            seen = self._seen_changing if self._effect([finding]) else self._seen_harmless
            seen.add(done)
        return done in self._seen_harmless

    def _done_by(self, finding: Finding) -> tuple[str, ...]:
        """What a fix does, wherever in the text: what is written in place of what."""
        edits = _edits([finding])
        olds = (self._text[edit.span.start : edit.span.end] for edit in edits)
        return (finding.rule, *olds, *(edit.replacement for edit in edits))

    def _try(self, batch: list[Finding]) -> bool:
        """Apply some fixes, if they help and nobody's access changes that was not named."""
        effect = self._effect(batch)
        if effect and (len(batch) > 1 or batch[0].rule not in self._named):
            return False
        changed = apply_edits(self._text, _edits(batch))
        after = self._lint(changed)
        if _errors(after) > _errors(self._findings) or not _is_less(after, self._findings):
            return False
        self._applied += batch
        if effect:
            self._changing.append(Considered(batch[0], effect))
        self._text, self._findings = changed, after
        self._effects.clear()
        return True

    def _effect(self, batch: Sequence[Finding]) -> FixEffect:
        edits = _edits(batch)
        if edits not in self._effects:
            self._effects[edits] = fix_effect(self._text, apply_edits(self._text, edits), self._key)
        return self._effects[edits]

    def _fixable(self) -> list[Finding]:
        return [each for each in self._findings if each.fix and each.severity >= self._severity]

    def _lint(self, text: str) -> tuple[Finding, ...]:
        return lint(text, self._key, disabled=self._disabled)


def harmless_fixes(
    text: str, findings: Sequence[Finding], effect: Callable[[str, str], object]
) -> list[Finding]:
    """As many of the findings as can be fixed together without any effect.

    `effect` tells what a change of the text does; empty where it does nothing.
    """
    together = _apart([each for each in findings if each.fix])
    if not effect(text, apply_edits(text, _edits(together))):
        return together
    kept: list[Finding] = []
    for each in together:
        if not effect(text, apply_edits(text, _edits([*kept, each]))):
            kept.append(each)
    return kept


def _apart(findings: list[Finding]) -> list[Finding]:
    """As many findings as have fixes that do not overlap."""
    batch: list[Finding] = []
    end = -1
    for finding in sorted(findings, key=lambda each: min(e.span for e in _edits([each]))):
        spans = sorted(edit.span for edit in _edits([finding]))
        if spans[0].start > end:
            batch.append(finding)
            end = max(span.end for span in spans)
    return batch


def _edits(findings: Iterable[Finding]) -> tuple[Edit, ...]:
    return tuple(edit for finding in findings if finding.fix for edit in finding.fix.edits)


def _errors(findings: Iterable[Finding]) -> int:
    return sum(finding.severity is Severity.ERROR for finding in findings)


def _is_less(after: Iterable[Finding], before: Iterable[Finding]) -> bool:
    """Whether there is less to find, the families in their order: no circle of texts is.

    What a fix brings to light behind its own family, or its own rule, is for later steps.
    """
    less, more = Counter(map(_rank, after)), Counter(map(_rank, before))
    differing = [rank for rank in less | more if less[rank] != more[rank]]
    return bool(differing) and less[first := min(differing)] < more[first]


def _rank(finding: Finding) -> tuple[int, str, int]:
    return _FAMILIES.index(_family(finding.rule)), finding.rule, -finding.severity
