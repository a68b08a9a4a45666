"""`kmstui policy plan` and `apply`: a folder of policies, named after aliases, and the keys.

A plan holds what was stored when it was made, and the texts that were reviewed: `apply` puts those
texts, and only where what is stored is still what the plan says. What a plan has put already is
left alone, so that one that was interrupted is simply applied again.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kmstui.policy.iam import same_meaning
from kmstui.scripting.command import CommandError, complain, read_text, reason, rewrite
from kmstui.scripting.definition import Command
from kmstui.scripting.parser import COULD_NOT_RUN, Parser, add_connection_options
from kmstui.scripting.policy_files import KEY_POLICY, is_key_id, policy_in
from kmstui.scripting.putting import (
    End,
    Put,
    changed_sentence,
    put,
    tell_unread,
    wanted,
    with_session,
)
from kmstui.scripting.several import columns_over, place_of
from kmstui.scripting.table import Column, add_format_option, write_rows
from kmstui.service.errors import FailedError

if TYPE_CHECKING:
    from kmstui.scripting.key_edits import KeyEdit, KeyEdits, Review
    from kmstui.scripting.surroundings import Surroundings
    from kmstui.service.session import Session

NO_DRIFT, NOT_ALL, DRIFT = 0, 1, 3
"""Exit codes, besides `COULD_NOT_RUN`."""

_VERSION = 1
_SUFFIX = ".json"


class State(StrEnum):
    """What a file means for its key, and what became of it."""

    SAME = "same"
    CHANGES = "changes"
    NEEDS = "needs"
    """It changes, and what it does must be allowed by an option."""
    UNREAD = "unread"
    """The file or the key's policy cannot be read, or nobody may change it."""
    STORED = "stored"
    NOT_PUT = "not put"
    CHANGED = "changed"
    """Somebody else has changed the stored policy since the plan was made."""
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class PlannedPut:
    """One key of a plan, as its file has it."""

    key: str
    """Its ARN: a multi-Region key has one ID in all Regions."""
    name: str
    """The alias that the file is named after, or the ID."""
    file: str
    base: str
    """The stored policy."""
    base_sha256: str
    policy: str
    """The new one."""

    @classmethod
    def read(cls, value: object) -> PlannedPut:
        """One entry of a plan's file.

        Raises:
            CommandError: it was changed by hand, or is none.
        """
        names = set(cls.__dataclass_fields__)
        if not isinstance(value, dict) or not names <= value.keys():
            raise CommandError("The plan is not one that `kmstui policy plan --out` wrote.")
        found = cls(**{name: str(value[name]) for name in names})
        if digest(found.base) != found.base_sha256:
            raise CommandError(
                f"The plan was changed by hand: the stored policy of {found.name} in it is not the"
                " one of its digest. Make it anew with `kmstui policy plan --out`."
            )
        return found


