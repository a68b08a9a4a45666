"""Short words for the tests of the evaluation."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from kmstui.model import Grant, Identity, IdentityPolicy
from kmstui.policy.evaluation.chain import NOTHING_READ, Chain
from kmstui.policy.evaluation.evaluator import Decision, evaluate
from kmstui.policy.evaluation.outcome import Outcome
from kmstui.policy.evaluation.policies import Policies, compile_identity_policy
from kmstui.policy.iam.conditions import Truth, compile_condition
from kmstui.policy.iam.principals import Principal
from kmstui.policy.iam.requests import NOTHING_KNOWN, Context, Request
from kmstui.policy.syntax.nodes import read_policy
from kmstui.policy.syntax.parser import parse
from tests.policy.lockouts import policy_text

ACCOUNT = "111122223333"
OTHER = "444455556666"
KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
ANNA = f"arn:aws:iam::{ACCOUNT}:user/anna"
APP = f"arn:aws:iam::{ACCOUNT}:role/app"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/app/i-0123"
STRANGER = f"arn:aws:iam::{OTHER}:user/eve"
S3 = "s3.amazonaws.com"

ALLOWED, DENIED = Outcome.ALLOWED, Outcome.EXPLICITLY_DENIED
SILENT, OPEN = Outcome.IMPLICITLY_DENIED, Outcome.NOT_PREDICTABLE


def iam(*statements: Mapping[str, Any]) -> str:
    """The text of an identity policy."""
    return policy_text(*statements)


def iam_allow(action: object = "kms:*", **more: object) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": "*", **more}


def identity(arn: str, *texts: str, boundary: str | None = None) -> Identity:
    policies = tuple(IdentityPolicy(f"p{i}", text, inline=True) for i, text in enumerate(texts))
    kind = "user" if ":user/" in arn else "role"
    limit = None if boundary is None else IdentityPolicy("limit", boundary, inline=False)
    return Identity(arn, arn.rsplit("/", 1)[-1], kind, policies, limit)


def ask(
    key_policy: str,
    who: str | Principal,
    action: str = "kms:Decrypt",
    *,
    context: Context = NOTHING_KNOWN,
    identity_policies: Sequence[str] | None = None,
    boundary: str | None = None,
    session: Sequence[str] | None = None,
    grants: Sequence[Grant] | None = None,
    key: str = KEY,
    chain: Chain = NOTHING_READ,
) -> Decision:
    """One decision about one request."""
    principal = who if isinstance(who, Principal) else Principal.parse(who)
    policies = Policies.of_key(key_policy, grants)
    if identity_policies is not None or boundary is not None:
        texts = identity_policies or ()
        policies = policies.with_identity(identity(APP, *texts, boundary=boundary))
    if session is not None:
        compiled = tuple(compile_identity_policy(text, "session policy") for text in session)
        policies = replace(policies, session=compiled)
    policies = replace(policies, chain=chain)
    return evaluate(Request(principal, action, key, context), policies)


def outcome(
    key_policy: str, who: str | Principal, action: str = "kms:Decrypt", **more: Any
) -> Outcome:
    """Only what comes out."""
    return ask(key_policy, who, action, **more).outcome


def holds(
    operator: str,
    values: object,
    given: str | Sequence[str] | None,
    *,
    key: str = "aws:Key",
    version: str = "2012-10-17",
    context: Mapping[str, str | Sequence[str]] | None = None,
    absent: Sequence[str] = (),
    known: bool = True,
) -> Truth:
    """Whether one condition holds where the request says `given`; None: it lacks the key.

    With `known` false, nothing is known of the key.
    """
    statement = {"Effect": "Allow", "Condition": {operator: {key: values}}}
    text = json.dumps({"Version": version, "Statement": statement})
    entry = read_policy(parse(text)).statements[0].conditions[0]
    values_known = dict(context or {})
    lacking = list(absent)
    if given is None:
        lacking.append(key)
    else:
        values_known[key] = given
    facts = Context.of(values_known, absent=lacking) if known else NOTHING_KNOWN
    return compile_condition(entry, version).truth(facts.values.get)
