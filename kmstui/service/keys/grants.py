"""Grants of a key: who may do what without the key policy saying so."""

from __future__ import annotations

from functools import partial

from kmstui.model import Grant
from kmstui.service.changes import Change, Check, ours_if
from kmstui.service.inventory import grants_read
from kmstui.service.keys.key_changes import KeyChanges, OutcomeText
from kmstui.service.ports import GrantGateway

REVOKE_GRANT = "kms:RevokeGrant"


def revocation_check(gateway: GrantGateway, key_id: str, grant_id: str) -> Check[tuple[Grant, ...]]:
    """How to see whether a grant was revoked.

    A revocation shows at once to most and to all within five minutes (KMS Developer Guide,
    "Eventual consistency", grants).
    """
    return Check(
        partial(gateway.list_grants, key_id),
        lambda found: ours_if(all(each.id != grant_id for each in found)),
    )


class Grants(KeyChanges):
    """Reads and revokes grants."""

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
            self._store.see_contexts(contexts)
            self._store.grants_changed(key_id)
            if (key := self._store.keys.get(key_id)) is not None:
                self._store.know(key_id, grants=grants_read(key, grants))
        return tuple(sorted(grants, key=_newest_first))

    async def revoke(self, key_id: str, grant: Grant) -> str:
        """Revoke a grant; returns what KMS now holds.

        Raises:
            ServiceError: KMS refused it; or no clear answer came, and the grant is still listed.
        """
        gateway = self._session.gateway
        before = {
            "grant": grant.id,
            "name": grant.name,
            "grantee": grant.grantee,
            "operations": list(grant.operations),
            "grantee_service": grant.grantee_service,
            "retiring": grant.retiring,
            "retiring_service": grant.retiring_service,
            "context_equals": dict(grant.context_equals),
            "context_subset": dict(grant.context_subset),
            "source_arn": grant.source_arn,
        }

        def done(grants: tuple[Grant, ...]) -> str:
            left = {0: "no other is left", 1: "one other is left"}.get(
                len(grants), f"{len(grants)} others are left"
            )
            return f"{grant.holder} has lost this grant on {self._name(key_id)}; {left}."

        change = Change(
            REVOKE_GRANT,
            key_id,
            before,
            {"grant": None},
            partial(gateway.revoke_grant, key_id, grant.id),
            revocation_check(gateway, key_id, grant.id),
        )
        telling = OutcomeText(
            done,
            what="the grants",
            later="The grant is still listed, which can last five minutes.",
        )
        try:
            return await self._run(change, telling)
        finally:
            self._store.grants_changed(key_id)


def _newest_first(grant: Grant) -> tuple[float, str]:
    return (-grant.created.timestamp() if grant.created else 0.0, grant.id)
