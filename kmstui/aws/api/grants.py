"""Grants."""

from __future__ import annotations

from kmstui.aws.api.base import KMS, ApiBase, Listing
from kmstui.aws.calls import Response
from kmstui.aws.calls import operations as op
from kmstui.model import Grant
from kmstui.service.ports import Urgency


class GrantApi(ApiBase):
    """Reads, creations and revocations of grants."""

    async def list_grants(self, key_id: str, urgency: Urgency = Urgency.ASKED) -> tuple[Grant, ...]:
        listing = Listing(
            op.LIST_GRANTS,
            {"KeyId": key_id, "Limit": 100},
            KMS,
            lambda response: response.readable("Grants", _grant, _unread),
            urgency=urgency,
        )
        return await listing.everything(self._calls)

    async def create_grant(self, key_id: str, grant: Grant) -> str:
        limits = {
            "EncryptionContextEquals": dict(grant.context_equals) or None,
            "EncryptionContextSubset": dict(grant.context_subset) or None,
            "SourceArn": grant.source_arn or None,
        }
        params = {
            "KeyId": key_id,
            "Name": grant.name or None,
            "GranteePrincipal": grant.grantee or None,
            "GranteeServicePrincipal": grant.grantee_service or None,
            "RetiringPrincipal": grant.retiring or None,
            "RetiringServicePrincipal": grant.retiring_service or None,
            "Operations": list(grant.operations),
            "Constraints": {name: each for name, each in limits.items() if each} or None,
        }
        return await self._calls.send(
            op.CREATE_GRANT, params, lambda response: response.text("GrantId")
        )

    async def revoke_grant(self, key_id: str, grant_id: str) -> None:
        await self._change(op.REVOKE_GRANT, KeyId=key_id, GrantId=grant_id)


def _grant(response: Response) -> Grant:
    operations = response.optional_texts("Operations")
    constraints = response.optional_structure("Constraints")
    limits = constraints or Response({})
    equals = limits.pairs("EncryptionContextEquals")
    subset = limits.pairs("EncryptionContextSubset")
    source_arn = limits.optional_text("SourceArn")
    return Grant(
        id=response.optional_text("GrantId"),
        key_arn=response.optional_text("KeyId"),
        grantee=response.optional_text("GranteePrincipal"),
        operations=operations,
        name=response.optional_text("Name"),
        retiring=response.optional_text("RetiringPrincipal"),
        issuing_account=response.optional_text("IssuingAccount"),
        created=response.optional_time("CreationDate"),
        context_equals=equals,
        context_subset=subset,
        grantee_service=response.optional_text("GranteeServicePrincipal"),
        retiring_service=response.optional_text("RetiringServicePrincipal"),
        source_arn=source_arn,
        constraint_unread=constraints is not None and not (equals or subset or source_arn),
        unread="" if operations else "the answer does not tell its operations",
    )


def _unread(why: str) -> Grant:
    return Grant("", "", "", (), unread=why)
