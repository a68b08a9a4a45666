"""What the rules about keys say of one key: what is wrong, what is not, and what nobody knows."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from kmstui.model import Fact, GrantsRead, Key, KeyFacts, LastUsage, Posture, Rotation, Tag
from kmstui.policy.lint.core import Severity
from kmstui.service.findings.posture import (
    EVERY_RULE,
    Judged,
    NotKnown,
    Subject,
    facts_missing,
    judge_key,
)
from kmstui.service.findings.posture_rules import RULES
from kmstui.service.findings.sharing import Outsider, outsiders
from tests.fakes import IMPORTED, NOW, default_policy
from tests.fakes.world import ACCOUNT, arn_of, metadata_of
from tests.make_posture_page import PAGE, page

OTHER, THIRD = "111122223333", "999988887777"
LONG_AGO = NOW - timedelta(days=400)
FINE = KeyFacts(
    last_use=LastUsage(NOW - timedelta(days=2), "Decrypt", LONG_AGO),
    rotation=Rotation(enabled=True, period_days=365),
    grants=GrantsRead(0),
)
OFF = replace(FINE, rotation=Rotation(enabled=False))


def key(facts: KeyFacts = FINE, tags: tuple[Tag, ...] | None = (), **metadata: Any) -> Key:
    return Key.of(IMPORTED, arn_of(IMPORTED), metadata_of(**metadata), facts=facts, tags=tags)


def judged(about: Key, aliases: tuple[str, ...] = ("alias/app",), **more: Any) -> Judged:
    wanted = more.pop("wanted", Posture())
    outside = more.pop("outside", ())
    subject = Subject(about, aliases, wanted, NOW, outside=outside, **more)
    return judge_key(subject, RULES.values())


def ids(found: Judged) -> list[str]:
    return [each.rule for each in found.found]


def test_an_ordinary_key_that_was_read_has_no_finding_and_nothing_is_open():
    assert judged(key()) == Judged()


# Each key with what is found, and what must be said of it.
FOUND = [
    (key(OFF), "KEY01", "Automatic rotation is off; the key was created on 2025-06-01"),
    (key(valid_to=NOW + timedelta(days=9), origin="EXTERNAL"), "KEY03", "2026-03-10, in 9 days"),
    (key(state="PendingImport", origin="EXTERNAL"), "KEY03", "no key material"),
    (key(state="PendingDeletion", deletion=NOW + timedelta(days=1)), "KEY04", "in 1 day"),
    (key(state="PendingReplicaDeletion"), "KEY04", "once its replicas are"),
    (
        key(replace(FINE, last_use=LastUsage(LONG_AGO, "Sign", LONG_AGO)), state="Disabled"),
        "KEY05",
        "It is disabled, and it was last used (Sign) on 2025-01-25, 400 days ago",
    ),
    (
        key(replace(FINE, last_use=LastUsage(None, "", LONG_AGO))),
        "KEY06",
        "KMS has seen no use of it since 2025-01-25, when it began to track that",
    ),
]


@pytest.mark.parametrize(("about", "rule", "words"), FOUND)
def test_what_is_wrong_is_told(about: Key, rule: str, words: str):
    found = judged(about)
    assert ids(found) == [rule]
    assert words in found.found[0].message
    assert not found.not_known


# Keys of which a rule that cries wolf would say that they ought to rotate.
NEVER_ROTATE: dict[str, dict[str, Any]] = {
    "asymmetric": {"spec": "RSA_2048", "usage": "SIGN_VERIFY"},
    "HMAC": {"spec": "HMAC_256", "usage": "GENERATE_VERIFY_MAC"},
    "imported": {"origin": "EXTERNAL"},
    "in a custom key store": {"origin": "AWS_CLOUDHSM", "custom_key_store_id": "cks-1"},
    "external": {"origin": "EXTERNAL_KEY_STORE"},
    "a replica": {"multi_region": "REPLICA"},
    "disabled": {"state": "Disabled"},
}


@pytest.mark.parametrize("kind", NEVER_ROTATE)
@pytest.mark.parametrize("facts", [OFF, replace(FINE, rotation=None), replace(FINE, rotation="no")])
def test_what_cannot_rotate_by_itself_here_is_not_asked_to(kind: str, facts: KeyFacts):
    assert judged(key(facts, **NEVER_ROTATE[kind])) == Judged()


def test_a_key_that_is_to_be_deleted_needs_nothing_any_more():
    going = key(
        KeyFacts(), state="PendingDeletion", deletion=NOW + timedelta(days=40),
        valid_to=NOW + timedelta(days=1), origin="EXTERNAL",
    )  # fmt: skip
    wanted = Posture(required_tags=("owner",))
    found = judged(going, aliases=(), wanted=wanted, outside=(Outsider(OTHER, "Decrypt"),))
    assert found == Judged(), "nothing to rotate, name, tag or share, and the day is far"


def test_material_that_expires_within_a_week_is_an_error_and_severities_are_a_persons_own():
    soon = key(valid_to=NOW + timedelta(days=3), origin="EXTERNAL")
    assert judged(soon).found[0].severity is Severity.ERROR
    wanted = Posture(severity=(("KEY03", "info"),))
    assert judged(soon, wanted=wanted).found[0].severity is Severity.INFO
    assert judged(soon, wanted=Posture(expiry_days=2)) == Judged()


def test_what_was_not_read_is_not_known_and_never_fine():
    found = judged(key(KeyFacts(), tags=None), outside=None, wanted=Posture(required_tags=("a",)))
    assert ids(found) == []
    assert [each.rule for each in found.not_known] == ["KEY01", "KEY06", "KEY08", "KEY09", "KEY09"]
    assert list(facts_missing(found)) == [Fact.ROTATION, Fact.LAST_USE, Fact.GRANTS]


def test_what_was_refused_tells_why_and_is_not_asked_again():
    facts = KeyFacts(
        last_use="Denied: use.", rotation="Denied: rotation.", grants="Denied: grants."
    )
    found = judged(
        key(facts), outside="Denied: policy.", aliases=(), aliases_problem="Denied: all."
    )
    assert {(each.rule, each.why) for each in found.not_known} == {
        ("KEY01", "Denied: rotation."), ("KEY06", "Denied: use."), ("KEY07", "Denied: all."),
        ("KEY09", "Denied: policy."), ("KEY09", "Denied: grants."),
    }  # fmt: skip
    assert not list(facts_missing(found))


def test_a_key_that_may_not_be_described_is_not_known_to_any_rule():
    about = Key.of(IMPORTED, arn_of(IMPORTED), None, problem="Denied.")
    assert judged(about) == Judged((), (NotKnown(EVERY_RULE, "Denied."),))


def test_use_that_is_tracked_for_too_short_a_time_is_not_said_to_be_none():
    lately = LastUsage(None, "", NOW - timedelta(days=10))
    found = judged(key(replace(FINE, last_use=lately)))
    assert ids(found) == []
    assert "since 2026-02-19, when it began to track that" in found.not_known[0].why


def test_a_young_key_is_not_unused():
    young: dict[str, Any] = {"created": NOW - timedelta(days=5)}
    never = replace(FINE, last_use=LastUsage(None, "", NOW - timedelta(days=5)))
    for state in ("Enabled", "Disabled"):
        assert judged(key(never, state=state, **young)) == Judged()
        assert judged(key(replace(FINE, last_use=None), state=state, **young)) == Judged()


def test_tags_that_are_missing_are_named_and_other_letters_are_told():
    wanted = Posture(required_tags=("owner", "env"))
    about = key(tags=(Tag("Owner", "me"), Tag("env", "")))
    assert [each.message for each in judged(about, wanted=wanted).found] == [
        "It lacks the tag owner; it has Owner, in other letters"
    ]


def test_a_period_is_too_long_only_for_whom_asks_for_a_shorter_one():
    assert judged(key(), wanted=Posture(rotation_days=365)) == Judged()
    (found,) = judged(key(), wanted=Posture(rotation_days=180)).found
    assert (found.rule, found.message) == ("KEY02", "It rotates every 365 days, at most 180 wanted")


def test_keys_of_aws_are_judged_where_a_customer_key_is_wanted_alone():
    about = key(KeyFacts(last_use=FINE.last_use), manager="AWS")
    aliases = ("alias/aws/ebs",)
    assert judged(about, aliases) == Judged()
    assert judged(about, aliases, wanted=Posture(customer_keys=("s3",))) == Judged()
    for wanted in ("ebs", "all"):
        found = judged(about, aliases, wanted=Posture(customer_keys=(wanted,)))
        assert ids(found) == ["KEY10"]
    unread = judged(
        replace(about, facts=KeyFacts()), aliases, wanted=Posture(customer_keys=("all",))
    )
    assert list(facts_missing(unread)) == [Fact.LAST_USE]


def policy_of(*statements: dict[str, Any]) -> str:
    whole: dict[str, Any] = json.loads(default_policy())
    each = [{"Effect": "Allow", "Resource": "*", **statement} for statement in statements]
    return json.dumps(whole | {"Statement": [*whole["Statement"], *each]})


def account(number: str, **more: Any) -> dict[str, Any]:
    return {"Principal": {"AWS": f"arn:aws:iam::{number}:root"}, "Action": "kms:Decrypt"} | more


def test_an_account_that_the_policy_lets_in_is_outside_unless_it_is_ones_own():
    text = policy_of(account(OTHER), account(THIRD, Action="kms:Encrypt"))
    assert outsiders(text, key(), ()) == (Outsider(OTHER, "Decrypt"), Outsider(THIRD, "Encrypt"))
    assert outsiders(text, key(), (OTHER,)) == (Outsider(THIRD, "Encrypt"),)
    assert outsiders(default_policy(), key(), ()) == ()


def test_a_role_of_another_account_and_a_condition_on_it_are_found_and_a_denial_counts():
    role = f"arn:aws:iam::{OTHER}:role/reader"
    named = account(OTHER, Principal={"AWS": role})
    only = {"StringEquals": {"kms:CallerAccount": OTHER}}
    by_condition = account(OTHER, Principal={"AWS": "*"}, Condition=only)
    denied = account(OTHER, Effect="Deny", Action="kms:*")
    assert outsiders(policy_of(named), key(), ()) == (Outsider(OTHER, "Decrypt"),)
    assert outsiders(policy_of(by_condition), key(), ()) == (Outsider(OTHER, "Decrypt"),)
    assert outsiders(policy_of(account(OTHER), denied), key(), ()) == ()


def test_an_account_in_a_denial_or_behind_a_perimeter_is_not_let_in():
    perimeter = {
        "Effect": "Deny", "Principal": "*", "Action": "kms:*",
        "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-mine123456"}},
    }  # fmt: skip
    assert outsiders(policy_of(account(OTHER), perimeter), key(), ()) == ()
    assert outsiders(policy_of(account(OTHER, Effect="Deny")), key(), ()) == ()


def test_an_organization_is_told_as_an_info_unless_it_is_ones_own():
    members = {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}
    text = policy_of({"Principal": "*", "Action": "kms:Decrypt", "Condition": members})
    found = outsiders(text, key(), ())
    assert found == (Outsider("o-a1b2c3d4e5", ""),)
    (told,) = judged(key(), outside=found).found
    assert (told.rule, told.severity) == ("KEY09", Severity.INFO)
    assert outsiders(text, key(), ("o-a1b2c3d4e5",)) == ()


def test_everybody_in_aws_is_for_the_linter_to_tell():
    text = policy_of({"Principal": "*", "Action": "kms:Decrypt"})
    assert outsiders(text, key(), ()) == ()


def test_grants_of_other_accounts_are_told_beside_the_policy():
    shared = key(replace(FINE, grants=GrantsRead(2, (OTHER, THIRD))))
    (told,) = judged(shared, outside=(Outsider(OTHER, "Decrypt"),)).found
    assert told.message == (
        f"Outside the account: account {OTHER} may Decrypt; by a grant account {OTHER}, {THIRD}"
    )
    assert told.severity is Severity.WARNING
    own = Posture(own_accounts=(OTHER, THIRD))
    assert judged(shared, wanted=own) == Judged()


def test_a_key_of_another_account_is_for_its_owner_to_judge():
    assert judged(replace(key(KeyFacts()), shared=True)) == Judged()


def test_every_rule_says_what_why_where_and_what_to_do():
    assert list(RULES) == [f"KEY{number:02d}" for number in range(1, len(RULES) + 1)]
    for each in RULES.values():
        assert each.flags.endswith(".") and each.why.endswith("."), each.id
        assert each.url.startswith("https://docs.aws.amazon.com/"), each.id
        assert each.remedies, each.id
    assert {each.words for each in RULES["KEY01"].controls} >= {
        "AWS Security Hub KMS.4", "CIS AWS Foundations Benchmark v5.0.0 3.6",
        "PCI DSS v4.0.1 3.7.4",
    }  # fmt: skip
    assert ACCOUNT != OTHER


def test_the_page_of_the_rules_is_up_to_date():
    assert PAGE.read_text("utf-8") == page(), "python -m tests.make_posture_page"
