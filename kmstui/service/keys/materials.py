"""Key material of one's own: fetched for, wrapped, imported, deleted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from kmstui.model import (
    ImportParameters,
    Key,
    KeyMaterial,
    KeyMetadata,
    MaterialImport,
    Rotation,
    bare_name,
)
from kmstui.service.changes import Change, Check, Shown, ours_if
from kmstui.service.errors import FailedError
from kmstui.service.keys.allowed import pending_deletion
from kmstui.service.keys.import_files import keep_parameters, read_material, read_parameters
from kmstui.service.keys.key_changes import KeyChanges, OutcomeText
from kmstui.service.keys.wrapping import Wrapping, algorithms_for, material_problem, wrap
from kmstui.service.ports import Gateway

IMPORT, DELETE = "kms:ImportKeyMaterial", "kms:DeleteImportedKeyMaterial"
NEW, EXISTING = "NEW_KEY_MATERIAL", "EXISTING_KEY_MATERIAL"
MOST_DAYS = 365
"""Until imported material expires. Source: KMS API Reference, ImportKeyMaterial: ValidTo."""
DESCRIPTION_CHARACTERS = 256
_DESCRIPTION_EXTRA = frozenset(":/_.- \t")
"""Beside letters and digits. Source: KMS API Reference, KeyMaterialDescription."""


@dataclass(frozen=True, slots=True)
class ImportWish:
    """What a person wants of an import besides its material."""

    valid_to: datetime | None = None
    type: str = ""
    """NEW or EXISTING, of a symmetric encryption key; else empty."""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """What is read of a key around an import."""

    metadata: KeyMetadata
    rotation: Rotation | None
    """None where the key's kind has no list of materials."""

    @property
    def materials(self) -> tuple[KeyMaterial, ...] | None:
        """All materials; None where they are not listed, or may not be."""
        known = self.rotation
        return None if known is None or known.materials_problem else known.materials


def import_off(key: Key) -> str:
    """Why nothing can be imported into a key, as a sentence; "" where it may.

    Source: KMS Developer Guide, "Importing key material" and "Key states of AWS KMS keys".
    """
    metadata = key.metadata
    if key.fixed:
        return f"This key {key.fixed}: nobody else can change it."
    if metadata is None:
        return key.problem or "The key has not been described yet."
    if metadata.origin and metadata.origin != "EXTERNAL":
        return f"Its origin is {metadata.origin}: only a key made with EXTERNAL takes material."
    if pending_deletion(metadata):
        return "The key is pending deletion: cancel the deletion first."
    if not algorithms_for(metadata.spec):
        return f"KMS imports no key material of {metadata.spec}."
    return ""


def delete_off(key: Key) -> str:
    """Why no imported material can be deleted, as a sentence; "" where it may."""
    if reason := import_off(key):
        return reason
    metadata = key.metadata
    if metadata and metadata.state == "PendingImport" and metadata.spec != "SYMMETRIC_DEFAULT":
        # A symmetric key waits as soon as one of its materials is not there.
        return "The key has no key material at the moment."
    return ""


def expiry_problem(valid_to: datetime | None, now: datetime) -> str:
    """Why KMS would refuse the date on which material expires; "" where it would not."""
    if valid_to is None or now < valid_to <= now + timedelta(days=MOST_DAYS):
        return ""
    return f"Material expires in the future, at most {MOST_DAYS} days from now."


def material_description_problem(description: str) -> str:
    """Why KMS would refuse the description of material, as a sentence; "" where it would not."""
    if len(description) > DESCRIPTION_CHARACTERS:
        return f"The description can have {DESCRIPTION_CHARACTERS} characters."
    for character in description:
        if not (character.isascii() and character.isalnum()) and (
            character not in _DESCRIPTION_EXTRA
        ):
            return f"It cannot contain {character!r}: letters, digits, blanks and : / _ . - only."
    return ""


