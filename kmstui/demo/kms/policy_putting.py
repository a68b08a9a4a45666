"""PutKeyPolicy, and the check of a policy that CreateKey and ReplicateKey share with it.

https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html
"""

from __future__ import annotations

from kmstui.demo.access.authorization import Call, decision_on_key
from kmstui.demo.access.evaluation import Verdict
from kmstui.demo.access.principals import invalid_principals
from kmstui.demo.errors import not_found
from kmstui.demo.kms.keys import EmbeddedKey
from kmstui.demo.kms.policy_validation import malformed, parse_policy
from kmstui.demo.kms.store import Stores

INVALID_PRINCIPALS = "Policy contains a statement with one or more invalid principals."
LOCKED_OUT = "The new key policy will not allow you to update the key policy in the future."


def put_key_policy(call: Call, stores: Stores, key: EmbeddedKey) -> dict[str, object]:
    """PutKeyPolicy."""
    if call.parameters.get("PolicyName", "default") != "default":
        raise not_found("No such policy exists")
    policy = str(accepted_policy(call, key, call.parameters.get("Policy")))
    stores.consistency.changing(key.arn, "policy", key.policy)
    key.policy = policy
    return {}


def accepted_policy(call: Call, key: EmbeddedKey, text: object) -> object:
    """``text`` when KMS would store it for ``key`` at this caller's request.

    Raises MalformedPolicyDocumentException, LimitExceededException or ValidationException.
    """
    document = parse_policy(text)
    if invalid_principals(document):
        raise malformed(INVALID_PRINCIPALS)
    if not call.parameters.get("BypassPolicyLockoutSafetyCheck", False):
        require_no_lockout(call, key, str(text))
    return text


def require_no_lockout(call: Call, key: EmbeddedKey, policy: str) -> None:
    """Raise unless this caller could put the policy again under ``policy``.

    https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html#prevent-unmanageable-key
    """
    verdict = decision_on_key(call, key, "kms:PutKeyPolicy", policy=policy)
    if verdict is not Verdict.ALLOWED:
        raise malformed(LOCKED_OUT)
