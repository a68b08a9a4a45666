"""The embedded KMS and kmstui decide alike, though they share no code.

Where ``kmstui.policy`` says that an answer is not predictable, there is nothing to compare.
"""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kmstui.demo.access.context import Caller, session_caller
from kmstui.demo.access.evaluation import AccessDecision, AccessRequest, IdentityPolicies, decide
from kmstui.model import Identity, IdentityPolicy
from kmstui.policy.evaluation.evaluator import evaluate
from kmstui.policy.evaluation.outcome import Outcome
from kmstui.policy.evaluation.policies import Policies
from kmstui.policy.iam.principals import Principal
from kmstui.policy.iam.requests import Context, Request

ACCOUNT, OTHER = "418259630147", "290417736502"
KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/57e318d6-4d5e-46a5-aea5-07e9922a78f9"
APP = f"arn:aws:iam::{ACCOUNT}:role/app"
ANNA = f"arn:aws:iam::{ACCOUNT}:user/anna"
STRANGER = f"arn:aws:iam::{OTHER}:user/eve"
CALLERS = (
    session_caller(ACCOUNT, APP, "AROAAPP", "i-1"),
    Caller(ANNA, ANNA, ACCOUNT, "AIDAANNA", "User"),
    Caller(STRANGER, STRANGER, OTHER, "AIDAEVE", "User"),
)
_names = st.sampled_from(
    [
        f"arn:aws:iam::{ACCOUNT}:root",
        ACCOUNT,
        f"arn:aws:iam::{OTHER}:root",
        APP,
        ANNA,
        STRANGER,
        CALLERS[0].arn,
        "*",
    ]
)
_actions = st.sampled_from(
    ["kms:*", "kms:Decrypt", "KMS:decrypt", "kms:Enc*", "*", "kms:?ecrypt", "kms:PutKeyPolicy"]
)
_resources = st.sampled_from(["*", KEY, "arn:aws:kms:*:*:key/*", KEY[:-1] + "0"])
_conditions = st.sampled_from(
    [
        {},
        {"StringEquals": {"kms:CallerAccount": ACCOUNT}},
        {"StringNotEquals": {"kms:CallerAccount": ACCOUNT}},
        {"StringEquals": {"kms:EncryptionContext:App": "orders"}},
        {"StringLike": {"kms:EncryptionContext:app": ["o*", "x"]}},
        {"ForAllValues:StringEquals": {"kms:EncryptionContextKeys": ["app"]}},
        {"ForAnyValue:StringEquals": {"kms:EncryptionContextKeys": ["tenant"]}},
        {"Null": {"kms:EncryptionContextKeys": "true"}},
        {"StringNotEquals": {"aws:SourceVpce": "vpce-0a1b2c3d"}},
        {"StringEqualsIfExists": {"aws:SourceVpce": "vpce-0a1b2c3d"}},
        {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
        {"BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}},
        {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
        {"IpAddress": {"aws:SourceIp": ["54.217.0.0/16", "10.0.0.0/8"]}},
        {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/*"}},
        {"ArnNotEquals": {"aws:PrincipalArn": APP}},
        {"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}},
    ]
)


@st.composite
def _statements(draw: Any, *, principal: bool) -> dict[str, Any]:
    statement: dict[str, Any] = {"Effect": draw(st.sampled_from(["Allow", "Allow", "Deny"]))}
    if principal:
        statement["Principal"] = {"AWS": draw(st.lists(_names, min_size=1, max_size=2))}
    action = draw(st.sampled_from(["Action", "Action", "NotAction"]))
    statement[action] = draw(st.lists(_actions, min_size=1, max_size=2))
    statement["Resource"] = draw(_resources)
    condition = draw(_conditions)
    if condition:
        statement["Condition"] = condition
    return statement


def _policies(*, principal: bool, most: int) -> st.SearchStrategy[str]:
    statements = st.lists(_statements(principal=principal), min_size=1, max_size=most)
    return statements.map(lambda s: json.dumps({"Version": "2012-10-17", "Statement": s}))


@settings(max_examples=100)
@given(
    key_policy=_policies(principal=True, most=3),
    identity=st.lists(_policies(principal=False, most=2), max_size=2),
    boundary=st.none() | _policies(principal=False, most=2),
    caller=st.sampled_from(CALLERS),
    action=st.sampled_from(["kms:Decrypt", "kms:Encrypt"]),
    encryption_context=st.sampled_from([{}, {"app": "orders"}, {"app": "x", "tenant": "1"}]),
)
def test_both_decide_alike(
    key_policy: str,
    identity: list[str],
    boundary: str | None,
    caller: Caller,
    action: str,
    encryption_context: dict[str, str],
) -> None:
    context: dict[str, tuple[str, ...]] = {
        "aws:principalarn": (caller.principal_arn,),
        "aws:sourceip": ("54.217.83.140",),
        "kms:calleraccount": (caller.account,),
    }
    for name, value in encryption_context.items():
        context[f"kms:encryptioncontext:{name}"] = (value,)
    if encryption_context:
        context["kms:encryptioncontextkeys"] = tuple(encryption_context)
    question = AccessRequest(action, KEY, ACCOUNT, caller, context)
    verdict = decide(question, key_policy, IdentityPolicies(tuple(identity), boundary))

    held = Identity(
        caller.principal_arn,
        caller.name,
        "role" if caller.kind == "AssumedRole" else "user",
        tuple(IdentityPolicy(f"p{n}", text, inline=True) for n, text in enumerate(identity)),
        None if boundary is None else IdentityPolicy("limit", boundary, inline=False),
    )
    policies = Policies.of_key(key_policy, grants=()).with_identity(held)
    principal = Principal.parse(caller.arn)
    asked = Request(principal, action, KEY, Context.of(context, complete=True))
    decision = evaluate(asked, policies)
    if decision.outcome is Outcome.NOT_PREDICTABLE:
        return
    assert (decision.outcome is Outcome.ALLOWED) == (verdict is AccessDecision.ALLOWED)
    assert (decision.outcome is Outcome.EXPLICITLY_DENIED) == verdict.explicit
