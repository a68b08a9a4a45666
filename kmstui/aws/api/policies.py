"""Key policies."""

from __future__ import annotations

from kmstui.aws.api.base import KMS, ApiBase, Listing
from kmstui.aws.calls import operations as op


class PolicyApi(ApiBase):
    """Reads and changes of key policies."""

    async def policy_names(self, key_id: str) -> tuple[str, ...]:
        listing = Listing(
            op.LIST_KEY_POLICIES,
            {"KeyId": key_id, "Limit": 1000},
            KMS,
            lambda response: response.texts("PolicyNames"),
        )
        return await listing.everything(self._calls)

    async def get_policy(self, key_id: str, name: str = "default") -> str:
        params = {"KeyId": key_id, "PolicyName": name}
        return await self._calls.send(
            op.GET_KEY_POLICY, params, lambda response: response.text("Policy")
        )

    async def put_policy(
        self, key_id: str, text: str, *, bypass_lockout_check: bool = False
    ) -> None:
        await self._change(
            op.PUT_KEY_POLICY,
            KeyId=key_id,
            PolicyName="default",
            Policy=text,
            # Left out unless it is asked for: its mere presence stands out in CloudTrail.
            BypassPolicyLockoutSafetyCheck=bypass_lockout_check or None,
        )
