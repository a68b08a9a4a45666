"""Grants of a key: who may do what without the key policy saying so."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from kmstui.model import Grant
from kmstui.service.changes import Change, Check, Shown, ours_if
from kmstui.service.inventory import grants_read
from kmstui.service.keys.key_changes import KeyChanges, OutcomeText
from kmstui.service.ports import GrantGateway

CREATE_GRANT, REVOKE_GRANT = "kms:CreateGrant", "kms:RevokeGrant"


def revocation_check(gateway: GrantGateway, key_id: str, grant_id: str) -> Check[tuple[Grant, ...]]:
    """How to see whether a grant was revoked.

    A revocation shows at once to most and to all within five minutes (KMS Developer Guide,
    "Eventual consistency", grants).
    """
    return Check(
        partial(gateway.list_grants, key_id),
        lambda found: ours_if(all(each.id != grant_id for each in found)),
    )


def grant_content(grant: Grant) -> Grant:
    """What a person says of a grant when it is made: without ID, date, issuer and key."""
    return replace(
        grant,
        id="",
        key_arn="",
        created=None,
        issuing_account="",
        operations=tuple(sorted(grant.operations)),
    )


def creation_check(
    gateway: GrantGateway, key_id: str, known: Collection[str], values: Mapping[str, Any]
) -> Check[tuple[Grant, ...]]:
    """How to see whether a grant was made: one of these values that was not `known` by its ID."""

    def shows(found: Iterable[Grant]) -> Shown:
        return ours_if(
            any(each.id not in known and grant_facts(each) == dict(values) for each in found)
        )

    return Check(partial(gateway.list_grants, key_id), shows)


class Grants(KeyChanges):
    """Reads, makes and revokes grants."""

    async def create(self, key_id: str, grant: Grant) -> str:
        """Make a grant as another one is; returns what KMS now holds.

        Raises:
            ServiceError: KMS refused it; or no clear answer came, and no such grant is listed.
        """
        gateway = self._session.gateway
        known = [each.id for each in await gateway.list_grants(key_id)]
        after = grant_facts(grant)

        async def send() -> str:
            return f"GrantId {await gateway.create_grant(key_id, grant)}"

        change = Change(
            CREATE_GRANT,
            key_id,
            {"known": known},
            after,
            send,
            creation_check(gateway, key_id, known, after),
        )
        telling: OutcomeText[tuple[Grant, ...]] = OutcomeText(
            lambda _: f"{grant.holder} has a grant on {self._name(key_id)}.",
            what="the grants",
            later="The grant is not listed yet, which can last five minutes.",
        )
        try:
            return await self._run(change, telling)
        finally:
            self._store.grants_changed(key_id)

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
        before = {"grant": grant.id, **grant_facts(grant)}

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


def grant_facts(grant: Grant) -> dict[str, Any]:
    """What was asked for when it was made, as the journal has it."""
    return {
        "name": grant.name,
        "grantee": grant.grantee,
        "operations": sorted(grant.operations),
        "grantee_service": grant.grantee_service,
        "retiring": grant.retiring,
        "retiring_service": grant.retiring_service,
        "context_equals": dict(grant.context_equals),
        "context_subset": dict(grant.context_subset),
        "source_arn": grant.source_arn,
    }


def _newest_first(grant: Grant) -> tuple[float, str]:
    return (-grant.created.timestamp() if grant.created else 0.0, grant.id)
