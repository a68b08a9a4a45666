"""Two people changed the same policy: what each did to it, put together where that is possible.

The merge is by value, not by line: statements are matched by Sid and by likeness, and within
one, actions, resources, principals and condition values are sets to which each side added and
from which each removed. Where both changed the same thing differently it is a conflict, which a
person must decide; the merged text then holds one of the two, as the conflict says.

A merge that has no conflict can still do what neither wanted, as when one widens the principals
of a statement and the other its actions. So statements that both touched are listed, and the
merged text goes through the same review as any other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from kmstui.policy.iam import (
    canonical_element,
    canonical_principal,
    canonical_statement,
    canonical_value,
    comparable_action,
    members_of,
    read_json,
    same_meaning,
)
from kmstui.service.editing.three_way import (
    ABSENT,
    Clash,
    Merged,
    Merger,
    Triple,
    Value,
    label_of,
    match_statements,
    merge_scalar,
    merge_set,
    merge_table,
    merge_whole_or,
)


@dataclass(frozen=True, slots=True)
class MergeConflict:
    """One place that both changed differently."""

    where: str
    """`statement "Allow use", Action`."""
    base: str
    """What it was, as JSON; empty where it was not there. So are the next two."""
    mine: str
    theirs: str
    kept: str
    """Whose the merged text holds: `mine` or `theirs`."""
    position: tuple[str | int, ...]
    """The way to it in the document `Merge.document`."""

    @property
    def sentence(self) -> str:
        """What happened, and what the merged text holds."""
        return (
            f"{self.where}: you {_deed(self.mine)}, meanwhile it was"
            f" {_deed(self.theirs, passive=True)}. The merged text holds"
            f" {'yours' if self.kept == 'mine' else 'theirs'}."
        )


@dataclass(frozen=True, slots=True)
class Merge:
    """The three texts put together."""

    text: str
    document: str
    """The same, laid out anew, as the positions of the conflicts count."""
    conflicts: tuple[MergeConflict, ...] = ()
    touched_by_both: tuple[str, ...] = ()
    """Statements that both changed, without a conflict or with: worth a second look."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """The stored policy changed meaning since the edit was begun; nothing was sent."""

    base: str
    mine: str
    theirs: str
    """What is stored now."""
    merge: Merge | None
    """None where one of the texts is not a JSON object, and only a person can merge them."""
    awaited_since: datetime | None = None
    """Where `theirs` is the policy from before the person's own last save: when that was accepted.
    Reads may not show the save yet, or somebody has put the old policy back: nobody can tell."""

    @property
    def why_unmerged(self) -> str:
        """Why there is no merged text and what to do, as a sentence; empty where there is one."""
        if self.merge is not None:
            return ""
        if not self.theirs:
            return "There is nothing to merge with: saving your text creates the policy again."
        return "Your text cannot be merged until it is valid JSON."

    @property
    def sentence(self) -> str:
        """What happened and what to do next."""
        if self.awaited_since is not None:
            return (
                f"Your last save ({self.awaited_since:%H:%M} UTC) was accepted, and reads show the"
                " policy from before it: either they do not show the save yet, which can take up to"
                " 5 minutes, or somebody has put that policy back. Nothing was sent. Wait and"
                " review again, or decide now."
            )
        deed = "changed" if self.base else "made"
        if not self.theirs:
            deed = "deleted"
        head = f"The stored policy was {deed} by someone else since you opened it; nothing was sent"
        if self.merge is None:
            return f"{head}. {self.why_unmerged}"
        number = len(self.merge.conflicts)
        if not number:
            return f"{head}. Both changes can be merged: look through the merged text."
        return f"{head}. {number} place{'s' * (number > 1)} you must decide."

    @property
    def what_next(self) -> str:
        """What must be done before this is saved, as a sentence."""
        if self.awaited_since is not None:
            return "Reads do not show your last save: m decides what to go on from, or wait."
        return "Somebody else changed the policy: m merges, then save."

    @property
    def what_overwriting_does(self) -> str:
        """What it means to go on with one's own text alone, as sentences."""
        if self.awaited_since is not None:
            return (
                "If somebody has put the old policy back, your text undoes that; if reads are"
                " only late, it replaces your last save. The review shows what it changes of that."
            )
        return (
            "Your text undoes what the other person changed. It is shown in the review before"
            " anything is sent."
        )


def conflict_of(
    base: str, mine: str, theirs: str, awaited_since: datetime | None = None
) -> Conflict:
    """The conflict with its merge, where there is one; a policy that is not there is empty."""
    try:
        merged = merge(base or "{}", mine, theirs)
    except ValueError:
        merged = None
    return Conflict(base, mine, theirs, merged, awaited_since)


def merge(base: str, mine: str, theirs: str) -> Merge:
    """Put both changes of `base` together.

    Raises:
        ValueError: one of the texts is not a JSON object with statements that are objects.
    """
    try:
        documents = [_policy(text) for text in (base, mine, theirs)]
        merged = merge_table(_member_merger)((), *documents)
        document = _dump(merged.value, like=mine)
        touched = _touched_by_both(documents)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    # Where one side's text says the same already, its formatting is kept.
    text = next((each for each in (mine, theirs) if same_meaning(each, document)), document)
    return Merge(text, document, tuple(_conflict(clash) for clash in merged.clashes), touched)


