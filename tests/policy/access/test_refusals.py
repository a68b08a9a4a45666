"""What control policies and VPC endpoints refuse of the gains and losses by a key policy."""

from __future__ import annotations

import random

import pytest

from kmstui.model import AccountControls, ControlPolicy
from kmstui.policy.access import AccessDiff, Direction, access_diff
from kmstui.policy.evaluation import FULL_ACCESS, NOTHING_READ, Chain
from kmstui.policy.iam import Request, Truth, absent_keys, lookup_for
from tests.policy.access.near_misses import changed, conditions, contexts, sent, statement
from tests.policy.asking import ACCOUNT, ANNA, APP, KEY, ROOT, STRANGER, iam, iam_allow
from tests.policy.evaluation.test_chain import (
    FULL,
    NO_DECRYPT,
    ONLY_S3,
    endpoint,
    iam_deny,
    level,
    rcps,
    scps,
)
from tests.policy.lockouts import allow, deny, policy_text

DEFAULT = policy_text(allow({"AWS": ROOT}))
USE = ["kms:Decrypt", "kms:Encrypt"]
VIA_S3 = {"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}}
REFUSED = "service control policies refuse it today"
LINKED = "the role is service-linked"


def adding(*principals: str, chain: Chain, action: object = USE, **more: object) -> AccessDiff:
    """What it does to allow some principals more than the account."""
    listed = {"AWS": list(principals)} if principals else "*"
    new = policy_text(allow({"AWS": ROOT}), allow(listed, action, **more))
    return access_diff(DEFAULT, new, KEY, chain)


def refused(diff: AccessDiff) -> dict[tuple[str, str], str]:
    """Who and what, and the clause about it."""
    return {(change.who, change.what): change.refused for change in diff.changes}


def test_a_gain_that_a_control_policy_refuses_is_told_and_not_hidden():
    diff = adding(APP, chain=scps(FULL, NO_DECRYPT))
    assert diff.sentences == (
        f"role/app gains Decrypt (if IAM policies allow it → by the key policy); {REFUSED}.",
        "role/app gains Encrypt (if IAM policies allow it → by the key policy).",
    )


def test_what_no_level_allows_is_refused():
    found = refused(adding(APP, chain=scps(FULL, ONLY_S3)))
    assert found == {("role/app", "Decrypt, Encrypt"): REFUSED}


def test_a_loss_of_what_was_refused_is_told_so():
    new = policy_text(allow({"AWS": ROOT}), allow({"AWS": APP}, "kms:Decrypt"))
    diff = access_diff(new, DEFAULT, KEY, scps(FULL, NO_DECRYPT))
    assert [change.direction for change in diff.changes] == [Direction.LOSES]
    assert refused(diff) == {("role/app", "Decrypt"): REFUSED}


def test_principals_that_a_control_policy_tells_apart_are_told_apart():
    not_app = {"StringNotEquals": {"aws:PrincipalArn": APP}}
    chain = scps(FULL, level("ou", FULL_ACCESS, iam(iam_deny(Condition=not_app))))
    found = refused(adding(APP, ANNA, chain=chain, action="kms:Decrypt"))
    assert found[("role/app", "Decrypt")] == ""
    assert found[("user/anna", "Decrypt")] == REFUSED


def test_a_gain_that_passes_under_conditions_says_which():
    not_by_s3 = {"StringNotLikeIfExists": {"kms:ViaService": "s3.*"}}
    chain = scps(FULL, level("ou", FULL_ACCESS, iam(iam_deny(Condition=not_by_s3))))
    found = refused(adding(APP, chain=chain, action="kms:Decrypt"))
    assert found == {("role/app", "Decrypt"): f"{REFUSED}, except when kms:ViaService is like s3.*"}
    assert refused(adding(APP, chain=chain, action="kms:Decrypt", Condition=VIA_S3)) == {
        ("role/app", "Decrypt"): ""
    }


def test_service_control_policies_do_not_bind_service_linked_roles_and_other_accounts():
    found = refused(adding(chain=scps(FULL, NO_DECRYPT), action="kms:Decrypt"))
    assert found[(f"any other role of {ACCOUNT}", "Decrypt")] == f"{REFUSED}, except when {LINKED}"
    assert found[(f"any other user of {ACCOUNT}", "Decrypt")] == REFUSED
    assert found[("any principal of another account", "Decrypt")] == ""


def test_resource_control_policies_bind_other_accounts_too():
    chain = rcps(deny("*", "kms:Decrypt"))
    found = refused(adding(STRANGER, chain=chain, action="kms:Decrypt"))
    assert set(found.values()) == {"resource control policies refuse it today"}


def test_an_organization_that_is_known_settles_its_conditions():
    outside = {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}}
    chain = rcps(deny("*", "kms:Decrypt", Condition=outside))
    assert "except when aws:PrincipalOrgID is o-1" in adding(APP, chain=chain).sentences[0]
    member = chain.with_account(AccountControls(ACCOUNT, organization="o-1"), ACCOUNT)
    assert set(refused(adding(APP, chain=member)).values()) == {""}


