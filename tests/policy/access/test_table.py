"""The access table shows who can do what, and never hides a condition or a gap."""

from __future__ import annotations

from kmstui.model import Grant
from kmstui.policy.access.groups import AccessGroup, actions_words, group_of, possible_actions
from kmstui.policy.access.table import AccessTable, KeyFacts, Mark, Part, Row, access_table
from kmstui.policy.iam.vocabulary import key_actions
from tests.policy.asking import (
    ACCOUNT,
    ANNA,
    APP,
    KEY,
    ROOT,
    S3,
    STRANGER,
    iam,
    iam_allow,
    identity,
)
from tests.policy.lockouts import allow, deny, policy_text

FACTS = KeyFacts(KEY, "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT")
DEFAULT = policy_text(allow({"AWS": ROOT}))


def row(table: AccessTable, name: str) -> Row:
    return next(each for each in table.rows if name in (each.principal.name, each.principal.short))


def marks(table: AccessTable, name: str) -> dict[AccessGroup, Mark]:
    return {cell.group: cell.mark for cell in row(table, name).cells}


def test_the_default_policy() -> None:
    table = access_table(DEFAULT, FACTS)
    assert marks(table, ROOT)[AccessGroup.ADMINISTER] is Mark.YES
    others = marks(table, f"any other principal of {ACCOUNT}")
    assert set(others.values()) == {Mark.VIA_IAM, Mark.IMPOSSIBLE}
    assert others[AccessGroup.SIGN] is Mark.IMPOSSIBLE
    assert len(table.rows) == 2
    assert "service control policies" in table.not_considered


def test_everybody_who_occurs_has_a_row() -> None:
    text = policy_text(
        allow({"AWS": [ROOT, APP, STRANGER], "Service": S3}),
        deny(
            "*", Condition={"ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/x-*"}}
        ),
    )
    table = access_table(text, FACTS, grants=[Grant("g", KEY, ANNA, ("Decrypt",))])
    shown = {each.principal.short for each in table.rows}
    assert shown >= {"user/anna", "role/app", f"root of {ACCOUNT}"}
    assert f"principals like arn:aws:iam::{ACCOUNT}:role/x-*" in shown


def test_a_condition_is_told_in_words_with_its_statement() -> None:
    inside = {"StringEquals": {"aws:SourceVpce": "vpce-1"}}
    text = policy_text(allow({"AWS": APP}, "kms:Decrypt", Sid="Inside", Condition=inside))
    cell = row(access_table(text, FACTS), APP).cell(AccessGroup.DECRYPT)
    assert cell.mark is Mark.CONDITIONAL
    assert cell.partial
    assert 'statement "Inside"' in cell.words.lower().replace('"inside"', '"Inside"')
    assert "aws:SourceVpce is vpce-1" in cell.words
    spans = [line.span for line in cell.reasoning() if line.span is not None]
    assert text[spans[0].start : spans[0].end].startswith('{"Effect": "Allow"')
    assert any(line.text.startswith("Not considered: ") for line in cell.reasoning())


def test_marks_for_deny_and_for_identity_policies() -> None:
    text = policy_text(allow({"AWS": ROOT}), deny({"AWS": ANNA}, ["kms:Decrypt", "kms:ReEncrypt*"]))
    reading = identity(APP, iam(iam_allow("kms:Decrypt")))
    table = access_table(text, FACTS, identities=[reading])
    assert marks(table, ANNA)[AccessGroup.DECRYPT] is Mark.DENIED
    assert marks(table, ANNA)[AccessGroup.ENCRYPT] is Mark.VIA_IAM
    assert marks(table, APP)[AccessGroup.DECRYPT] is Mark.YES
    assert marks(table, APP)[AccessGroup.ENCRYPT] is Mark.NO


def test_grants_count_for_their_operations_alone() -> None:
    text = policy_text(allow({"AWS": ANNA}, "kms:DescribeKey"))
    grant = Grant("g", KEY, APP, ("Encrypt", "GenerateDataKey"))
    cells = row(access_table(text, FACTS, grants=[grant]), APP)
    encrypt = cells.cell(AccessGroup.ENCRYPT)
    assert encrypt.mark is Mark.YES and encrypt.partial
    allowed = {name for part in encrypt.parts if part.mark is Mark.YES for name in part.actions}
    assert allowed == {"kms:Encrypt", "kms:GenerateDataKey"}
    assert "Grant g allows" in encrypt.words
    assert cells.cell(AccessGroup.DECRYPT).mark is Mark.NO


def test_what_of_an_identity_could_not_be_read_is_said() -> None:
    from dataclasses import replace

    partly = replace(identity(APP, iam(iam_allow("s3:*"))), problem="iam:GetPolicy was refused")
    table = access_table(DEFAULT, FACTS, identities=[partly])
    assert table.problems == ("iam:GetPolicy was refused",)
    assert marks(table, APP)[AccessGroup.DECRYPT] is Mark.VIA_IAM


def _granting(row: Row) -> list[Part]:
    return [part for cell in row.cells for part in cell.parts if part.mark is Mark.YES]


def test_any_text_gives_a_table() -> None:
    for text in ("", "[", '{"Statement": {"Effect": "Allow", "Principal": {"AWS": "nobody"}}}'):
        rows = access_table(text, FACTS).rows
        # The account may retire grants whatever the key policy says.
        may = [part.actions for each in rows for part in _granting(each)]
        assert may == [("kms:RetireGrant",)]
    assert access_table(DEFAULT, KeyFacts("no ARN")).rows is not None


def test_groups_follow_the_key() -> None:
    assert group_of("kms:Decrypt") is AccessGroup.DECRYPT
    assert group_of("kms:GenerateDataKeyPair") is AccessGroup.ENCRYPT
    assert group_of("kms:ListGrants") is AccessGroup.READ
    assert group_of("kms:PutKeyPolicy") is AccessGroup.ADMINISTER
    assert group_of("kms:ScheduleKeyDeletion") is AccessGroup.DELETE
    assert group_of("kms:CreateGrant") is AccessGroup.GRANT
    signing = possible_actions("SIGN_VERIFY", "RSA_2048")
    assert "kms:Sign" in signing and "kms:Encrypt" not in signing
    assert "kms:GenerateDataKey" not in possible_actions("ENCRYPT_DECRYPT", "RSA_2048")
    assert set(possible_actions()) == set(key_actions())
    # Nobody knows what a key of a usage or spec of tomorrow takes.
    assert set(possible_actions("DERIVE", "SYMMETRIC_DEFAULT")) == set(key_actions())
    assert set(possible_actions("SIGN_VERIFY", "FALCON_512")) == set(key_actions())


def test_actions_are_named_as_people_write_them() -> None:
    every = key_actions()
    assert actions_words(frozenset(every)) == f"all {len(every)} actions"
    assert actions_words(frozenset(every) - {"kms:Decrypt"}) == "all actions but Decrypt"
    some = frozenset({"kms:Decrypt", "kms:ReEncryptTo", "kms:ReEncryptFrom", "kms:Encrypt"})
    assert actions_words(some) == "Decrypt, Encrypt, ReEncrypt*"
