"""Creating, moving and deleting aliases."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import partial

from kmstui.model import Alias, Key, bare_name, beside
from kmstui.policy.iam import is_known
from kmstui.service.changes import Change, Check, Shown, ours_if
from kmstui.service.errors import FailedError
from kmstui.service.inventory import Store
from kmstui.service.keys.key_changes import KeyChanges, OutcomeText
from kmstui.service.ports import InventoryGateway

PREFIX = "alias/"
ALIAS_OPERATIONS = ("kms:CreateAlias", "kms:UpdateAlias", "kms:DeleteAlias")
NAME_CHARACTERS = 256
"""Length of an alias name with its prefix. Source: KMS API Reference, CreateAlias."""
MOST_ALIASES = 50
"""Aliases of one key. Source: KMS Developer Guide, "Resource quotas"."""

_ALLOWED = re.compile(r"[a-zA-Z0-9/_-]*")


def full_name(name: str) -> str:
    """The name with its `alias/` prefix, which a person may leave out."""
    name = name.strip()
    return name if name.startswith(PREFIX) else PREFIX + name


def alias_problem(name: str) -> str:
    """Why KMS would refuse the alias name, as a sentence; empty when it would not.

    Source: KMS API Reference, CreateAlias: AliasName.
    """
    plain = full_name(name).removeprefix(PREFIX)
    if not plain:
        return "An alias needs a name after alias/."
    if plain.startswith("aws/"):
        return "Names that begin with alias/aws/ are AWS's own."
    if len(PREFIX + plain) > NAME_CHARACTERS:
        return (
            f"The name has {len(PREFIX + plain)} characters with alias/, and an alias can have "
            f"{NAME_CHARACTERS}."
        )
    match = _ALLOWED.match(plain)
    if match is not None and match.end() < len(plain):
        bad = plain[match.end()]
        named = "a space" if bad == " " else repr(bad)
        return f"An alias cannot contain {named}: use letters, digits, / _ and -."
    return ""


def alias_creation_problem(store: Store, name: str, key: Key) -> str:
    """Why the alias cannot be created for the key, as a sentence; empty when it can."""
    if problem := alias_problem(name) or target_problem(store, key):
        return problem
    existing = store.aliases.get(beside(key.id, full_name(name)))
    if existing is None:
        return ""
    if existing.key_id == key.id:
        return f"{existing.bare_name} is already a name of this key."
    return (
        f"{existing.bare_name} exists already and names {store.name_of(existing.key_id)}: "
        "move it to this key instead."
    )


def target_problem(store: Store, key: Key) -> str:
    """Why no alias can be made for the key or moved to it; empty when it can.

    Source: KMS Developer Guide, "Key states of AWS KMS keys": CreateAlias and UpdateAlias.
    """
    if key.fixed:
        return f"This key {key.fixed}: nobody else can change its aliases."
    if key.metadata is not None and key.metadata.state in (
        "PendingDeletion",
        "PendingReplicaDeletion",
    ):
        return "The key is pending deletion: KMS refuses new aliases until that is cancelled."
    if len(store.aliases_of(key.id)) >= MOST_ALIASES:
        return f"The key has {MOST_ALIASES} aliases already, which is the most."
    return ""


def change_problem(alias: Alias) -> str:
    """Why the alias can be neither moved nor deleted; empty when it can."""
    return f"{alias.bare_name} is AWS's own: nobody else can change it." if alias.is_aws else ""


def move_problem(store: Store, alias: Alias, new: Key) -> str:
    """Why the alias cannot be moved to the key; empty when it can.

    Source: KMS API Reference, UpdateAlias: both keys must be of the same type (symmetric,
    asymmetric or HMAC) and have the same key usage.
    """
    if alias.key_id == new.id:
        return f"{alias.bare_name} is already a name of this key."
    if problem := change_problem(alias) or target_problem(store, new):
        return problem
    if beside(new.id, alias.bare_name) != alias.name:
        return (
            f"{store.name_of(new.id)} is in another account or Region than {alias.bare_name}, and"
            " an alias names keys of its own alone."
        )
    old = store.keys.get(alias.key_id)
    if old is None or old.metadata is None or new.metadata is None:
        return ""
    usages = {old.metadata.usage, new.metadata.usage} - {""}
    if len(usages) > 1:
        return (
            f"KMS moves an alias between keys of one usage only: {old.metadata.usage} is not "
            f"{new.metadata.usage}. Delete it and create it for this key instead."
        )
    types = {_type(old.metadata.spec), _type(new.metadata.spec)} - {""}
    if len(types) > 1:
        return (
            f"KMS moves an alias between keys of one type only: {old.metadata.spec} is not of the "
            f"type of {new.metadata.spec}. Delete it and create it for this key instead."
        )
    return ""


def _type(spec: str) -> str:
    """The type; empty where the spec is missing or newer than this program, so that KMS decides."""
    if not spec or not is_known("kms:KeySpec", spec):
        return ""
    if spec.startswith("SYMMETRIC"):
        return "symmetric"
    return "HMAC" if spec.startswith("HMAC") else "asymmetric"


def alias_check(
    gateway: InventoryGateway,
    name: str,
    before: Mapping[str, str | None],
    after: Mapping[str, str | None],
) -> Check[dict[str, Alias]]:
    """How to see whether an alias was changed: the aliases of the keys that it named and names."""
    key_ids = [beside(name, key_id) for key_id in (after["key"], before["key"]) if key_id]

    async def read() -> dict[str, Alias]:
        found: dict[str, Alias] = {}
        for key_id in key_ids:
            async for page in gateway.alias_pages(key_id):
                found.update({alias.name: alias for alias in page})
        if after["key"] is None and name not in found:
            # Deleted, or moved to a third key by somebody else.
            with suppress(FailedError):
                key, _ = await gateway.describe(name)
                found[name] = Alias(name, key.id)
        return found

    def judge(found: dict[str, Alias]) -> Shown:
        named = bare_name(found[name].key_id) if name in found else None
        return ours_if(named == after["key"], as_before=named == before["key"])

    return Check(read, judge)


class Aliases(KeyChanges):
    """Changes of aliases, journaled and read back; each returns what KMS now holds."""

    async def create(self, name: str, key_id: str) -> str:
        """Create an alias.

        Raises:
            InvalidInputError: the name or the key is refused before anything is sent.
            ServiceError: KMS refused it.
        """
        name = beside(key_id, full_name(name))
        problem = alias_creation_problem(
            self._store, bare_name(name), self._key("kms:CreateAlias", key_id)
        )
        self._refuse("kms:CreateAlias", key_id, problem)
        send = partial(self._session.gateway.create_alias, name, key_id)
        return await self._change("kms:CreateAlias", name, ("", key_id), send)

    async def move(self, name: str, key_id: str) -> str:
        """Point an alias to another key; everything that uses the alias changes key.

        Raises:
            InvalidInputError, ServiceError: as `create`.
        """
        alias = self._alias("kms:UpdateAlias", name)
        problem = move_problem(self._store, alias, self._key("kms:UpdateAlias", key_id))
        self._refuse("kms:UpdateAlias", key_id, problem)
        send = partial(self._session.gateway.update_alias, name, key_id)
        return await self._change("kms:UpdateAlias", name, (alias.key_id, key_id), send)

    async def delete(self, name: str) -> str:
        """Delete an alias; the key stays.

        Raises:
            InvalidInputError, ServiceError: as `create`.
        """
        alias = self._alias("kms:DeleteAlias", name)
        self._refuse("kms:DeleteAlias", alias.key_id, change_problem(alias))
        send = partial(self._session.gateway.delete_alias, name)
        return await self._change("kms:DeleteAlias", name, (alias.key_id, ""), send)

    def _key(self, operation: str, key_id: str) -> Key:
        key = self._store.keys.get(key_id)
        if key is None:
            raise self._refusal(operation, key_id, "the key is not among those listed")
        return key

    def _alias(self, operation: str, name: str) -> Alias:
        alias = self._store.aliases.get(name)
        if alias is None:
            raise self._refusal(operation, "", f"{bare_name(name)} is not among the aliases listed")
        return alias

    def _refuse(self, operation: str, key_id: str, problem: str) -> None:
        if problem:
            raise self._refusal(operation, key_id, problem)

    async def _change(
        self,
        operation: str,
        name: str,
        keys: tuple[str, str],
        send: Callable[[], Awaitable[None]],
    ) -> str:
        """Send a change of the key that the alias names, from one to the other ("": none)."""
        old, new = keys
        gateway = self._session.gateway
        # By its plain ID, as it is found again where one Region alone is open.
        before, after = {"key": bare_name(old) or None}, {"key": bare_name(new) or None}

        def keep(found: dict[str, Alias]) -> None:
            if self._session.is_connected_by(gateway):
                known = [
                    each for key_id in keys if key_id for each in self._store.alias_ids_of(key_id)
                ]
                self._store.add_aliases(found.values())
                self._store.remove_aliases(each for each in known if each not in found)

        def stands(found: dict[str, Alias]) -> bool:
            named = bare_name(found[name].key_id) if name in found else None
            return named == before["key"]

        check = alias_check(gateway, name, before, after)
        return await self._run(
            Change(operation, name, before, after, send, check, stands),
            OutcomeText(lambda _: self._told(name, old, new), keep, what="the aliases"),
        )

    def _told(self, name: str, old: str, new: str) -> str:
        if not new:
            return f"{bare_name(name)} is gone; key {self._store.name_of(old)} stays as it was."
        others = [each for each in self._store.aliases_of(new) if each != bare_name(name)]
        also = f", besides {', '.join(others)}" if 0 < len(others) <= 3 else ""
        return f"{bare_name(name)} is now the name of key {bare_name(new)}{also}."
