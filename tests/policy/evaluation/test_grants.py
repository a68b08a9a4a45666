"""Who gets what by a grant, and who may retire it: nobody whom the grant does not name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kmstui.model import Grant
from kmstui.policy.access.table import KeyFacts, Mark, access_table, role_effect
from kmstui.policy.evaluation.explanation import explain, reason_sentence
from kmstui.policy.evaluation.outcome import Reason
from kmstui.policy.iam.conditions import Doubt
from kmstui.policy.iam.requests import Context
from tests.policy.asking import (
    ACCOUNT,
    ALLOWED,
    ANNA,
    APP,
    DENIED,
    KEY,
    OPEN,
    OTHER,
    ROOT,
    S3,
    SESSION,
    SILENT,
    STRANGER,
    ask,
    iam,
    iam_allow,
    identity,
    outcome,
)
from tests.policy.lockouts import allow, deny, policy_text

CLOSED = policy_text(allow({"AWS": APP}, "kms:DescribeKey"))
DEFAULT = policy_text(allow({"AWS": ROOT}))
RETIRE = "kms:RetireGrant"
NOBODY: dict[str, Any] = {"identity_policies": []}
EVERYBODY = [ANNA, APP, SESSION, STRANGER, S3, "logs.amazonaws.com", "*", OTHER]
VOLUME = f"arn:aws:ec2:eu-west-1:{ACCOUNT}:volume/vol-1"


def grant(grantee: str = "", *operations: str, **more: Any) -> Grant:
    return Grant("g1", KEY, grantee, operations or ("Decrypt",), **more)


class TestRetiring:
    """https://docs.aws.amazon.com/kms/latest/developerguide/grant-delete.html"""

    @pytest.mark.parametrize("who", EVERYBODY)
    def test_a_grant_without_retiring_principal_lets_no_stranger_retire_it(self, who: str) -> None:
        """It did let everybody: an empty name was taken for an empty parent."""
        assert outcome(CLOSED, who, RETIRE, grants=[grant(APP)], **NOBODY) is SILENT

    @pytest.mark.parametrize("who", EVERYBODY)
    def test_nor_do_key_policies_with_everything_for_everybody(self, who: str) -> None:
        """ "The kms:RetireGrant permission is not effective in a key policy"."""
        text = policy_text(allow("*"))
        decision = ask(text, who, RETIRE, grants=[grant(APP)], **NOBODY)
        assert (decision.outcome, decision.reason) == (SILENT, Reason.NO_GRANT)
        assert "a key policy cannot allow kms:RetireGrant" in reason_sentence(decision)

    def test_a_deny_of_the_key_policy_is_not_effective_one_of_iam_is(self) -> None:
        own = [grant(STRANGER, retiring=ANNA)]
        assert outcome(policy_text(deny("*")), ANNA, RETIRE, grants=own, **NOBODY) is ALLOWED
        refusing = [iam({**iam_allow(RETIRE), "Effect": "Deny"})]
        assert outcome(DEFAULT, ANNA, RETIRE, grants=own, identity_policies=refusing) is DENIED

    def test_the_retiring_principal_may_whatever_iam_says(self) -> None:
        for who in (ANNA, STRANGER, S3):
            service = who == S3
            names = {"retiring_service": who} if service else {"retiring": who}
            decision = ask(CLOSED, who, RETIRE, grants=[grant(APP, **names)], **NOBODY)
            assert (decision.outcome, decision.reason) == (ALLOWED, Reason.GRANT)
            assert [each.id for each in decision.grants] == ["g1"]

    def test_the_grantee_may_only_if_the_grant_includes_it(self) -> None:
        for who in (APP, SESSION):
            with_it = [grant(APP, "Decrypt", "RetireGrant")]
            assert outcome(CLOSED, who, RETIRE, grants=with_it, **NOBODY) is ALLOWED
            assert outcome(CLOSED, who, RETIRE, grants=[grant(APP)], **NOBODY) is SILENT

    def test_constraints_do_not_apply_to_it(self) -> None:
        limited = grant(
            APP, "Decrypt", "RetireGrant", source_arn=VOLUME, context_equals=(("App", "pay"),)
        )
        assert outcome(CLOSED, APP, RETIRE, grants=[limited], **NOBODY) is ALLOWED

    def test_the_account_of_the_key_may_and_whom_its_iam_policies_let(self) -> None:
        own = [grant(STRANGER)]
        assert outcome(CLOSED, ROOT, RETIRE, grants=own) is ALLOWED
        let = ask(CLOSED, ANNA, RETIRE, grants=own, identity_policies=[iam(iam_allow())])
        assert (let.outcome, let.reason) == (ALLOWED, Reason.GRANT)
        assert ask(CLOSED, ANNA, RETIRE, grants=own).doubts == (Doubt.IAM,)
        assert outcome(CLOSED, ANNA, RETIRE, grants=own, **NOBODY) is SILENT

    def test_it_may_also_before_there_is_a_grant(self) -> None:
        decision = ask(CLOSED, ANNA, RETIRE, grants=[], identity_policies=[iam(iam_allow())])
        assert (decision.outcome, decision.reason) == (ALLOWED, Reason.ACCOUNT_RETIRES)
        assert "may retire grants that were created in it" in reason_sentence(decision)

    def test_a_retiring_account_passes_it_on_by_iam(self) -> None:
        theirs = [grant(APP, retiring=f"arn:aws:iam::{OTHER}:root")]
        permitting = [iam(iam_allow())]
        assert outcome(CLOSED, OTHER, RETIRE, grants=theirs) is ALLOWED
        assert outcome(CLOSED, STRANGER, RETIRE, grants=theirs, **NOBODY) is SILENT
        more = {"grants": theirs, "identity_policies": permitting}
        assert outcome(CLOSED, STRANGER, RETIRE, **more) is ALLOWED

    def test_an_account_that_issued_a_grant_on_the_key_of_another_is_open(self) -> None:
        theirs = [grant(APP, issuing_account=f"arn:aws:iam::{OTHER}:root")]
        assert ask(CLOSED, OTHER, RETIRE, grants=theirs).doubts == (Doubt.ISSUER,)
        assert outcome(CLOSED, STRANGER, RETIRE, grants=theirs, **NOBODY) is SILENT

    def test_grants_that_were_not_read_leave_it_open(self) -> None:
        decision = ask(policy_text(allow({"AWS": ANNA})), ANNA, RETIRE, **NOBODY)
        assert (decision.outcome, decision.doubts) == (OPEN, (Doubt.GRANTS,))
        assert reason_sentence(decision).startswith("The grants were not read, and a grant alone")

    def test_table_role_and_question_give_one_answer(self) -> None:
        facts = KeyFacts(KEY, "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT")
        grants = [grant(STRANGER, "CreateGrant", retiring=APP), grant(ANNA, "RetireGrant")]
        people = [identity(APP), identity(ANNA)]
        table = access_table(CLOSED, facts, grants=grants, identities=people)
        for who, expected in ((APP, Mark.YES), (ANNA, Mark.YES), (STRANGER, Mark.NO)):
            (row,) = (each for each in table.rows if each.principal.name == who)
            parts = [part for cell in row.cells for part in cell.parts if RETIRE in part.actions]
            assert [(part.actions, part.mark) for part in parts] == [((RETIRE,), expected)]
            asked = outcome(CLOSED, who, RETIRE, grants=grants, **NOBODY)
            assert (asked is ALLOWED) is (expected is Mark.YES)
        effect = role_effect(identity(APP), CLOSED, facts, grants=grants)
        assert RETIRE in effect.actions(Mark.YES)


