"""Operations that need permissions on several resources: each is asked about, and none is enough.

https://docs.aws.amazon.com/kms/latest/developerguide/alias-access.html and the KMS API Reference
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from kmstui.policy.access import KeyFacts, Mark, role_effect
from kmstui.policy.evaluation import Answer, Others, Policies, ask, compile_key_policy
from kmstui.policy.evaluation.outcome import Outcome
from kmstui.policy.iam import Principal, Request, key_and_value
from tests.policy.asking import (
    ACCOUNT,
    ALLOWED,
    APP,
    DENIED,
    KEY,
    OPEN,
    OTHER,
    ROOT,
    SILENT,
    iam,
    iam_allow,
    identity,
)
from tests.policy.lockouts import allow, policy_text

DIRECT = policy_text(allow({"AWS": APP}))
DEFAULT = policy_text(allow({"AWS": ROOT}))
ALIAS = f"arn:aws:kms:eu-west-1:{ACCOUNT}:alias/app"
KEY_2 = KEY[:-1] + "c"
ON_ALIASES = "kms:*Alias"


def answer(
    operation: str,
    key_policy: str = DIRECT,
    iam_policies: Sequence[str] | None = (),
    *,
    others: Others = Others(),  # noqa: B008
    who: str = APP,
) -> Answer:
    policies = Policies.of_key(key_policy, ())
    if iam_policies is not None:
        policies = policies.with_identity(identity(APP, *iam_policies))
    return ask(Request(Principal.parse(who), operation, KEY), policies, others)


def other_key(policy: str, *iam_policies: str) -> Others:
    policies = replace(Policies.of_key(policy, ()).with_identity(identity(APP, *iam_policies)))
    return Others(key=KEY_2, policies=policies, alias=ALIAS)


class TestAliases:
    @pytest.mark.parametrize("operation", ["kms:CreateAlias", "kms:DeleteAlias"])
    def test_the_key_half_alone_is_no_yes(self, operation: str) -> None:
        """`can … kms:CreateAlias` said "Yes" where only the key policy allowed it."""
        assert answer(operation).outcome is SILENT
        assert answer(operation, iam_policies=None).outcome is OPEN
        both = answer(operation, iam_policies=[iam(iam_allow(ON_ALIASES))])
        assert (both.outcome, both.word) == (ALLOWED, "yes")

    def test_nor_is_the_alias_half(self) -> None:
        text = policy_text(allow({"AWS": ROOT}, "kms:Decrypt"))
        assert answer("kms:CreateAlias", text, [iam(iam_allow())]).outcome is SILENT

    def test_key_policies_have_no_say_about_aliases(self) -> None:
        found = answer("kms:CreateAlias", policy_text(allow("*")))
        assert found.outcome is SILENT
        assert "on the alias" in found.sentence

    def test_which_alias_matters_where_policies_tell_them_apart(self) -> None:
        named = [iam(iam_allow(ON_ALIASES, Resource=[ALIAS, "arn:aws:kms:*:*:alias/team-*"]))]
        asked = answer("kms:CreateAlias", iam_policies=named)
        assert (asked.outcome, asked.word) == (OPEN, "incomplete")
        for name, expected in (("app", ALLOWED), ("team-a", ALLOWED), ("other", SILENT)):
            alias = Others(alias=ALIAS.replace("app", name))
            found = answer("kms:CreateAlias", iam_policies=named, others=alias)
            assert found.outcome is expected
        refusing = {**iam_allow(ON_ALIASES, Resource=ALIAS), "Effect": "Deny"}
        some = [iam(iam_allow(ON_ALIASES), refusing)]
        assert answer("kms:CreateAlias", iam_policies=some).word == "incomplete"
        denied = answer("kms:CreateAlias", iam_policies=some, others=Others(alias=ALIAS))
        assert denied.outcome is DENIED
        elsewhere = [iam(iam_allow(ON_ALIASES, Resource=ALIAS.replace("eu-west-1", "us-east-1")))]
        assert answer("kms:CreateAlias", iam_policies=elsewhere).outcome is SILENT

    def test_a_key_permission_is_not_one_on_aliases(self) -> None:
        on_keys = [iam(iam_allow(Resource="arn:aws:kms:*:*:key/*"))]
        assert answer("kms:CreateAlias", iam_policies=on_keys).outcome is SILENT

    def test_updating_needs_both_keys_and_the_alias(self) -> None:
        permitting = iam(iam_allow(ON_ALIASES))
        alone = answer("kms:UpdateAlias", iam_policies=[permitting])
        assert (alone.outcome, alone.word) == (OPEN, "incomplete")
        assert [need.role for need in alone.missing] == ["the key that the alias names now"]
        for theirs, expected in ((DIRECT, ALLOWED), (policy_text(), SILENT)):
            others = other_key(theirs, permitting)
            found = answer("kms:UpdateAlias", iam_policies=[permitting], others=others)
            assert found.outcome is expected

    def test_the_root_user_needs_no_iam_policy_and_strangers_cannot(self) -> None:
        assert answer("kms:CreateAlias", DEFAULT, None, who=ROOT).outcome is ALLOWED
        theirs = policy_text(allow({"AWS": OTHER}))
        assert answer("kms:CreateAlias", theirs, None, who=OTHER).outcome is SILENT

    def test_a_role_is_said_to_create_aliases_only_with_both(self) -> None:
        facts = KeyFacts(KEY, "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT")
        silent = role_effect(identity(APP), DIRECT, facts)
        assert "kms:CreateAlias" in silent.actions(Mark.NO)
        assert "kms:Decrypt" in silent.actions(Mark.YES)
        both = role_effect(identity(APP, iam(iam_allow(ON_ALIASES))), DIRECT, facts)
        assert "kms:CreateAlias" in both.actions(Mark.YES)


class TestKeys:
    @pytest.mark.parametrize("operation", ["kms:ReEncrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo"])
    def test_reencryption_needs_both_keys(self, operation: str) -> None:
        alone = answer(operation)
        assert (alone.outcome, alone.word) == (OPEN, "incomplete")
        assert "needs kms:ReEncrypt" in alone.sentence
        for theirs, expected in ((DIRECT, ALLOWED), (policy_text(), SILENT)):
            assert answer(operation, others=other_key(theirs)).outcome is expected

    def test_the_keys_are_known_to_conditions(self) -> None:
        same = {"Bool": {"kms:ReEncryptOnSameKey": "true"}}
        text = policy_text(allow({"AWS": APP}, Condition=same))
        assert answer("kms:ReEncrypt", text, others=other_key(DIRECT)).outcome is SILENT
        policies = Policies.of_key(text, ())
        both = Others(key=KEY, policies=policies)
        assert answer("kms:ReEncrypt", text, others=both).outcome is ALLOWED

    def test_a_replica_needs_create_key_in_its_region(self) -> None:
        assert answer("kms:ReplicateKey").outcome is SILENT
        anywhere = [iam(iam_allow("kms:CreateKey"))]
        assert answer("kms:ReplicateKey", iam_policies=anywhere).outcome is ALLOWED
        here = {"StringEquals": {"aws:RequestedRegion": "us-east-1"}}
        there = [iam(iam_allow("kms:CreateKey", Condition=here))]
        assert answer("kms:ReplicateKey", iam_policies=there).outcome is OPEN
        for region, expected in (("us-east-1", ALLOWED), ("eu-west-1", SILENT)):
            others = Others(region=region)
            found = answer("kms:ReplicateKey", iam_policies=there, others=others)
            assert found.outcome is expected
        only = {"StringEquals": {"kms:ReplicaRegion": "us-east-1"}}
        text = policy_text(allow({"AWS": APP}, Condition=only))
        found = answer("kms:ReplicateKey", text, anywhere, others=Others(region="us-west-2"))
        assert found.outcome is SILENT

    def test_a_new_primary_needs_the_replica(self) -> None:
        assert answer("kms:UpdatePrimaryRegion").word == "incomplete"
        assert answer("kms:UpdatePrimaryRegion", others=other_key(DIRECT)).outcome is ALLOWED


def test_each_permission_stands_with_its_resource() -> None:
    others = other_key(policy_text())
    lines = [line.text for line in answer("kms:UpdateAlias", others=others).explain()]
    assert lines[0] == "No: kms:UpdateAlias needs 3 permissions, each on its own resource."
    assert f"kms:UpdateAlias on the key that the alias shall name {KEY}:" in lines
    assert f"kms:UpdateAlias on the alias {ALIAS}:" in lines
    assert f"kms:UpdateAlias on the key that the alias names now {KEY_2}:" in lines
    assert sum(line.startswith("Not considered: ") for line in lines) == 1


def test_an_operation_of_one_permission_is_asked_as_before() -> None:
    found = answer("kms:Decrypt")
    assert (found.outcome, found.missing, len(found.parts)) == (Outcome.ALLOWED, (), 1)


@pytest.mark.parametrize(
    ("pair", "known", "halves"),
    [
        ("aws:SourceVpce=vpce-1", (), ("aws:SourceVpce", "vpce-1")),
        ("a=b=c", (), ("a", "b=c")),
        ("aws:PrincipalTag/a=b=c", ("aws:principaltag/a=b",), ("aws:PrincipalTag/a=b", "c")),
        ("aws:PrincipalTag/a=b=c", ("aws:principaltag/a",), ("aws:PrincipalTag/a", "b=c")),
        (r"aws:PrincipalTag/a\=b=c=d", (), ("aws:PrincipalTag/a=b", "c=d")),
        ("a=", (), ("a", "")),
        ("nonsense", (), None),
        ("=x", (), None),
    ],
)
def test_a_condition_key_may_hold_an_equals_sign(
    pair: str, known: tuple[str, ...], halves: tuple[str, str] | None
) -> None:
    assert key_and_value(pair, known) == halves


def test_the_conditions_that_policies_ask_about_are_known() -> None:
    condition = {"StringEquals": {"aws:PrincipalTag/a=b": "c"}}
    policies = Policies(compile_key_policy(policy_text(allow("*", Condition=condition))))
    assert policies.condition_keys == {"aws:principaltag/a=b"}
