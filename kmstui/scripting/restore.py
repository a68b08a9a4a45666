"""`kmstui restore`: keys brought back as a backup has them."""

from __future__ import annotations

import argparse
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from kmstui.model import Key, KeyMetadata, visible
from kmstui.scripting.backup_folder import ONE_PLACE, BackupFolder
from kmstui.scripting.command import CommandError, Progress, complain
from kmstui.scripting.definition import Command
from kmstui.scripting.key_edits import KeyEdits, Review, add_allowing_options
from kmstui.scripting.parser import Parser, add_connection_options
from kmstui.scripting.putting import End, called_off, is_interactive, put, with_session
from kmstui.scripting.restore_text import (
    COLUMNS,
    PlannedKey,
    State,
    row_of,
    write_plan,
)
from kmstui.scripting.table import add_format_option, write_rows
from kmstui.service.backups import (
    EMPTY_POLICY,
    KeyRecord,
    Kind,
    Match,
    Restorer,
    Step,
    StepEnd,
    StepOutcome,
    creation_notes,
    creation_policy,
    names_in,
)
from kmstui.service.errors import UNCERTAIN, FailedError

if TYPE_CHECKING:
    from kmstui.scripting.surroundings import Surroundings
    from kmstui.service.session import Session

DONE, NOT_ALL, WOULD_CHANGE, UNSURE = 0, 1, 3, 4
"""Exit codes, besides `COULD_NOT_RUN`."""

_ACCOUNT_DIGITS = 12


def _options(parser: Parser) -> None:
    add = parser.add_argument
    add("dir", metavar="DIR", help="what `kmstui backup` wrote")
    add("keys", metavar="KEY", nargs="*", help="IDs, ARNs or aliases in it; default: all")
    add("--dry-run", action="store_true", help="show what would be done; send nothing")
    add(
        "--map-account",
        metavar="OLD=NEW",
        action="append",
        default=[],
        help="write account NEW where policies and grants name OLD; may be given again",
    )
    add("--prune", action="store_true", help="take away tags, aliases, grants that came later")
    add("--review", action="store_true", help="show the whole review of each policy, too")
    add_format_option(parser)
    add_allowing_options(parser)
    add_connection_options(parser)


