import pytest

from kmstui.demo.kms.keys import SPECS as EMBEDDED_SPECS
from kmstui.demo.kms.keys import allowed_usages
from kmstui.model import KeyCreation, Tag
from kmstui.policy.authoring import Template
from kmstui.policy.lint.core import Severity
from kmstui.policy.lint.linter import lint
from kmstui.service.editing.templates import read_library
from kmstui.service.errors import AccessDeniedError, InvalidInputError
from kmstui.service.keys.creation import SPECS, creation_policies, specs_for
from tests.fakes import IMPORTED


async def test_a_key_is_created_with_its_alias_and_tags(bench):
    creation = KeyCreation(description="For tests", tags=(Tag("project", "x"),))
    key, sentence = await bench.keys.create(creation, "team/created")
    assert f"Key {key.id} was created" in sentence
    assert f"alias/team/created is now the name of key {key.id}" in sentence
    held = bench.store.keys[key.id]
    assert (held.metadata.description, held.tags) == ("For tests", (Tag("project", "x"),))
    created, named = await bench.entries()
    assert created[:2] == ("kms:CreateKey", "alias/team/created")
    assert created[3]["tags"] == {"project": "x"}
    assert named[:2] == ("kms:CreateAlias", "alias/team/created")
    records = await bench.journal.changes()
    assert records[-1].detail == key.id


async def test_a_refused_alias_does_not_hide_the_key(bench):
    bench.gateway.fail("kms:CreateAlias", AccessDeniedError("your role may not"))
    key, sentence = await bench.keys.create(KeyCreation(), "new")
    assert key.id in bench.store.keys
    assert "Its alias was not" in sentence
    assert "your role may not" in sentence


@pytest.mark.parametrize(
    ("creation", "alias", "said"),
    [
        (
            KeyCreation(spec="RSA_2048", usage="KEY_AGREEMENT"),
            "",
            "does not create keys of spec RSA_2048",
        ),
        (KeyCreation(spec="SM2", usage="SIGN_VERIFY"), "", "does not create keys of spec SM2"),
        (KeyCreation(description="x" * 8193), "", "8,193 characters"),
        (KeyCreation(), "bad name", "cannot contain a space"),
        (KeyCreation(), "ImportedCMK", f"names {IMPORTED} (alias/ImportedCMK)"),
        (KeyCreation(tags=tuple(Tag(f"k{n}", "") for n in range(51))), "", "not 51"),
        (KeyCreation(tags=(Tag("aws:x", ""),)), "", "aws:"),
        (KeyCreation(policy="x" * 40_000), "", "40,000 bytes"),
    ],
)
async def test_what_kms_would_refuse_is_not_sent(bench, creation, alias, said):
    with pytest.raises(InvalidInputError) as refused:
        await bench.keys.create(creation, alias)
    assert said in refused.value.sentence
    assert bench.sent == []


def test_the_form_offers_what_kms_makes_and_nothing_else():
    offered = {(usage, spec) for usage in SPECS for spec in specs_for(usage)}
    made = {
        (usage, spec) for spec in EMBEDDED_SPECS if spec != "SM2" for usage in allowed_usages(spec)
    }
    assert offered == made


def test_china_has_sm2_and_no_ml_kem():
    assert "SM2" in specs_for("SIGN_VERIFY", "aws-cn")
    assert "SM2" not in specs_for("GENERATE_VERIFY_MAC", "aws-cn")
    assert specs_for("ENCAPSULATE_DECAPSULATE", "aws-cn") == ()


async def test_policies_offered_are_whole_and_without_errors(bench):
    offered = creation_policies(bench.session, KeyCreation(), read_library(None).templates)
    assert offered[0].text is None
    possible = [each for each in offered[1:] if not each.off]
    assert len(possible) >= 3
    for policy in possible:
        assert policy.text is not None
        assert "${" not in policy.text.replace("${aws:", "")
        assert all(found.severity < Severity.ERROR for found in lint(policy.text))
    left_out = {each.id: each.off for each in offered if each.off}
    assert "It needs admin-role" in left_out["aws.administrators"]


async def test_a_template_that_does_not_suit_the_kind_of_key_is_off(bench):
    creation = KeyCreation(spec="RSA_2048", usage="SIGN_VERIFY")
    offered = creation_policies(bench.session, creation, read_library(None).templates)
    assert "RSA_2048" in next(each.off for each in offered if each.id == "aws.s3")


@pytest.mark.parametrize(
    ("operator", "when", "locks_out"),
    [("DateGreaterThan", "2020", True), ("DateLessThan", "2020", False),
     ("DateGreaterThan", "2099", False)],
)  # fmt: skip
async def test_a_template_that_locks_out_as_it_is_by_the_clock_is_off(
    bench, operator, when, locks_out
):
    deny = {
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": "kms:*",
        "Resource": "*",
        "Condition": {operator: {"aws:CurrentTime": f"{when}-01-01T00:00:00Z"}},
    }
    template = Template("own.deny", "Deny", "Yours", "Denies.", (deny,))
    _, offered = creation_policies(bench.session, KeyCreation(), [template])
    assert ("You could not change the policy afterwards" in offered.off) == locks_out