class Materials(KeyChanges):
    """Imports and deletions, journaled without any material, and read back.

    Each raises FailedError for what is refused before anything is sent, and ServiceError where KMS
    refused it or nobody knows whether it happened. Plain material is in memory between its reading
    and its wrapping, and nowhere else.
    """

    async def fetch(self, key_id: str, wrapping: Wrapping, folder: Path) -> ImportParameters:
        """Fetch wrapping key and import token, and keep them in a folder."""
        parameters = await self._parameters(key_id, wrapping)
        await asyncio.to_thread(keep_parameters, folder, key_id, wrapping, parameters)
        return parameters

    async def import_plain(
        self, key_id: str, file: Path, wrapping: Wrapping, wish: ImportWish
    ) -> str:
        """Import the plain material of a file, wrapped here."""
        gateway = self._session.of(key_id).gateway
        spec = (await gateway.describe(key_id))[1].spec
        await asyncio.to_thread(self._check, key_id, file, spec)
        parameters = await self._parameters(key_id, wrapping)

        def wrapped() -> bytes:
            return wrap(wrapping, parameters.public_key, read_material(file))

        try:
            content = await asyncio.to_thread(wrapped)
        except ValueError as error:
            problem = f"the material cannot be wrapped: {error}"
            raise self._refusal(IMPORT, key_id, problem) from None
        return await self._import(key_id, parameters.token, content, wish)

    async def import_wrapped(self, key_id: str, file: Path, folder: Path, wish: ImportWish) -> str:
        """Import the wrapped material of a file, with the token that was kept in a folder."""
        fetched = await asyncio.to_thread(read_parameters, folder)
        now = self._session.clock()
        # The folder may have been filled with one connection open, and be used with several.
        if bare_name(fetched.key_id) != bare_name(key_id):
            raise self._refusal(IMPORT, key_id, f"{folder} has the token of {fetched.key_id}")
        if fetched.valid_to is not None and fetched.valid_to <= now:
            until = f"{fetched.valid_to:%Y-%m-%d %H:%M} UTC"
            raise self._refusal(IMPORT, key_id, f"the token of {folder} was good until {until}")
        return await self._import(
            key_id, fetched.token, await asyncio.to_thread(read_material, file), wish
        )

    async def delete(self, key_id: str, material_id: str = "") -> str:
        """Delete imported material: the current one where none is named."""
        gateway = self._session.of(key_id).gateway
        before = await read_held(gateway, key_id)
        named = material_id or _current(before)

        def shows(now: Held) -> bool:
            if now.materials is None or not named:
                return now.metadata.state == "PendingImport"
            held = [each.id for each in now.materials if each.import_state == "IMPORTED"]
            return named not in held

        def done(now: Held) -> str:
            waits = now.metadata.state == "PendingImport"
            more = (
                " Nothing can be encrypted or decrypted with it until the same material is imported"
                " again."
                if waits
                else ""
            )
            return f"Key material was deleted. {self._name(key_id)} is {now.metadata.state}.{more}"

        change = self._described(
            DELETE,
            key_id,
            before,
            {"material": material_id or "current"},
            partial(gateway.delete_material, key_id, material_id),
            lambda now: ours_if(shows(now)),
        )
        return await self._run(change, OutcomeText(done, partial(self._keep, key_id)))

    async def _import(self, key_id: str, token: bytes, wrapped: bytes, wish: ImportWish) -> str:
        gateway = self._session.of(key_id).gateway
        before = await read_held(gateway, key_id)
        named: list[str] = []

        async def send() -> str:
            named.append(
                await gateway.import_material(
                    key_id,
                    MaterialImport(
                        token, wrapped, wish.valid_to, wish.type, wish.description or None
                    ),
                )
            )
            return f"KeyMaterialId {named[0]}" if named[0] else ""

        def shows(now: Held) -> Shown:
            return ours_if(_is_imported(before, now, named[0] if named else "", wish))

        after = {
            "type": wish.type,
            "valid_to": wish.valid_to.isoformat() if wish.valid_to else None,
            "description": wish.description,
        }
        change = self._described(IMPORT, key_id, before, after, send, shows)

        def done(now: Held) -> str:
            return self._told(key_id, now, named[0] if named else "", wish)

        return await self._run(change, OutcomeText(done, partial(self._keep, key_id)))

    def _told(self, key_id: str, now: Held, material_id: str, wish: ImportWish) -> str:
        words = [f"Key material was imported. {self._name(key_id)} is {now.metadata.state}."]
        listed = now.materials or ()
        missing = [each for each in listed if each.import_state == "PENDING_IMPORT"]
        if now.metadata.state == "PendingImport" and missing:
            words.append(f"It waits for {len(missing)} more of its materials: Details lists them.")
        state = next((each.state for each in listed if each.id == material_id), "")
        if state == "PENDING_ROTATION":
            words.append("This material waits for rotation: x, n rotates to it.")
        elif state.startswith("PENDING"):
            words.append(
                "Import the same material into each replica key, and then rotate the primary key."
            )
        if wish.valid_to is not None:
            words.append(f"KMS deletes it on {wish.valid_to:%Y-%m-%d %H:%M} UTC.")
        return " ".join(words)

    def _described(
        self,
        operation: str,
        key_id: str,
        before: Held,
        after: Mapping[str, object],
        send: Callable[[], Awaitable[str | None]],
        judge: Callable[[Held], Shown],
    ) -> Change[Held]:
        gateway = self._session.of(key_id).gateway
        return Change(
            operation,
            key_id,
            {"state": before.metadata.state},
            after,
            send,
            Check(partial(read_held, gateway, key_id), judge),
            lambda now: _facts(now) == _facts(before),
            settled_later=False,
        )

    def _keep(self, key_id: str, now: Held) -> None:
        key = self._store.keys.get(key_id)
        if key is not None:
            self._store.put_key(replace(key, metadata=now.metadata, problem=""))

    async def _parameters(self, key_id: str, wrapping: Wrapping) -> ImportParameters:
        return await self._session.of(key_id).gateway.import_parameters(
            key_id, wrapping.algorithm, wrapping.key_spec
        )

    def _check(self, key_id: str, file: Path, spec: str) -> None:
        info = self._session.of(key_id).info
        problem = material_problem(spec, read_material(file), info.partition if info else "aws")
        if problem:
            raise self._refusal(IMPORT, key_id, problem)


