"""Creating, moving and deleting aliases."""

from __future__ import annotations

import re

from kmstui.model.alias import Alias
from kmstui.model.key import Key
from kmstui.service.changes import journaled
from kmstui.service.errors import InvalidInputError, ServiceError
from kmstui.service.session import Session

PREFIX = "alias/"
NAME_CHARACTERS = 256
"""Length of an alias name with its prefix. Source: KMS API Reference, CreateAlias."""

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
        return f"The name has {len(PREFIX + plain)} characters, {NAME_CHARACTERS} at most."
    match = _ALLOWED.match(plain)
    if match is not None and match.end() < len(plain):
        bad = plain[match.end()]
        return f"{bad!r} cannot stand in an alias: letters, digits, / _ and - can."
    return ""


def target_problem(key: Key) -> str:
    """Why no alias can be made for the key or moved to it; empty when it can."""
    if key.is_aws_managed:
        return "AWS manages this key: its aliases cannot be changed."
    if key.metadata is not None and key.metadata.state == "PendingDeletion":
        return "The key is pending deletion: KMS refuses new aliases until that is cancelled."
    return ""


def move_problem(old: Key | None, new: Key) -> str:
    """Why an alias cannot be moved from one key to the other; empty when it can.

    Source: KMS API Reference, UpdateAlias: both keys must be of the same type and usage.
    """
    if problem := target_problem(new):
        return problem
    if old is None or old.metadata is None or new.metadata is None:
        return ""
    if old.metadata.usage != new.metadata.usage:
        return (
            f"An alias moves between keys of one usage only: {old.metadata.usage} is not "
            f"{new.metadata.usage}. Delete it and create it for the other key."
        )
    if _type(old.metadata.spec) != _type(new.metadata.spec):
        return (
            f"An alias moves between keys of one type only: {old.metadata.spec} is not like "
            f"{new.metadata.spec}. Delete it and create it for the other key."
        )
    return ""


def _type(spec: str) -> str:
    if spec.startswith("SYMMETRIC"):
        return "symmetric"
    return "HMAC" if spec.startswith("HMAC") else "asymmetric"


class Aliases:
    """Changes of aliases, journaled and read back."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def create(self, name: str, key_id: str) -> str:
        """Create an alias; answers the sentence that says what KMS now holds.

        Raises:
            InvalidInputError: the name or the key is refused before anything is sent.
            ServiceError: KMS refused it.
        """
        name = full_name(name)
        key = self._session.store.keys[key_id]
        problem = alias_problem(name) or target_problem(key)
        if not problem and name in self._session.store.aliases:
            other = self._session.store.aliases[name].key_id
            problem = f"{name} exists already, for key {other}; move it instead."
        if problem:
            raise InvalidInputError(problem)
        gateway = self._session.gateway
        await journaled(
            self._session,
            "kms:CreateAlias",
            name,
            {"key": None},
            {"key": key_id},
            lambda: gateway.create_alias(name, key_id),
        )
        return await self._read_back(name, key_id, (key_id,))

    async def move(self, name: str, key_id: str) -> str:
        """Point an alias to another key; everything that uses the alias changes key.

        Raises:
            InvalidInputError, ServiceError: as `create`.
        """
        store = self._session.store
        alias = store.aliases[name]
        problem = move_problem(store.keys.get(alias.key_id), store.keys[key_id])
        if alias.is_aws:
            problem = f"{name} is AWS's own and cannot be moved."
        if alias.key_id == key_id:
            problem = f"{name} is already this key's."
        if problem:
            raise InvalidInputError(problem)
        gateway = self._session.gateway
        await journaled(
            self._session,
            "kms:UpdateAlias",
            name,
            {"key": alias.key_id},
            {"key": key_id},
            lambda: gateway.update_alias(name, key_id),
        )
        return await self._read_back(name, key_id, (key_id, alias.key_id))

    async def delete(self, name: str) -> str:
        """Delete an alias; the key stays.

        Raises:
            InvalidInputError, ServiceError: as `create`.
        """
        alias = self._session.store.aliases[name]
        if alias.is_aws:
            raise InvalidInputError(f"{name} is AWS's own and cannot be deleted.")
        gateway = self._session.gateway
        await journaled(
            self._session,
            "kms:DeleteAlias",
            name,
            {"key": alias.key_id},
            {"key": None},
            lambda: gateway.delete_alias(name),
        )
        return await self._read_back(name, "", (alias.key_id,))

    async def _read_back(self, name: str, expected: str, key_ids: tuple[str, ...]) -> str:
        """Read the aliases of the keys concerned; aliases are eventually consistent."""
        store = self._session.store
        found: dict[str, Alias] = {}
        try:
            for key_id in key_ids:
                async for page in self._session.gateway.alias_pages(key_id):
                    found.update({alias.name: alias for alias in page})
        except ServiceError as error:
            return f"Accepted, but the aliases could not be read back. {error.sentence}"
        before = [each for key_id in key_ids for each in store.aliases_of(key_id)]
        store.add_aliases(found.values())
        store.remove_aliases(each for each in before if each not in found)
        shown = found[name].key_id if name in found else ""
        if shown != expected:
            return f"Accepted; KMS does not show {name} so yet, which can take some minutes."
        if expected:
            return f"{name} is now the name of key {expected}."
        return f"{name} is gone; its key stays as it was."
