"""Small key policies that overlap in every way, for properties of their evaluation."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from kmstui.policy.iam.requests import Context
from tests.policy.asking import ACCOUNT, ANNA, APP, KEY, OTHER, ROOT, S3, SESSION, STRANGER

PRINCIPALS = (ANNA, APP, SESSION, ROOT, STRANGER, S3, "*", f"arn:aws:iam::{ACCOUNT}:user/bob")
ACTIONS = ("kms:Encrypt", "kms:Decrypt", "kms:DescribeKey", "kms:PutKeyPolicy", "kms:CreateGrant")

_CONDITIONS: dict[str, tuple[str, ...]] = {
    "aws:SourceVpce": ("vpce-1", "vpce-2", "vpce-*"),
    "kms:ViaService": ("s3.eu-west-1.amazonaws.com", "s3.*"),
    "aws:PrincipalArn": (ANNA, APP, f"arn:aws:iam::{ACCOUNT}:role/*", "arn:aws:iam::*:user/*"),
    "kms:CallerAccount": (ACCOUNT, OTHER),
    "aws:MultiFactorAuthPresent": ("true", "false"),
    "kms:EncryptionContext:App": ("pay", "${aws:username}"),
}
_OPERATORS = (
    "StringEquals",
    "StringNotEquals",
    "StringLike",
    "StringNotLikeIfExists",
    "StringEqualsIfExists",
    "ForAnyValue:StringLike",
    "ForAllValues:StringEquals",
    "ArnLike",
    "Null",
)


@st.composite
def condition_blocks(draw: st.DrawFn) -> dict[str, Any]:
    block: dict[str, Any] = {}
    for key in draw(st.lists(st.sampled_from(sorted(_CONDITIONS)), max_size=2, unique=True)):
        operator = draw(st.sampled_from(_OPERATORS))
        values = draw(st.lists(st.sampled_from(_CONDITIONS[key]), min_size=1, max_size=2))
        block.setdefault(operator, {})[key] = ["true"] if operator == "Null" else values
    return block


@st.composite
def principal_elements(draw: st.DrawFn) -> dict[str, Any]:
    if draw(st.integers(0, 5)) == 0:
        return {"Principal": "*"}
    names = draw(
        st.lists(st.sampled_from([ANNA, APP, SESSION, ROOT, ACCOUNT, STRANGER, OTHER]), min_size=1)
    )
    return {"Principal": {"AWS": names}}


@st.composite
def statements(draw: st.DrawFn, effect: str | None = None) -> dict[str, Any]:
    patterns = ("kms:*", "kms:De*", "kms:*crypt", *ACTIONS)
    actions = draw(st.lists(st.sampled_from(patterns), min_size=1, max_size=3))
    chosen = effect or draw(st.sampled_from(["Allow", "Allow", "Allow", "Deny"]))
    statement = {
        "Effect": chosen,
        **draw(principal_elements()),
        draw(st.sampled_from(["Action", "Action", "NotAction"])): actions,
        "Resource": draw(st.sampled_from(["*", "*", KEY, f"{KEY[:-1]}*", "arn:aws:kms:*"])),
    }
    if chosen == "Deny" and "AWS" in statement["Principal"] and draw(st.integers(0, 4)) == 0:
        statement["NotPrincipal"] = statement.pop("Principal")
    block = draw(condition_blocks())
    return {**statement, "Condition": block} if block else statement


policies = st.lists(statements(), max_size=5)


@st.composite
def contexts(draw: st.DrawFn) -> Context:
    values: dict[str, list[str]] = {}
    absent = []
    for key, known in _CONDITIONS.items():
        if key in ("aws:PrincipalArn", "kms:CallerAccount"):
            continue  # they follow from the principal
        state = draw(st.sampled_from(["unknown", "absent", "given", "given"]))
        if state == "absent":
            absent.append(key)
        elif state == "given":
            values[key] = [draw(st.sampled_from([known[0], known[-1].replace("*", "x"), "else"]))]
    return Context.of(values, absent=absent)


def settled(context: Context) -> Context:
    """The same, with nothing left unknown."""
    return Context(context.values, complete=True)


def possible(context: Context, action: str) -> Context:
    """The same without an encryption context where the action has none."""
    if action not in ("kms:DescribeKey", "kms:PutKeyPolicy"):
        return context
    kept = {k: v for k, v in context.values.items() if not k.startswith("kms:encryptioncontext")}
    return Context(kept, context.complete)
