"""Changes of keys and what belongs to them that an earlier program did not see the end of."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from kmstui.service.changes import (
    FOR_A_KEY,
    Check,
    Checks,
    SettledChange,
    Shown,
    Sleep,
    examine_changes,
    pending_changes,
    settle_changes,
)
from kmstui.service.keys.aliases import ALIAS_OPERATIONS, alias_check
from kmstui.service.keys.custom_key_stores import STORE_OPERATIONS, store_check
from kmstui.service.keys.grants import (
    CREATE_GRANT,
    REVOKE_GRANT,
    creation_check,
    revocation_check,
)
from kmstui.service.keys.key_runs import LifeCycleKind
from kmstui.service.keys.lifecycle import (
    KEY_OPERATIONS,
    ROTATION_OPERATIONS,
    key_check,
    rotation_check,
)
from kmstui.service.ports import ChangeRecord, Gateway
from kmstui.service.session import Session


def checks_of_keys(gateway: Gateway) -> Checks[Any]:
    """By operation, how to see what became of a change.

    Those of _UNSEEN are left out.
    """

    def key(record: ChangeRecord) -> Check[Any]:
        before, after = json.loads(record.before), json.loads(record.after)
        return key_check(gateway, record.operation, record.subject, before, after)

    def rotation(record: ChangeRecord) -> Check[Any]:
        before, after = json.loads(record.before), json.loads(record.after)
        return rotation_check(gateway, record.subject, before, after)

    def alias(record: ChangeRecord) -> Check[Any]:
        before, after = json.loads(record.before), json.loads(record.after)
        return alias_check(gateway, record.subject, before, after)

    def grant(record: ChangeRecord) -> Check[Any]:
        return revocation_check(gateway, record.subject, json.loads(record.before)["grant"])

    def new_grant(record: ChangeRecord) -> Check[Any]:
        before, after = json.loads(record.before), json.loads(record.after)
        return creation_check(gateway, record.subject, before["known"], after)

    def store(record: ChangeRecord) -> Check[Any]:
        return store_check(gateway, record.operation, record.subject)

    return {
        **dict.fromkeys(KEY_OPERATIONS, key),
        **dict.fromkeys(ROTATION_OPERATIONS, rotation),
        **dict.fromkeys(ALIAS_OPERATIONS, alias),
        **dict.fromkeys(STORE_OPERATIONS, store),
        CREATE_GRANT: new_grant,
        REVOKE_GRANT: grant,
    }


_UNSEEN = {
    "kms:CreateKey": "whether the key was created is not known, because KMS's answer alone names"
    " it. Look for a key created at {:%H:%M} UTC (Details tells when) before you repeat it.",
    "kms:ImportKeyMaterial": "whether the material was imported is not known. Details tells which"
    " materials the key has, and until when; importing the same once more does no harm.",
    "kms:DeleteImportedKeyMaterial": "whether the material was deleted is not known. Details tells"
    " which materials the key has.",
    "kms:RotateKeyOnDemand": "whether it was done is not known. The rotations in Details tell: look"
    " for one at {:%H:%M} UTC before you repeat it.",
}
"""Operations of which no read shows for certain that a change happened, and what to do."""


async def settle_key_changes(session: Session, sleep: Sleep = asyncio.sleep) -> tuple[str, ...]:
    """Find out what became of each unfinished change, and write it down; a sentence for each.

    Raises:
        JournalError: the journal cannot be read or written.
    """
    scope, checks = session.change_scope(), checks_of_keys(session.gateway)
    records = [
        each
        for each in await pending_changes(scope, checks)
        # Those of a run over many keys are asked about together.
        if not (each.batch and each.operation in LifeCycleKind.operations)
    ]
    found = await examine_changes(scope, checks, records, FOR_A_KEY, sleep)
    await settle_changes(scope, found)
    told = [_sentence(session, each) for each in found]
    for record in await pending_changes(scope, _UNSEEN):
        # Told once: no later start can know more.
        await scope.journal.end(record.id, "unknown", "its end was not seen")
        told.append(f"{_head(session, record)} {_UNSEEN[record.operation].format(record.time)}")
    return tuple(told)


def _sentence(session: Session, found: SettledChange[Any]) -> str:
    record = found.record
    words = {
        Shown.OURS: "it was done.",
        Shown.OLD: "it most likely was not done; it may still show up within 5 minutes."
        if found.recent
        else "it was not done.",
        Shown.OTHER: "whether it was done is not known, because neither what was there before nor"
        " what was asked for is there now: somebody else has changed it since.",
    }.get(
        found.read.shown,
        f"whether it was done is not known, because it cannot be read now. {found.read.problem}",
    )
    ends = " It is not looked at again." if found.outcome and found.read.problem else ""
    return f"{_head(session, record)} {words}{ends}"


def _head(session: Session, record: ChangeRecord) -> str:
    return (
        f"kmstui ended while it sent {record.operation} for {session.store.name_of(record.subject)}"
        f" ({record.time:%Y-%m-%d %H:%M} UTC):"
    )
