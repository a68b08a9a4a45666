"""Grants."""

from __future__ import annotations

from kmstui.aws.api.base import KMS, ApiBase, Listing
from kmstui.aws.calls import operations as op
from kmstui.aws.calls.answer import Answer
from kmstui.model.grant import Grant


class Grants(ApiBase):
    """Reads and revocations of grants."""

    async def list_grants(self, key_id: str) -> tuple[Grant, ...]:
        """See `GrantGateway`."""
        listing = Listing(
            op.LIST_GRANTS,
            {"KeyId": key_id, "Limit": 100},
            KMS,
            lambda answer: answer.each("Grants", _grant),
        )
        return await listing.everything(self._calls)

    async def revoke_grant(self, key_id: str, grant_id: str) -> None:
        """See `GrantGateway`."""
        await self._change(op.REVOKE_GRANT, KeyId=key_id, GrantId=grant_id)


def _grant(answer: Answer) -> Grant:
    constraints = answer.optional_structure("Constraints")
    return Grant(
        id=answer.text("GrantId"),
        key_arn=answer.optional_text("KeyId"),
        grantee=answer.optional_text("GranteePrincipal"),
        operations=answer.texts("Operations"),
        name=answer.optional_text("Name"),
        retiring=answer.optional_text("RetiringPrincipal"),
        issuing_account=answer.optional_text("IssuingAccount"),
        created=answer.optional_time("CreationDate"),
        context_equals=constraints.pairs("EncryptionContextEquals") if constraints else (),
        context_subset=constraints.pairs("EncryptionContextSubset") if constraints else (),
    )