class TestGrantees:
    """https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateGrant.html"""

    @pytest.mark.parametrize("who", EVERYBODY)
    def test_a_grant_for_a_service_alone_gives_nobody_else_anything(self, who: str) -> None:
        found = outcome(CLOSED, who, grants=[grant(grantee_service=S3)], **NOBODY)
        assert found is (ALLOWED if who == S3 else SILENT)

    def test_a_grant_that_names_nobody_is_for_nobody(self) -> None:
        for who in [*EVERYBODY, ROOT]:
            assert outcome(CLOSED, who, grants=[grant()], **NOBODY) is SILENT

    def test_one_that_could_not_be_read_leaves_open_what_grants_can_give(self) -> None:
        def unread_one(grantee: str) -> Grant:
            return replace(grant(grantee, unread="it is not a structure"), operations=())

        for unread in (unread_one(""), unread_one(APP)):
            for action in ("kms:Decrypt", RETIRE):
                decision = ask(CLOSED, APP, action, grants=[unread], **NOBODY)
                assert decision.doubts == (Doubt.GRANT_UNREAD,)
            assert outcome(CLOSED, APP, "kms:PutKeyPolicy", grants=[unread], **NOBODY) is SILENT
        assert outcome(CLOSED, APP, grants=[unread_one(ANNA)], **NOBODY) is SILENT

    def test_the_unique_id_of_a_deleted_role_is_nobody(self) -> None:
        assert outcome(CLOSED, APP, grants=[grant("AROACKCEVSQ6C2EXAMPLE")], **NOBODY) is SILENT

    def test_a_grant_for_one_session_hangs_on_the_session_when_the_role_is_asked_about(
        self,
    ) -> None:
        grants = [grant(SESSION)]
        assert outcome(CLOSED, SESSION, grants=grants, **NOBODY) is ALLOWED
        assert outcome(CLOSED, SESSION[:-1] + "4", grants=grants, **NOBODY) is SILENT
        decision = ask(CLOSED, APP, grants=grants, **NOBODY)
        assert decision.doubts == (Doubt.SESSION,)
        assert "it depends on the session i-0123" in reason_sentence(decision)

    def test_a_grant_for_an_account_is_open_for_whom_iam_lets(self) -> None:
        for name in (ROOT, ACCOUNT):
            assert outcome(CLOSED, ROOT, grants=[grant(name)]) is ALLOWED
            assert outcome(CLOSED, ANNA, grants=[grant(name)], **NOBODY) is SILENT
            let = ask(CLOSED, ANNA, grants=[grant(name)], identity_policies=[iam(iam_allow())])
            assert let.doubts == (Doubt.GRANTEE_ACCOUNT,)


