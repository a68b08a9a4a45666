"""Key policies."""

from __future__ import annotations

from kmstui.aws.api.base import Noun, nothing
from kmstui.aws.api.paging import KMS, Listing, everything
from kmstui.aws.calls.operations import GET_KEY_POLICY, LIST_KEY_POLICIES, PUT_KEY_POLICY


class Policies(Noun):
    """Reads and changes of key policies."""

    async def policy_names(self, key_id: str) -> tuple[str, ...]:
        """See `PolicyGateway`."""
        listing = Listing(
            LIST_KEY_POLICIES,
            {"KeyId": key_id, "Limit": 1000},
            KMS,
            lambda answer: answer.texts("PolicyNames"),
            key=key_id,
        )
        return await everything(listing, self._calls)

    async def get_policy(self, key_id: str, name: str = "default") -> str:
        """See `PolicyGateway`."""
        params = {"KeyId": key_id, "PolicyName": name}
        return await self._calls.send(
            GET_KEY_POLICY, params, lambda answer: answer.text("Policy"), key=key_id
        )

    async def put_policy(
        self, key_id: str, text: str, *, bypass_lockout_check: bool = False
    ) -> None:
        """See `PolicyGateway`."""
        params = {
            "KeyId": key_id,
            "PolicyName": "default",
            "Policy": text,
            # Left out unless it is asked for: its mere presence stands out in CloudTrail.
            "BypassPolicyLockoutSafetyCheck": bypass_lockout_check or None,
        }
        await self._calls.send(PUT_KEY_POLICY, params, nothing, key=key_id)