def _accounts(pairs: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in pairs:
        old, _, new = pair.partition("=")
        if not all(each.isdecimal() and len(each) == _ACCOUNT_DIGITS for each in (old, new)):
            raise CommandError(f"--map-account takes OLD=NEW, two IDs of accounts, not {pair}.")
        if found.setdefault(old, new) != new:
            raise CommandError(f"--map-account: {old} cannot become both {found[old]} and {new}.")
    return found


def _run(options: argparse.Namespace, around: Surroundings) -> int:
    accounts = _accounts(options.map_account)
    folder = BackupFolder(Path(options.dir))
    records, unreadable = folder.records(options.keys)
    for name, why in unreadable:
        complain(f"{name}: {why}", around.streams.err, "kmstui restore")
    if not records:
        raise CommandError(f"There is no key in {options.dir}.")

    async def restore(session: Session) -> int:
        if len(session.each) > 1:
            raise CommandError(ONE_PLACE)
        run = _Restoring(session, options, around, Restorer(session, accounts))
        planned = await run.plan(records)
        run.show(planned)
        if not options.dry_run:
            planned = await run.carry_out(planned)
        write = options.dry_run and options.format == "table"
        if not write:
            rows = [row_of(each) for each in planned]
            # Whole sentences stand in the plan.
            columns = COLUMNS[:-1] if options.format == "table" else COLUMNS
            write_rows(rows, columns, options.format, around.streams.out)
        return _code(planned, whole=not unreadable, dry_run=options.dry_run)

    return with_session(around, restore)


def _code(planned: Sequence[PlannedKey], *, whole: bool, dry_run: bool) -> int:
    states = {each.state for each in planned}
    if State.UNSURE in states:
        return UNSURE
    if not whole or states & {State.CANNOT, State.NEEDS, State.NOT_RESTORED}:
        return NOT_ALL
    if dry_run and states & {State.CREATE, State.CHANGES}:
        return WOULD_CHANGE
    return DONE


@dataclass(slots=True)
class _Restoring:
    """One run: planned, shown, asked for, carried out."""

    session: Session
    options: argparse.Namespace
    around: Surroundings
    restorer: Restorer
    edits: KeyEdits = field(init=False)

    def __post_init__(self) -> None:
        self.edits = KeyEdits(self.session, self.around, uuid.uuid4().hex)

    # What would be done

    async def plan(self, records: Sequence[KeyRecord]) -> list[PlannedKey]:
        matches = await self.restorer.match(records)
        progress = Progress(self.around.streams.err)
        planned = []
        for number, match in enumerate(matches, 1):
            planned.append(await self._planned(match))
            progress.show(number, len(matches), "keys looked at")
        progress.end()
        return planned

    async def _planned(self, match: Match) -> PlannedKey:
        record = match.record
        if record.manager == "AWS":
            return PlannedKey(match, State.SAME, detail="AWS makes and manages it.")
        if match.problem:
            return PlannedKey(match, State.CANNOT, detail=match.problem)
        try:
            found = await self.restorer.plan(match, prune=self.options.prune)
            review = await self._review(match, found.steps)
        except (CommandError, FailedError) as error:
            return PlannedKey(match, State.CANNOT, detail=str(error))
        notes = (*self._notes(record), *found.notes)
        if match.key is None:
            notes = (*creation_notes(record), *notes)
        state = State.CREATE if match.key is None else State.CHANGES
        if match.key is not None and not found.steps:
            state = State.SAME
        detail = ""
        missing = review.missing(self.options) if review is not None else ()
        if missing:
            state = State.NEEDS
            detail = " ".join(f"{each.sentence} ({each.option} allows it.)" for each in missing)
        return PlannedKey(match, state, found.steps, notes, review, detail)

    async def _review(self, match: Match, steps: Sequence[Step]) -> Review | None:
        """What the policy does that would be put, or created with."""
        key = match.key
        if key is not None:
            text = next((step.text for step in steps if step.kind is Kind.POLICY), None)
            return None if text is None else await (await self.edits.open(key.id)).review(text)
        wanted = self.restorer.renaming.record(match.record)
        text = creation_policy(wanted)
        if text is None:
            return None
        edit = await self.edits.imagined(self._imagined(wanted), EMPTY_POLICY)
        return await edit.review(text)

    def _imagined(self, wanted: KeyRecord) -> Key:
        """A key that is to be created, by the ID that it has in the backup."""
        scope = self.session.change_scope().where
        partition = self.session.info.partition if self.session.info else "aws"
        return Key.of(
            wanted.id,
            f"arn:{partition}:kms:{scope.region}:{scope.account}:key/{wanted.id}",
            KeyMetadata(
                wanted.state,
                wanted.spec,
                wanted.usage,
                wanted.origin,
                wanted.manager,
                wanted.description,
                None,
                wanted.multi_region,
            ),
        )

    def _notes(self, record: KeyRecord) -> tuple[str, ...]:
        """What policies and grants name that is another account's or Region's, in sentences."""
        scope = self.session.change_scope().where
        wanted = self.restorer.renaming.record(record)
        texts = " ".join([wanted.policy, *(each.grantee for each in wanted.grants)])
        accounts, _ = names_in(texts)
        notes = []
        if record.account != scope.account and record.account in accounts:
            notes.append(
                f"It names account {record.account}, from which it was backed up: --map-account"
                f" {record.account}={scope.account} writes this one."
            )
        if record.region != scope.region and record.region in texts:
            notes.append(f"It names {record.region}, and this is {scope.region}: look at that.")
        return tuple(notes)

    def show(self, planned: Sequence[PlannedKey]) -> None:
        """Tell what would be done: for a dry run, or before somebody is asked."""
        streams = self.around.streams
        if self.options.dry_run and self.options.format == "table":
            write_plan(planned, streams.out, whole=self.options.review)
        elif not self.options.dry_run and not self.options.yes:
            write_plan(planned, streams.err, whole=self.options.review)

    # Doing it

    async def carry_out(self, planned: Sequence[PlannedKey]) -> list[PlannedKey]:
        agreed = self._agreed(planned)
        created = [await self._created(each) for each in agreed]
        progress = Progress(self.around.streams.err)
        ended = []
        for number, each in enumerate(created, 1):
            # The put of a policy tells its own steps.
            progress.end()
            ended.append(await self._restored(each) if each.under_way else each)
            progress.show(number, len(created), "keys done")
        progress.end()
        for each in ended:
            if each.detail and each.state not in (State.SAME, State.RESTORED, State.CREATED):
                name = each.match.record.name
                complain(f"{name}: {each.detail}", self.around.streams.err, "kmstui restore")
        return ended

    def _agreed(self, planned: Sequence[PlannedKey]) -> list[PlannedKey]:
        """Ask where somebody can be asked; what is wanted is under way then."""
        options, streams = self.options, self.around.streams
        asked = not options.yes and is_interactive(streams)
        number = sum(each.would_change for each in planned)
        refused = ""
        if number and asked:
            words = f"Restore {number:,} key{'s' * (number != 1)}?"
            refused = called_off(words, "yes", streams)
        elif number and not options.yes:
            refused = "Nobody can be asked here, so nothing was sent; --yes restores."
        found = []
        for each in planned:
            if not each.would_change:
                found.append(each)
                continue
            why = refused
            if not why and each.state is State.NEEDS:
                why = f"{each.detail} Nothing was sent."
                if asked:
                    print(visible(f"{each.match.record.name}: {each.detail}"), file=streams.err)
                    why = called_off("Restore this one?", each.match.record.name, streams)
            if why:
                state = State.NEEDS if each.state is State.NEEDS else State.NOT_RESTORED
                found.append(replace(each, state=state, detail=why))
            else:
                found.append(replace(each, under_way=True, confirmed=asked))
        return found

    async def _created(self, planned: PlannedKey) -> PlannedKey:
        """All keys are created before any is changed: policies may name others of them."""
        match = planned.match
        if not planned.under_way or match.key is not None:
            return planned
        try:
            key = await self.restorer.create(match.record)
        except FailedError as error:
            unsure = isinstance(error, UNCERTAIN)
            state = State.UNSURE if unsure else State.NOT_RESTORED
            words = type(error)(error.reason, "", error.context).sentence
            if unsure:
                words += " Restore again: a key that was created is found then."
            return replace(planned, state=state, detail=words, under_way=False)
        return replace(planned, match=replace(match, key=key), created=True)

    async def _restored(self, planned: PlannedKey) -> PlannedKey:
        key = planned.match.key
        if key is None:
            return planned
        try:
            found = await self.restorer.plan(planned.match, prune=self.options.prune)
        except FailedError as error:
            return replace(planned, state=State.NOT_RESTORED, detail=error.sentence)
        ends: list[StepEnd] = []
        for step in found.steps:
            if step.kind is Kind.POLICY:
                ends.append(await self._put(key, step, planned))
            else:
                ends.append(await self.restorer.run(key.id, step))
        good = State.CREATED if planned.created else State.RESTORED
        bad = [each for each in ends if each.outcome is not StepOutcome.DONE]
        state = good
        if any(each.outcome is StepOutcome.UNSURE for each in bad):
            state = State.UNSURE
        elif bad:
            state = State.NOT_RESTORED
        detail = " ".join(f"{each.step.kind}: {each.sentence}" for each in bad)
        return replace(planned, state=state, detail=detail)

    async def _put(self, key: Key, step: Step, planned: PlannedKey) -> StepEnd:
        """Put the policy of the backup, by what is stored now."""
        try:
            edit = await self.edits.open(key.id)
            review = await edit.review(step.text)
            missing = () if planned.confirmed else review.missing(self.options)
            if missing:
                words = " ".join(f"{each.sentence} ({each.option} allows it.)" for each in missing)
                return StepEnd(step, StepOutcome.FAILED, words)
            ended = await put(edit, step.text, self.around.streams)
        except (CommandError, FailedError) as error:
            return StepEnd(step, StepOutcome.FAILED, str(error))
        return StepEnd(step, _OUTCOMES.get(ended.end, StepOutcome.FAILED), ended.sentence)


_OUTCOMES: Mapping[End, StepOutcome] = {
    End.STORED: StepOutcome.DONE,
    End.UNSURE: StepOutcome.UNSURE,
}

COMMAND = Command(
    "Bring keys back as `kmstui backup` wrote them: policy, description, tags, aliases, grants,"
    " rotation, enabled or not. A key that is not there is created, with other material, so that"
    " what was encrypted with the old one stays so; its ID is another, which policies and grants"
    " then name. What came later stays, unless --prune. A deletion is cancelled, never scheduled."
    " What was interrupted is begun again.",
    _options,
    _run,
    examples=(
        ("restore keys/ --dry-run", "who gains, who loses, what else changes"),
        ("restore keys/ alias/ImportedCMK", "one key; asks first"),
        ("restore keys/ --map-account 418259630147=530184227963 --yes", "in another account"),
    ),
    exits={
        0: "every key is as the backup has it",
        1: "some keys, or parts of them, were not restored: not allowed, not wanted, refused",
        2: "it could not be tried: no such backup, no connection",
        3: "with --dry-run: something would change",
        4: "something was accepted, and not read back as it was asked for",
    },
)