def resolve_merge(merged: Merge, choices: Sequence[str]) -> str:
    """The merged text with `mine` or `theirs` at each of the conflicts, in their order."""
    document = read_json(merged.document)
    if "Statement" in document:
        document["Statement"] = members_of(document["Statement"])
    for conflict, choice in zip(merged.conflicts, choices, strict=True):
        chosen = conflict.mine if choice == "mine" else conflict.theirs
        *way, last = conflict.position
        holder = document
        for step in way:
            holder = holder[step]
        # A statement that goes leaves a hole until all are placed, since others are counted.
        if chosen or isinstance(last, int):
            holder[last] = read_json(chosen) if chosen else ABSENT
        else:
            holder.pop(last, None)
    if "Statement" in document:
        document["Statement"] = [s for s in document["Statement"] if s is not ABSENT]
    return _dump(document, like=merged.text)


def _policy(text: str) -> dict[str, Any]:
    document = read_json(text)
    if not isinstance(document, dict):
        raise ValueError("it is not a JSON object")  # noqa: TRY004 - the text is bad, not its type
    if not all(isinstance(each, dict) for each in members_of(document.get("Statement", []))):
        raise ValueError("a statement is not a JSON object")
    return document


def _plain(value: Value) -> Any:
    return canonical_element("", value)


def _member_merger(name: str) -> Merger:
    return _merge_statements if name == "Statement" else merge_scalar(_plain)


def _merge_statements(path: tuple[str, ...], base: Value, mine: Value, theirs: Value) -> Merged:
    kept: list[Any] = []
    clashes: list[Clash] = []
    for number, triple in enumerate(_triples(base, mine, theirs), start=1):
        one = next(s for s in (triple.mine, triple.theirs, triple.base) if s is not None)
        result = _merge_statement((label_of(one, number),), triple)
        clashes += (
            replace(clash, position=("Statement", len(kept), *clash.path[1:]))
            for clash in result.clashes
        )
        if result.value is not ABSENT:
            kept.append(result.value)
    single = len(kept) == 1 and not isinstance(mine, list)
    return Merged(kept[0] if single else kept, tuple(clashes))


def _triples(base: Value, mine: Value, theirs: Value) -> list[Triple]:
    lists = [[] if value is ABSENT else members_of(value) for value in (base, mine, theirs)]
    return match_statements(*lists)


def _merge_statement(path: tuple[str, ...], triple: Triple) -> Merged:
    values = [ABSENT if s is None else s for s in (triple.base, triple.mine, triple.theirs)]
    merger = merge_whole_or(canonical_statement, merge_table(_element_merger))
    return merger(path, *values)


def _element_merger(name: str) -> Merger:
    def canonicalize(value: Value) -> Any:
        return canonical_element(name, value)

    match name:
        case "Action" | "NotAction":
            return merge_set(comparable_action)
        case "Resource" | "NotResource":
            return merge_set(_plain)
        case "Principal" | "NotPrincipal":
            return merge_whole_or(canonicalize, merge_table(_principal_merger))
        case "Condition":
            return merge_whole_or(canonicalize, merge_table(_operator_merger))
        case _:
            return merge_scalar(canonicalize)


def _principal_merger(kind: str) -> Merger:
    return merge_set(canonical_principal if kind == "AWS" else _plain, unite_new=True)


def _operator_merger(operator: str) -> Merger:
    values = merge_set(canonical_value)
    return merge_whole_or(_plain, merge_table(lambda _: values, key_of=str.lower))


def _touched_by_both(documents: list[dict[str, Any]]) -> tuple[str, ...]:
    triples = _triples(*(document.get("Statement", ABSENT) for document in documents))
    labels = []
    for number, triple in enumerate(triples, start=1):
        if triple.base is None or triple.mine is None or triple.theirs is None:
            continue
        forms = [canonical_statement(s) for s in (triple.base, triple.mine, triple.theirs)]
        if forms[0] != forms[1] != forms[2] != forms[0]:
            labels.append(label_of(triple.mine, number))
    return tuple(labels)


def _conflict(clash: Clash) -> MergeConflict:
    base, mine, theirs = (
        "" if value is ABSENT else _dump(value) for value in (clash.base, clash.mine, clash.theirs)
    )
    return MergeConflict(
        where=", ".join(clash.path),
        base=base,
        mine=mine,
        theirs=theirs,
        kept="mine" if clash.kept is clash.mine else "theirs",
        position=clash.position or clash.path,
    )


def _deed(now: str, *, passive: bool = False) -> str:
    if not now:
        return "removed" if passive else "removed it"
    short = " ".join(now.split())
    short = short if len(short) <= 60 else f"{short[:57]}…"
    return f"changed to {short}" if passive else f"changed it to {short}"


def _dump(value: object, like: str = "") -> str:
    """JSON in the indentation of `like`, with characters that KMS refuses escaped."""
    indent = re.search(r"^( +|\t+)\S", like, re.MULTILINE)
    text = json.dumps(value, indent=indent[1] if indent else 2, ensure_ascii=False)
    # A key policy takes characters up to U+00FF only (KMS API Reference, PutKeyPolicy).
    return re.sub("[^\x00-\xff]", lambda found: json.dumps(found[0])[1:-1], text)
