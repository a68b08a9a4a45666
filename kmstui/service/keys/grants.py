"""Grants of a key: who may do what without the key policy saying so."""

from __future__ import annotations

import asyncio

from kmstui.model.grant import Grant
from kmstui.service.changes.journaling import journaled
from kmstui.service.changes.read_until import ACCEPTED, Pause, read_until
from kmstui.service.errors import ServiceError
from kmstui.service.session import Session


class Grants:
    """Reads and revokes grants."""

    def __init__(self, session: Session, pause: Pause = asyncio.sleep) -> None:
        self._session = session
        self._pause = pause

    async def of(self, key_id: str) -> tuple[Grant, ...]:
        """The grants of a key, newest first; their encryption contexts count as seen.

        Raises:
            ServiceError: they may not be listed.
        """
        gateway = self._session.gateway
        grants = await gateway.list_grants(key_id)
        if self._session.is_connected_by(gateway):
            contexts = [
                pairs for each in grants for pairs in (each.context_equals, each.context_subset)
            ]
            self._session.store.see_contexts(contexts)
        return tuple(sorted(grants, key=_newest_first))

    async def revoke(self, key_id: str, grant: Grant) -> str:
        """Revoke a grant; answers what KMS now holds.

        A revocation shows at once to most and to all within five minutes (KMS Developer Guide,
        "Eventual consistency", grants).

        Raises:
            ServiceError: KMS refused it.
        """
        gateway = self._session.gateway
        name = self._session.store.name_of(key_id)
        before = {
            "grant": grant.id,
            "name": grant.name,
            "grantee": grant.grantee,
            "operations": list(grant.operations),
            "retiring": grant.retiring,
            "context_equals": dict(grant.context_equals),
            "context_subset": dict(grant.context_subset),
        }
        await journaled(
            self._session,
            "kms:RevokeGrant",
            key_id,
            before,
            {"grant": None},
            lambda: gateway.revoke_grant(key_id, grant.id),
        )
        try:
            grants = await read_until(
                lambda: gateway.list_grants(key_id),
                lambda found: all(each.id != grant.id for each in found),
                self._pause,
            )
        except ServiceError as error:
            return f"{ACCEPTED}, but the grants could not be read back. {error.sentence}"
        if any(each.id == grant.id for each in grants):
            return f"{ACCEPTED}. The grant is still listed, which can last five minutes."
        left = {0: "no other is left", 1: "one other is left"}.get(
            len(grants), f"{len(grants)} others are left"
        )
        return f"{grant.grantee} has lost this grant on {name}; {left}."


def _newest_first(grant: Grant) -> tuple[float, str]:
    return (-grant.created.timestamp() if grant.created else 0.0, grant.id)
