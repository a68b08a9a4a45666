"""What must hold whatever happened, seen from outside: by KMS, and by the journals' files."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kmstui.journal import open_journal
from kmstui.service.changes import STATEMENTS
from kmstui.service.editing.location import policy_of
from kmstui.service.ports import ChangeRecord, Scope
from tests.chaos.people import Typed
from tests.control import CarriedOut, ControlledKms, LoggedRequest
from tests.embedded import client

INSTANT_SECONDS = 5.0
"""Between the last read and the put of a program: what another puts in that instant is
overwritten (README, "Nobody is overwritten unseen"). Latency and throttling are drawn too."""


CLOCK_SECONDS = 0.2
"""By which the times of a journal and of KMS may be apart: each notes one's own."""


@dataclass
class Findings:
    """What was looked at, and what does not hold."""

    troubles: list[str] = field(default_factory=list)
    figures: dict[str, int] = field(default_factory=dict)

    def count(self, name: str, number: int = 1) -> None:
        """One more of something looked at."""
        self.figures[name] = self.figures.get(name, 0) + number


@dataclass(frozen=True)
class Kept:
    """What a journal holds."""

    home: Path
    texts: str
    """All texts of policies, one after the other."""
    changes: tuple[ChangeRecord, ...]
    told: str = ""
    """What a last start has told."""


def journal_of(home: Path, kms: ControlledKms, key_ids: Iterable[str], told: str = "") -> Kept:
    """Read a journal while nobody uses it."""

    async def read() -> Kept:
        journal = open_journal(home / "state")
        try:
            scope = Scope(kms.account, kms.region)
            texts = [each.text for each in await journal.drafts(scope)]
            for subject in (*key_ids, STATEMENTS):
                texts.extend(each.text for each in await journal.versions(scope, subject))
            changes = await journal.changes(limit=1_000_000)
        finally:
            journal.close()
        return Kept(home, "\n".join(texts), changes, told)

    return asyncio.run(read())


def judge(
    kms: ControlledKms, journals: Sequence[Kept], typed: Sequence[Typed], aliases: Sequence[str]
) -> Findings:
    """Everything that must hold once all programs have ended."""
    found = Findings()
    carried = kms.control.carried_out()
    _texts_are_kept(found, carried, journals, typed)
    requests = kms.control.requests()
    for kept in journals:
        for record in kept.changes:
            _record_is_true(found, record, carried, requests)
        found.troubles += [
            f"nobody was told of {each.operation} {each.subject} from {each.time}, which has no"
            f" end; told was\n{kept.told}"
            for each in untold(kept.changes, kept.told)
        ]
    _stored_is_what_was_asked(found, kms, carried, aliases)
    _nobody_is_overwritten_unseen(found, carried)
    for home in {kept.home for kept in journals}:
        log = home / "state" / "faults.log"
        if log.exists():
            found.troubles.append(f"{log}:\n{log.read_text('utf-8')}")
        for beside in (home / "state").glob("*corrupt*"):
            found.troubles.append(f"a journal was found damaged: {beside}")
    return found


def _texts_are_kept(
    found: Findings, carried: Sequence[CarriedOut], journals: Sequence[Kept], typed: Sequence[Typed]
) -> None:
    """Each word typed, once it was said to be kept, is in the journal or was stored."""
    stored = "\n".join(
        str(each.parameters["Policy"]) for each in carried if each.operation == "PutKeyPolicy"
    )
    texts = {kept.home: kept.texts for kept in journals}
    for each in typed:
        found.count("words typed")
        if each.word not in texts[each.home] and each.word not in stored:
            found.troubles.append(f"{each.word}, typed into {each.alias}, is lost")


_OF_A_KEY = ("EnableKey", "DisableKey", "EnableKeyRotation", "DisableKeyRotation")


def _calls_for(record: ChangeRecord, carried: Iterable[CarriedOut]) -> list[CarriedOut] | None:
    """The calls that the record may be about; None for a kind that nobody here makes."""
    operation = record.operation.partition(":")[2]
    same = [each for each in carried if each.operation == operation]
    if operation == "PutKeyPolicy":
        text = policy_of(record.after)
        return [each for each in same if each.parameters["Policy"] == text]
    after: dict[str, Any] = json.loads(record.after)
    if operation == "TagResource":
        wanted = {name: value for name, value in after.items() if value is not None}
        return [
            each
            for each in same
            if each.key == record.subject
            and wanted == {tag["TagKey"]: tag["TagValue"] for tag in each.parameters["Tags"]}
        ]
    if operation in ("CreateAlias", "DeleteAlias"):
        return [each for each in same if each.parameters["AliasName"] == record.subject]
    if operation in _OF_A_KEY:
        return [each for each in same if each.key == record.subject.rpartition("/")[2]]
    return None


def _record_is_true(
    found: Findings,
    record: ChangeRecord,
    carried: Sequence[CarriedOut],
    requests: Sequence[LoggedRequest],
) -> None:
    """What the journal says of a change is what KMS did."""
    calls = _calls_for(record, carried)
    if calls is None:
        return
    # The same may have been sent before, or by somebody else since.
    began = record.time.timestamp() - CLOCK_SECONDS
    ended = record.ended.timestamp() + CLOCK_SECONDS if record.ended else math.inf
    calls = [each for each in calls if began <= each.time <= ended]
    found.count(f"journal: {record.operation.partition(':')[2]} {record.outcome}")
    # Of a tag's new name and the old one's removal, one may have been done alone.
    in_part = record.operation == "kms:TagResource" and None in json.loads(record.after).values()
    lies = {
        "done": not calls,
        "failed": bool(calls) and not in_part,
        "cancelled": bool(calls) and not in_part,
    }
    if lies.get(record.outcome):
        found.troubles.append(
            f"the journal says {record.outcome} of {record.operation} {record.subject}"
            f" from {record.time} to {record.ended}: {record.detail!r}; KMS carried out"
            f" {[each.time - began for each in calls]}, and was asked {_asked(record, requests)}"
        )