async def read_held(gateway: Gateway, key_id: str) -> Held:
    """The key and its materials as they are now.

    Raises:
        ServiceError: the key may not be described.
    """
    metadata = (await gateway.describe(key_id))[1]
    if metadata.spec != "SYMMETRIC_DEFAULT":
        return Held(metadata, None)
    try:
        return Held(metadata, await gateway.rotation(key_id))
    except FailedError:
        # Whoever may not read it may import all the same.
        return Held(metadata, None)


def _current(held: Held) -> str:
    return next((each.id for each in held.materials or () if each.state == "CURRENT"), "")


def _facts(held: Held) -> object:
    metadata = held.metadata
    return metadata.state, metadata.valid_to, metadata.expiration_model, held.materials


def _is_imported(before: Held, now: Held, material_id: str, wish: ImportWish) -> bool:
    """Whether a key shows an import: by the material's ID, or by what no other change makes."""
    if now.materials is not None and (material_id or before.materials is not None):
        known = before.materials or ()
        return any(
            (each.id == material_id if material_id else each not in known)
            and each.import_state == "IMPORTED"
            and _is_same(each.valid_to, wish.valid_to)
            for each in now.materials
        )
    if before.metadata.state == "PendingImport":
        return now.metadata.state != "PendingImport"
    # Nothing else would tell, of material that was there before.
    return now.metadata.state == "Enabled" and _is_same(now.metadata.valid_to, wish.valid_to)


def _is_same(one: datetime | None, other: datetime | None) -> bool:
    """Whether two moments are the same second: KMS need not keep more."""
    if one is None or other is None:
        return one is other
    return abs(one - other) < timedelta(seconds=1)


def parse_expiry(text: str) -> datetime | None:
    """The moment in UTC that a person typed, as `2027-03-01` or `2027-03-01 12:30`; None for none.

    Raises:
        ValueError: it is no such date.
    """
    return datetime.fromisoformat(text.strip()).replace(tzinfo=UTC) if text.strip() else None