def digest(text: str) -> str:
    """SHA-256 of a policy's text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


COLUMNS = tuple(
    Column(name, name.upper())
    for name in ("name", "key", "file", "state", "gains", "loses", "findings", "detail")
)


# Files and the keys they are named after


def files_in(paths: Sequence[str]) -> list[tuple[str, Path]]:
    """The files of policies, each with the name of its key, sorted by that.

    The name of a file in a folder is its path there, so that `workshop/role-only.json` is
    `alias/workshop/role-only`; of a file named by itself it is its own name alone.

    Raises:
        CommandError: a path is not there, or two files are named after one key.
    """
    found: dict[str, Path] = {}
    for path in map(Path, paths):
        try:
            files = sorted(path.rglob(f"*{_SUFFIX}")) if path.is_dir() else [path]
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {reason(error)}.") from error
        for file in files:
            inside = file.relative_to(path) if path.is_dir() else Path(file.name)
            name = key_name(inside.as_posix().removesuffix(_SUFFIX))
            if name in found:
                raise CommandError(f"{found[name]} and {file} are both named after {name}.")
            found[name] = file
    if not found:
        raise CommandError(f"There is no {_SUFFIX} file in {', '.join(paths)}.")
    return sorted(found.items())


def key_name(stem: str) -> str:
    """The alias or ID that a file is named after."""
    return stem if is_key_id(stem) else f"alias/{stem.removeprefix('alias/')}"


# Planning


@dataclass(frozen=True, slots=True)
class Planned:
    """What was found of one file."""

    name: str
    file: str
    state: State
    detail: str = ""
    review: Review | None = None
    arn: str = ""
    """Of the key, where it could be found and not be reviewed."""

    @property
    def row(self) -> dict[str, Any]:
        """As it is written."""
        from kmstui.service.editing import Weight

        assessment = self.review.assessment if self.review is not None else None
        weights = [line.weight for line in assessment.access] if assessment else []
        return {
            **place_of(self.review.edit.target.key.arn if self.review else self.arn),
            "name": self.name,
            "key": self.review.edit.key_id if self.review else None,
            "file": self.file,
            "state": self.state.value,
            "gains": weights.count(Weight.BAD),
            "loses": weights.count(Weight.GOOD),
            "findings": len(assessment.findings) if assessment else 0,
            "detail": self.detail or None,
        }


async def planned(
    edits: KeyEdits, name: str, file: Path, options: argparse.Namespace
) -> list[Planned]:
    """What a file means for the key that it is named after, in each connection that has one."""
    from kmstui.scripting.key_edits import keys_named

    try:
        text = policy_in(str(file), KEY_POLICY).text
        keys = await keys_named(edits.session, name)
    except (CommandError, FailedError) as error:
        return [Planned(name, str(file), State.UNREAD, str(error))]
    found = []
    for key in keys:
        try:
            review = await (await edits.open_key(key)).review(text)
            found.append(judged(name, str(file), review, options))
        except (CommandError, FailedError) as error:
            found.append(Planned(name, str(file), State.UNREAD, str(error), arn=key.arn))
    return found


def judged(name: str, file: str, review: Review, options: argparse.Namespace) -> Planned:
    """How far a reviewed text is: the same, a change, or one that needs an option."""
    if review.assessment.unchanged:
        return Planned(name, file, State.SAME, review=review)
    missing = review.missing(options)
    if missing:
        words = " ".join(f"{each.sentence} ({each.option} allows it.)" for each in missing)
        return Planned(name, file, State.NEEDS, words, review)
    return Planned(name, file, State.CHANGES, review=review)


def _plan_options(parser: Parser) -> None:
    from kmstui.scripting.key_edits import add_allowing_options

    add = parser.add_argument
    add("paths", nargs="+", metavar="DIR|FILE", help="policies named after aliases or key IDs")
    add("--out", metavar="PLAN", help="write the plan to a file, for `policy apply`")
    add("--review", action="store_true", help="the whole review of each change, too")
    add_format_option(parser)
    add_allowing_options(parser, asks=False)
    add_connection_options(parser)


def _plan(options: argparse.Namespace, around: Surroundings) -> int:
    files = files_in(options.paths)

    async def plan(session: Session) -> tuple[list[Planned], Sequence[Column], int]:
        from kmstui.scripting.key_edits import KeyEdits

        code = tell_unread(session, around, "policy plan")
        edits = KeyEdits(session, around)
        rows = [each for name, file in files for each in await planned(edits, name, file, options)]
        return rows, columns_over(session, COLUMNS), code

    found, columns, code = with_session(around, plan)
    if options.review:
        from kmstui.scripting.review_text import write_review

        for each in found:
            if each.review is not None and each.state is not State.SAME:
                write_review(each.review, around.streams.out)
                around.streams.out.write("\n")
    write_rows([each.row for each in found], columns, options.format, around.streams.out)
    if options.out:
        _write_plan(Path(options.out), found)
    states = {each.state for each in found}
    if State.UNREAD in states or code:
        return COULD_NOT_RUN
    return NO_DRIFT if states == {State.SAME} else DRIFT


def _write_plan(path: Path, found: Sequence[Planned]) -> None:
    puts = [
        PlannedPut(
            each.review.edit.target.key.arn,
            each.name,
            each.file,
            each.review.assessment.base,
            digest(each.review.assessment.base),
            each.review.assessment.text,
        )
        for each in found
        if each.review is not None and each.state in (State.CHANGES, State.NEEDS)
    ]
    whole = {"kmstui_policy_plan": _VERSION, "puts": [asdict(each) for each in puts]}
    try:
        if not path.exists():
            path.touch(0o600)
        rewrite(path, json.dumps(whole, indent=2) + "\n")
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {reason(error)}.") from error


PLAN = Command(
    "What it would do to put each policy of a folder to the key that its file is named after:"
    " workshop/role-only.json is the policy of alias/workshop/role-only. Nothing is sent.",
    _plan_options,
    _plan,
    examples=(
        ("policy plan policies/", "exit 3 where a key has another policy"),
        ("policy plan policies/ --out plan.json --review", "for a pull request"),
    ),
    exits={
        0: "every key has the policy of its file",
        2: "a file or a key's policy could not be read",
        3: "drift: some keys have another policy than their files",
    },
)


# Applying


def _apply_options(parser: Parser) -> None:
    from kmstui.scripting.key_edits import add_allowing_options

    parser.add_argument("plan", metavar="PLAN", help="what `policy plan --out` wrote")
    add_format_option(parser)
    add_allowing_options(parser)
    add_connection_options(parser)


def _read_plan(name: str, around: Surroundings) -> list[PlannedPut]:
    try:
        value = json.loads(read_text(name, around.streams.stdin, most=MOST_BYTES_OF_PLAN))
    except (ValueError, RecursionError) as error:
        raise CommandError(f"{name} is not valid JSON: {error}.") from error
    if not isinstance(value, dict) or value.get("kmstui_policy_plan") != _VERSION:
        raise CommandError(f"{name} is not a plan that `kmstui policy plan --out` wrote.")
    return [PlannedPut.read(each) for each in value.get("puts", ())]


MOST_BYTES_OF_PLAN = 1 << 28
"""4,000 keys with two policies of 32 KB each."""


def _apply(options: argparse.Namespace, around: Surroundings) -> int:
    puts = _read_plan(options.plan, around)

    async def apply(session: Session) -> tuple[list[Planned], Sequence[Column]]:
        from kmstui.scripting.key_edits import KeyEdits

        tell_unread(session, around, "policy apply")
        edits = KeyEdits(session, around, uuid.uuid4().hex)
        found = []
        for each in puts:
            ended = await _applied(edits, each, options, around)
            found.append(ended)
            if ended.detail and ended.state is not State.STORED:
                complain(f"{ended.name}: {ended.detail}", around.streams.err, "kmstui policy apply")
        return found, columns_over(session, COLUMNS)

    found, columns = with_session(around, apply)
    write_rows([each.row for each in found], columns, options.format, around.streams.out)
    states = {each.state for each in found}
    for state, code in _CODES.items():
        if state in states:
            return code
    return NO_DRIFT


_CODES = {
    State.UNSURE: End.UNSURE.value,
    State.UNREAD: COULD_NOT_RUN,
    State.CHANGED: DRIFT,
    State.NOT_PUT: NOT_ALL,
}
"""Exit codes by what became of a key, the worst first: of one that is unsure alone something was
sent, so nothing else may hide that."""


async def _applied(
    edits: KeyEdits, wanted_put: PlannedPut, options: argparse.Namespace, around: Surroundings
) -> Planned:
    """Put one policy of a plan, unless what is stored is not what the plan says."""
    name, file = wanted_put.name, wanted_put.file
    try:
        edit = await edits.open(wanted_put.key)
        review = await edit.review(wanted_put.policy)
        ended = await _ended(edit, review, wanted_put, options, around)
    except (CommandError, FailedError) as error:
        return Planned(name, file, State.UNREAD, str(error))
    return Planned(name, file, State[ended.end.name], ended.sentence, review)


async def _ended(
    edit: KeyEdit,
    review: Review,
    wanted_put: PlannedPut,
    options: argparse.Namespace,
    around: Surroundings,
) -> Put:
    if review.assessment.unchanged:
        return Put(End.STORED, "It is stored already; nothing was sent.")
    if not same_meaning(edit.editing.base, wanted_put.base):
        return Put(End.CHANGED, changed_sentence(edit))
    why = wanted(review, options, around.streams)
    if why:
        return Put(End.NOT_PUT, why)
    return await put(edit, wanted_put.policy, around.streams)


APPLY = Command(
    "Put the policies of a plan, key by key. A key whose policy somebody has changed since the plan"
    " was made is left alone, and so is one that has the planned policy already: what was"
    " interrupted is applied again.",
    _apply_options,
    _apply,
    examples=(
        ("policy apply plan.json", "asks for each key"),
        ("policy apply plan.json --yes", "in a pipeline"),
    ),
    exits={
        0: "every policy of the plan is stored; else the first that is so of 4, 2, 3, 1",
        1: "some were not put: not allowed, not wanted, or refused by KMS",
        2: "the plan or a key could not be read",
        3: "some were not put: somebody else has changed the stored policy since",
        4: "some were sent, and not read back as they were put",
    },
)