def test_an_endpoint_binds_what_goes_through_it_alone():
    chain = endpoint(allow({"AWS": ANNA}, "kms:Decrypt"), name="vpce-1")
    found = refused(adding(APP, ANNA, chain=chain, action="kms:Decrypt"))
    assert found[("user/anna", "Decrypt")] == ""
    clause = found[("role/app", "Decrypt")]
    assert clause.startswith("VPC endpoint policies refuse it today, except when ")
    assert "aws:SourceVpce is absent or other than vpce-1" in clause
    assert "kms:ViaService is present" in clause


def test_an_allow_with_conditions_refuses_where_they_are_not_met():
    """It was said that it could not be worked out when."""
    with_mfa = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    near = {"StringEqualsIfExists": {"aws:SourceVpce": "vpce-1"}}
    allows = (iam_allow("kms:*", Condition=with_mfa), iam_allow("kms:*", Condition=near))
    one = scps(level("root", iam(allows[0])))
    assert refused(adding(APP, chain=one, action="kms:Decrypt")) == {
        ("role/app", "Decrypt"): f"{REFUSED}, except when aws:MultiFactorAuthPresent is true"
    }
    both = scps(level("root", iam(*allows)))
    (clause,) = refused(adding(APP, chain=both, action="kms:Decrypt")).values()
    assert clause == (
        f"{REFUSED}, except when aws:MultiFactorAuthPresent is true;"
        " or aws:SourceVpce is absent or vpce-1"
    )


def test_what_cannot_be_worked_out_is_said():
    unknown = {"StringSimilar": {"aws:SourceVpce": "vpce-1"}}
    chain = scps(level("root", iam(iam_allow("kms:*", Condition=unknown))))
    found = refused(adding(APP, chain=chain, action="kms:Decrypt"))
    assert found == {
        ("role/app", "Decrypt"): (
            "service control policies may refuse it today: when could not be worked out"
        )
    }


def test_what_is_known_of_the_chain_is_not_among_what_was_left_out():
    without = adding(APP, chain=NOTHING_READ).not_considered
    given = adding(APP, chain=scps(FULL)).not_considered
    assert "service control policies" in without
    assert set(without) - set(given) == {"service control policies"}


def drawn_chain(draw: random.Random) -> tuple[Chain, list[list[dict[str, object]]]]:
    """A chain, and the statements that are in it."""
    chain, inside = NOTHING_READ, []

    def condition() -> dict[str, object]:
        return {"Condition": conditions(draw)} if draw.random() < 0.8 else {}

    if draw.random() < 0.7:
        denies = [iam_deny(draw.choice(("kms:Decrypt", "kms:*")), **condition()) for _ in range(2)]
        allows = FULL_ACCESS if draw.random() < 0.8 else iam(iam_allow("kms:*", **condition()))
        chain = chain.with_scps(ACCOUNT, [level("root", allows, *map(iam, denies))])
        inside.append(denies)
    if draw.random() < 0.6:
        denies = [deny("*", draw.choice(("kms:Decrypt", "kms:*")), **condition())]
        chain = chain.with_rcps([level("root", policy_text(*denies))])
        inside.append(denies)
    if draw.random() < 0.5:
        through = [statement(draw), allow("*", "*")]
        policy = ControlPolicy("e", policy_text(*through))
        chain = chain.with_endpoint(policy, draw.choice(("", "vpce-1")))
        inside.append(through)
    return chain, inside


@pytest.mark.parametrize("start", range(0, 240, 40))
def test_brute_force_finds_no_request_that_comes_out_otherwise(start: int) -> None:
    seen = {"refused": 0, "passing": 0}
    for seed in range(start, start + 40):
        draw = random.Random(seed)
        old = [statement(draw) for _ in range(2)]
        new = changed(draw, old)
        chain, inside = drawn_chain(draw)
        diff = access_diff(policy_text(*old), policy_text(*new), KEY, chain)
        asked = contexts(draw, (old, new, *inside), 12)
        for change in diff.changes:
            for principal, requests in zip(change.principals, change.requests, strict=False):
                for context in asked:
                    request = sent(Request(principal, change.actions[0], KEY, context))
                    lookup = lookup_for(request, absent_keys(request.action))
                    if not requests.include(lookup):
                        continue
                    passage = chain.passage(request, lookup, KEY)
                    denies = [each.truth for each in passage.statements if each.deny]
                    if change.refused.endswith("refuse it today"):
                        seen["refused"] += 1
                        assert passage.truth is Truth.NO or Truth.YES in denies, (seed, request)
                    elif not change.refused:
                        seen["passing"] += 1
                        assert passage.truth is Truth.YES, (seed, request)
                        assert set(denies) <= {Truth.NO}, (seed, request)
    assert min(seen.values()) > 50, seen