class TestConstraints:
    """https://docs.aws.amazon.com/kms/latest/APIReference/API_GrantConstraints.html"""

    SOURCE = grant(
        "", "Decrypt", "GetPublicKey", "DescribeKey", grantee_service=S3, source_arn=VOLUME
    )

    def test_a_source_arn_is_asked_for(self) -> None:
        asked: dict[str, Any] = {"grants": [self.SOURCE]}
        for action in ("kms:Decrypt", "kms:GetPublicKey", "kms:DescribeKey"):
            open_ = ask(CLOSED, S3, action, **asked)
            assert (open_.outcome, open_.missing_keys) == (OPEN, ("aws:SourceArn",))
            ours = Context.of({"aws:SourceArn": VOLUME})
            assert outcome(CLOSED, S3, action, context=ours, **asked) is ALLOWED
            theirs = Context.of({"aws:SourceArn": VOLUME + "2"})
            assert outcome(CLOSED, S3, action, context=theirs, **asked) is SILENT
        absent = Context.of(absent=["aws:SourceArn"])
        assert outcome(CLOSED, S3, context=absent, **asked) is SILENT
        assert outcome(CLOSED, S3, "kms:DescribeKey", context=absent, **asked) is OPEN

    def test_a_role_asks_on_behalf_of_no_resource(self) -> None:
        assert outcome(CLOSED, APP, grants=[grant(APP, source_arn=VOLUME)], **NOBODY) is SILENT

    def test_one_that_could_not_be_read_leaves_it_open(self) -> None:
        decision = ask(CLOSED, APP, grants=[grant(APP, constraint_unread=True)], **NOBODY)
        assert decision.doubts == (Doubt.GRANT_CONSTRAINT,)

    def test_names_in_an_encryption_context_have_no_case_values_do(self) -> None:
        exact = grant(APP, context_equals=(("App", "pay"),))
        for name, value, expected in (
            ("app", "pay", ALLOWED),
            ("APP", "pay", ALLOWED),
            ("app", "Pay", SILENT),
        ):
            given_context = Context.of(
                {f"kms:EncryptionContext:{name}": value, "kms:EncryptionContextKeys": name}
            )
            found = outcome(CLOSED, APP, grants=[exact], context=given_context, **NOBODY)
            assert found is expected

    @pytest.mark.parametrize("operation", ["Sign", "Verify", "GenerateMac", "GetPublicKey"])
    def test_operations_without_encryption_context_are_not_limited_by_one(
        self, operation: str
    ) -> None:
        exact = grant(APP, operation, context_equals=(("App", "pay"),))
        assert outcome(CLOSED, APP, f"kms:{operation}", grants=[exact], **NOBODY) is ALLOWED

    def test_what_settles_it_is_named(self) -> None:
        subset = grant(APP, context_subset=(("App", "pay"),))
        decision = ask(CLOSED, APP, grants=[subset], **NOBODY)
        assert decision.missing_keys == ("kms:EncryptionContext:App",)
        assert reason_sentence(decision) == (
            "Grant g1 allows kms:Decrypt if kms:EncryptionContext:App fits."
        )

    def test_a_grant_creates_only_grants_that_allow_no_more(self) -> None:
        """…/developerguide/create-grant-overview.html, "Granting CreateGrant permission"."""
        parent = grant(APP, "Decrypt", "CreateGrant")
        for operations, expected in (
            (["Decrypt"], ALLOWED),
            (["Decrypt", "Encrypt"], SILENT),
            (None, OPEN),
        ):
            known = Context.of({} if operations is None else {"kms:GrantOperations": operations})
            found = outcome(
                CLOSED, APP, "kms:CreateGrant", grants=[parent], context=known, **NOBODY
            )
            assert found is expected


@given(
    who=st.sampled_from([ANNA, APP, STRANGER, S3, "*"]),
    grantee=st.sampled_from(["", ANNA, APP, STRANGER, S3]),
    retiring=st.sampled_from(["", ANNA, APP, STRANGER, S3]),
    operations=st.sets(st.sampled_from(["Decrypt", "RetireGrant"])),
)
def test_a_grant_gives_nothing_to_whom_it_does_not_name(
    who: str, grantee: str, retiring: str, operations: set[str]
) -> None:
    one = Grant("g1", KEY, grantee, tuple(operations), retiring=retiring)
    used = who == grantee and "Decrypt" in operations
    retired = who == retiring or (who == grantee and "RetireGrant" in operations)
    for action, given_by_it in (("kms:Decrypt", used), (RETIRE, retired)):
        both_sides = [iam(iam_allow("kms:Decrypt"))]
        found = outcome(CLOSED, who, action, grants=[one], identity_policies=both_sides)
        assert found is (ALLOWED if given_by_it else SILENT)


def test_the_reasoning_names_the_service_that_holds_the_grant() -> None:
    held = replace(TestConstraints.SOURCE, source_arn="")
    lines = [line.text for line in explain(ask(CLOSED, S3, grants=[held]))]
    assert f"Grant g1 to {S3}: Decrypt, GetPublicKey, DescribeKey" in lines