def untold(changes: Iterable[ChangeRecord], told: str) -> list[ChangeRecord]:
    """The changes without an end of which nobody has said that."""
    return [each for each in changes if each.outcome == "pending" and not _is_told(each, told)]


def _is_told(record: ChangeRecord, told: str) -> bool:
    what = {"kms:PutKeyPolicy": "saved the policy of"}.get(
        record.operation, f"sent {record.operation} for"
    )
    when = f"({record.time:%Y-%m-%d %H:%M} UTC)"
    return any(
        f"kmstui ended while it {what} " in line and record.subject in line and when in line
        for line in told.split("\n")
    )


def _asked(record: ChangeRecord, requests: Iterable[LoggedRequest]) -> list[str]:
    """The requests about its subject around a change, each with its second and its end."""
    began = record.time.timestamp()
    return [
        f"{each.time - began:+.2f} {each.operation} {each.status} {each.error} {_run(each)}"
        for each in requests
        if each.key.rpartition("/")[2] == record.subject.rpartition("/")[2]
        and -5 < each.time - began < 60
    ]


def _stored_is_what_was_asked(
    found: Findings, kms: ControlledKms, carried: Sequence[CarriedOut], aliases: Sequence[str]
) -> None:
    """Policies, tags and aliases as boto3 reads them are those of the last calls, and no others."""
    kms_client = client(kms, "kms", "root")
    for alias in aliases:
        held = kms.control.key(f"alias/{alias}")
        key_id = str(held.metadata["KeyId"])
        policy = kms_client.get_key_policy(KeyId=key_id, PolicyName="default")["Policy"]
        puts = [each for each in carried if each.operation == "PutKeyPolicy" and each.key == key_id]
        found.count("policies read")
        if puts and json.loads(policy) != json.loads(str(puts[-1].parameters["Policy"])):
            found.troubles.append(f"{alias} holds another policy than was put last")
        tags = {
            tag["TagKey"]: tag["TagValue"]
            for tag in kms_client.list_resource_tags(KeyId=key_id)["Tags"]
        }
        sent = _tags_sent(each for each in carried if each.key == key_id)
        found.count("tags read", len(sent))
        if {name: tags.get(name) for name in sent} != sent:
            found.troubles.append(f"{alias} has the tags {tags}, sent were {sent}")
        names = {each["AliasName"] for each in kms_client.list_aliases(KeyId=key_id)["Aliases"]}
        deleted = {
            str(each.parameters["AliasName"]) for each in carried if each.operation == "DeleteAlias"
        }
        created = {
            str(each.parameters["AliasName"])
            for each in carried
            if each.operation == "CreateAlias"
            and str(each.parameters["TargetKeyId"]).rpartition("/")[2] == key_id
        } - deleted
        found.count("aliases read", len(created))
        if not created <= names:
            found.troubles.append(f"{alias} lacks the aliases {created - names}")


def _tags_sent(calls: Iterable[CarriedOut]) -> dict[str, str | None]:
    tags: dict[str, str | None] = {}
    for call in calls:
        if call.operation == "TagResource":
            tags |= {tag["TagKey"]: tag["TagValue"] for tag in call.parameters["Tags"]}
        elif call.operation == "UntagResource":
            tags |= dict.fromkeys(call.parameters["TagKeys"])
    return tags


def _nobody_is_overwritten_unseen(found: Findings, carried: Sequence[CarriedOut]) -> None:
    """Between another program's put and one's own, one has read the policy."""
    for key_id in {each.key for each in carried}:
        calls = [each for each in carried if each.key == key_id]
        for put, before, last_read in _puts_after_others(calls):
            found.count("puts after another program's")
            if last_read is not None and last_read > calls.index(before):
                continue
            read = calls[last_read].time if last_read is not None else 0.0
            if put.time - read <= INSTANT_SECONDS:
                found.count("puts in another's instant")
                continue
            found.troubles.append(
                f"{_run(put)} overwrote what {_run(before)} put into {key_id}, and read it last"
                f" {put.time - read:.1f} s before"
            )


def _puts_after_others(
    calls: Sequence[CarriedOut],
) -> Iterator[tuple[CarriedOut, CarriedOut, int | None]]:
    """Each put after another run's: it, the other's, and the place of one's own last read."""
    reads: dict[str, int] = {}
    previous: CarriedOut | None = None
    for place, call in enumerate(calls):
        if call.operation == "GetKeyPolicy":
            reads[_run(call)] = place
        elif call.operation == "PutKeyPolicy":
            if previous is not None and _run(previous) != _run(call):
                yield call, previous, reads.get(_run(call))
            previous = call


def _run(call: CarriedOut | LoggedRequest) -> str:
    """The run of a program, which its user agent names (`Person.start`)."""
    return call.user_agent.rpartition("exec-env/")[2].split(" ")[0]
