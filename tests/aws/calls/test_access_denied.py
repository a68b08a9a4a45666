"""AccessDenied says who needs what, and where."""

from __future__ import annotations

import pytest

from kmstui.aws.calls.access_denied import explain_denial
from kmstui.aws.calls.call_context import CallContext
from kmstui.aws.calls.error_codes import from_code
from kmstui.service.errors import ErrorContext

_HEAD = (
    "User: arn:aws:sts::111122223333:assumed-role/Workshop/i-0abc is not authorized to perform: "
    "kms:PutKeyPolicy on resource: arn:aws:kms:eu-west-1:111122223333:key/1234 "
)


@pytest.mark.parametrize(
    ("words", "reason", "step"),
    [
        (
            "because no resource-based policy allows the kms:PutKeyPolicy action",
            "the key policy does not allow it",
            "Your role Workshop needs kms:PutKeyPolicy in the key policy, or in IAM where the key "
            "policy has the root statement.",
        ),
        (
            "because no identity-based policy allows the kms:PutKeyPolicy action",
            "no IAM policy allows it",
            "Your role Workshop needs kms:PutKeyPolicy in the key policy, or in IAM where the key "
            "policy has the root statement.",
        ),
        (
            "with an explicit deny in a resource-based policy",
            "a Deny statement of the key policy forbids it",
            "Someone who may change the key policy has to change that Deny.",
        ),
        (
            "with an explicit deny in an identity-based policy",
            "a Deny statement of an IAM policy forbids it",
            "An IAM administrator has to change that Deny in a policy of your role Workshop.",
        ),
        (
            "with an explicit deny in a service control policy",
            "a service control policy of the organization forbids it",
            "Only an administrator of the organization can change that.",
        ),
        (
            "with an explicit deny in a VPC endpoint policy",
            "the policy of the VPC endpoint forbids it",
            "The owner of the VPC endpoint has to allow kms:PutKeyPolicy in its policy.",
        ),
        (
            "because no permissions boundary allows the kms:PutKeyPolicy action",
            "the permissions boundary does not allow it",
            "The permissions boundary of your role Workshop has to allow kms:PutKeyPolicy too.",
        ),
        (
            "because no session policy allows the kms:PutKeyPolicy action",
            "the session policy does not allow it",
            "The session policy of your role Workshop has to allow kms:PutKeyPolicy too.",
        ),
        (
            "because no VPC endpoint policy allows the kms:PutKeyPolicy action",
            "the policy of the VPC endpoint does not allow it",
            "The owner of the VPC endpoint has to allow kms:PutKeyPolicy in its policy.",
        ),
        (
            "",
            "no policy allows it, or one denies it",
            "Your role Workshop needs kms:PutKeyPolicy in the key policy, or in IAM where the key "
            "policy has the root statement.",
        ),
    ],
)
def test_each_kind_of_policy_has_its_reason_and_its_remedy(
    words: str, reason: str, step: str
) -> None:
    assert explain_denial(_HEAD + words, "kms:PutKeyPolicy") == (reason, step)


def test_what_a_key_policy_cannot_allow_is_not_looked_for_there() -> None:
    words = (
        "User: arn:aws:iam::111122223333:user/ops/alice is not authorized to perform: "
        "kms:ListKeys because no identity-based policy allows the kms:ListKeys action"
    )
    _, step = explain_denial(words, "kms:ListKeys")
    assert step == "Your user alice needs kms:ListKeys in an IAM policy."


def test_an_alias_needs_a_permission_in_both_places() -> None:
    _, step = explain_denial("", "kms:CreateAlias")
    assert step == (
        "Your identity needs kms:CreateAlias both on the alias in IAM and on the key in its key "
        "policy."
    )


def test_words_of_no_known_kind_still_make_a_sentence() -> None:
    reason, step = explain_denial("with an explicit deny in a moon phase policy", "kms:X")
    assert reason == "a moon phase policy forbids it"
    assert step == "Whoever manages that policy has to change it."


def test_braces_in_what_the_service_says_stand_for_themselves() -> None:
    said = "User: arn:aws:iam::111122223333:user/{alice} is not authorized"
    context = ErrorContext("kms:ListKeys", service_message=said)
    error = from_code("AccessDeniedException", CallContext("kms:ListKeys"), context)
    assert error.next_step == "Your user {alice} needs kms:ListKeys in an IAM policy."
    error = from_code("SomethingNewException", CallContext("kms:ListKeys"), context)
    assert said in error.reason
