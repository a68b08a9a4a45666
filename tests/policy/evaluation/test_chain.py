"""What a request must pass besides what allows it, each rule with the page that states it.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_evaluation.html,
…/orgs_manage_policies_rcps.html, https://docs.aws.amazon.com/kms/latest/developerguide/vpce-connect.html
and https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#policies_session
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kmstui.model import AccountControls, Arn, ControlLevel, ControlPolicy, Grant
from kmstui.policy.access import KeyFacts, Mark, access_table, role_effect
from kmstui.policy.evaluation import CanPut, can_still_administer
from kmstui.policy.evaluation.chain import FULL_ACCESS, NOTHING_READ, SCP, Chain
from kmstui.policy.evaluation.evaluator import Decision
from kmstui.policy.evaluation.explanation import explain, reason_sentence
from kmstui.policy.evaluation.outcome import Reason
from kmstui.policy.iam import Context, Doubt
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
)
from tests.policy.lockouts import allow, deny, policy_text

EVERYBODY = policy_text(allow("*"))
DEFAULT = policy_text(allow({"AWS": ROOT}))
PERMITTING = [iam(iam_allow())]
LINKED = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/ec2.amazonaws.com/AWSServiceRoleForX"
VPCE = "vpce-0aaa"


def iam_deny(action: object = "kms:Decrypt", **more: object) -> dict[str, Any]:
    return {"Effect": "Deny", "Action": action, "Resource": "*", **more}


def level(place: str, *policies: ControlPolicy | str) -> ControlLevel:
    given = (
        each if isinstance(each, ControlPolicy) else ControlPolicy(f"p{index}", each)
        for index, each in enumerate(policies)
    )
    return ControlLevel(place, tuple(given))


def scps(*levels: ControlLevel, account: str = ACCOUNT) -> Chain:
    return NOTHING_READ.with_scps(account, levels)


def rcps(*statements: dict[str, Any]) -> Chain:
    return NOTHING_READ.with_rcps([level("the root r-1", policy_text(*statements))])


def endpoint(*statements: dict[str, Any], name: str = "") -> Chain:
    return NOTHING_READ.with_endpoint(ControlPolicy("e", policy_text(*statements)), name)


FULL = level("the root r-1", FULL_ACCESS)
ONLY_S3 = level("the account", iam(iam_allow("s3:*")))
NO_DECRYPT = level("the unit ou-1", FULL_ACCESS, iam(iam_deny()))
USES_ENDPOINT = Context.of({"aws:SourceVpce": VPCE})


class TestServiceControlPolicies:
    @pytest.mark.parametrize("who", [ANNA, APP, SESSION, ROOT])
    def test_a_deny_at_any_level_binds_all_of_the_account_its_root_user_too(self, who: str):
        for levels in ([NO_DECRYPT, FULL], [FULL, NO_DECRYPT], [FULL, FULL, NO_DECRYPT]):
            denied = ask(EVERYBODY, who, chain=scps(*levels), identity_policies=PERMITTING)
            assert (denied.outcome, denied.reason) == (DENIED, Reason.DENY)
            assert "service control policy p1" in reason_sentence(denied)
        assert ask(EVERYBODY, who, "kms:Encrypt", chain=scps(NO_DECRYPT)).outcome is ALLOWED

    def test_each_level_must_allow_and_the_policies_of_one_level_unite(self):
        kms = iam(iam_allow("kms:*"))
        assert ask(EVERYBODY, APP, chain=scps(FULL, ONLY_S3)).outcome is SILENT
        together = level("the account", iam(iam_allow("s3:*")), kms)
        assert ask(EVERYBODY, APP, chain=scps(FULL, together)).outcome is ALLOWED
        assert ask(EVERYBODY, APP, chain=scps(ONLY_S3, level("b", kms))).outcome is SILENT

    def test_the_level_that_does_not_allow_it_is_named(self):
        decision = ask(EVERYBODY, APP, chain=scps(FULL, ONLY_S3))
        assert decision.reason is Reason.BARRED
        assert (
            "No statement of the service control policies of the account allows kms:Decrypt"
            in reason_sentence(decision)
        )

    def test_they_grant_nothing(self):
        assert ask(DEFAULT, APP, chain=scps(FULL), identity_policies=[]).outcome is SILENT
        assert ask("", ANNA, chain=scps(FULL), identity_policies=PERMITTING).outcome is SILENT

    @pytest.mark.parametrize("who", [S3, "*", LINKED, STRANGER])
    def test_services_service_linked_roles_and_other_accounts_are_not_bound(self, who: str):
        chain = scps(level("the root", iam(iam_deny("*"))))
        decision = ask(EVERYBODY, who, chain=chain, identity_policies=PERMITTING)
        assert decision.outcome is ALLOWED
        assert (f"{SCP} (none apply)" in decision.considered) is (who != STRANGER)
        assert (SCP in decision.not_considered) is (who == STRANGER)

    def test_a_session_that_may_be_a_service_linked_roles_is_not_judged_by_them(self):
        session = f"arn:aws:sts::{ACCOUNT}:assumed-role/AWSServiceRoleForX/s"
        decision = ask(EVERYBODY, session, chain=scps(NO_DECRYPT))
        assert decision.outcome is ALLOWED and SCP in decision.not_considered

    def test_those_of_the_account_that_asks_count_not_those_of_the_keys(self):
        text = policy_text(allow({"AWS": STRANGER}))
        chain = scps(NO_DECRYPT, account=OTHER)
        assert ask(text, STRANGER, chain=chain, identity_policies=PERMITTING).outcome is DENIED

    def test_no_levels_means_that_none_apply(self):
        decision = ask(EVERYBODY, APP, chain=scps())
        assert decision.outcome is ALLOWED
        assert f"{SCP} (none apply)" in decision.considered

    def test_a_condition_of_which_nothing_is_known_leaves_it_open_and_names_the_key(self):
        vpc = {"StringNotEquals": {"aws:SourceVpc": "vpc-1"}}
        chain = scps(level("the root", FULL_ACCESS, iam(iam_deny(Condition=vpc))))
        decision = ask(EVERYBODY, APP, chain=chain)
        assert decision.outcome is OPEN and decision.missing_keys == ("aws:SourceVpc",)
        inside = Context.of({"aws:SourceVpc": "vpc-1"})
        assert ask(EVERYBODY, APP, chain=chain, context=inside).outcome is ALLOWED

    def test_an_allow_under_a_condition_leaves_it_open(self):
        here = {"StringEquals": {"aws:RequestTag/team": "a"}}
        chain = scps(level("the root", iam(iam_allow(Condition=here))))
        decision = ask(EVERYBODY, APP, chain=chain)
        assert decision.outcome is OPEN and decision.missing_keys == ("aws:RequestTag/team",)

    def test_files_that_only_deny_leave_open_whether_full_access_is_beside_them(self):
        """Nobody attaches only Denys: FullAWSAccess stands beside them until it is removed."""
        only = ControlLevel("level 1", (ControlPolicy("d", iam(iam_deny())),), complete=False)
        assert ask(EVERYBODY, APP, chain=scps(only)).outcome is DENIED
        decision = ask(EVERYBODY, APP, "kms:Encrypt", chain=scps(only))
        assert decision.outcome is OPEN and decision.doubts == (Doubt.LEVEL,)
        assert "whether FullAWSAccess" in reason_sentence(decision)
        both = replace(only, policies=(*only.policies, FULL_ACCESS))
        assert ask(EVERYBODY, APP, "kms:Encrypt", chain=scps(both)).outcome is ALLOWED
        assert ask(EVERYBODY, APP, "kms:Encrypt", chain=scps(only, ONLY_S3)).outcome is SILENT
        read = replace(only, complete=True)
        assert ask(EVERYBODY, APP, "kms:Encrypt", chain=scps(read)).outcome is SILENT

    def test_conditions_on_who_asks_are_decided(self):
        spared = {"ArnNotLike": {"aws:PrincipalArn": APP}}
        chain = scps(level("the root", FULL_ACCESS, iam(iam_deny(Condition=spared))))
        assert ask(EVERYBODY, SESSION, chain=chain).outcome is ALLOWED
        assert ask(EVERYBODY, ANNA, chain=chain).outcome is DENIED

    def test_an_action_that_names_no_key_is_bound_too(self):
        chain = scps(level("the root", FULL_ACCESS, iam(iam_deny("kms:ListKeys"))))
        found = ask(DEFAULT, APP, "kms:ListKeys", chain=chain, identity_policies=PERMITTING)
        assert found.outcome is DENIED


class TestResourceControlPolicies:
    @pytest.mark.parametrize("who", [ANNA, SESSION, ROOT, STRANGER, S3, "*"])
    def test_a_deny_binds_whoever_uses_the_key(self, who: str):
        chain = rcps(deny("*", "kms:Decrypt"))
        decision = ask(EVERYBODY, who, chain=chain, identity_policies=PERMITTING)
        assert decision.outcome is DENIED
        assert "resource control policy p0" in reason_sentence(decision)

    def test_a_service_linked_role_is_not_bound(self):
        decision = ask(EVERYBODY, LINKED, chain=rcps(deny("*")))
        assert decision.outcome is ALLOWED
        assert "resource control policies (none apply)" in decision.considered

    def test_retiring_a_grant_is_not_bound(self):
        """ "The kms:RetireGrant permission is not effective in an RCP" (KMS Developer Guide)."""
        chain = rcps(deny("*", "kms:*"))
        grant = Grant("g", KEY, S3, ("Decrypt",), retiring=APP)
        more: dict[str, Any] = {"identity_policies": [], "grants": [grant]}
        assert ask(EVERYBODY, APP, "kms:RetireGrant", chain=chain, **more).outcome is ALLOWED
        assert ask(EVERYBODY, APP, "kms:RevokeGrant", chain=chain).outcome is DENIED

    def test_nothing_need_allow_it_since_the_default_policy_cannot_be_detached(self):
        assert ask(EVERYBODY, APP, chain=rcps(deny("*", "kms:Sign"))).outcome is ALLOWED

    def test_the_documented_perimeter_hangs_on_the_organization(self):
        """The first example of "Resource control policies in AWS KMS"."""
        perimeter = {
            "StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-1"},
            "Bool": {"aws:PrincipalIsAWSService": "false"},
        }
        chain = rcps(deny("*", "kms:*", Condition=perimeter))
        assert ask(EVERYBODY, APP, chain=chain).missing_keys == ("aws:PrincipalOrgID",)
        for org, expected in (("o-1", ALLOWED), ("o-2", DENIED)):
            context = Context.of({"aws:PrincipalOrgID": org})
            assert ask(EVERYBODY, APP, chain=chain, context=context).outcome is expected
        assert ask(EVERYBODY, S3, chain=chain).outcome is ALLOWED

    def test_what_the_question_says_of_who_asks_counts_for_them_too(self) -> None:
        """As it does for the key policy, against what would follow from the principal."""
        ours = {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}
        chain = rcps(deny("*", "kms:*", Condition=ours))
        assert ask(EVERYBODY, S3, chain=chain).outcome is ALLOWED
        told = Context.of({"aws:PrincipalOrgID": "o-a1b2c3d4e5"})
        assert ask(EVERYBODY, S3, chain=chain, context=told).outcome is DENIED

    @pytest.mark.parametrize(
        ("source", "expected"),
        [
            ({}, OPEN),
            ({"aws:SourceAccount": ()}, ALLOWED),
            ({"aws:SourceAccount": ACCOUNT, "aws:SourceOrgID": "o-1"}, ALLOWED),
            ({"aws:SourceAccount": OTHER, "aws:SourceOrgID": "o-2"}, DENIED),
            ({"aws:SourceAccount": OTHER, "aws:SourceOrgID": ()}, DENIED),
        ],
    )
    def test_the_documented_protection_against_confused_deputies(
        self, source: Mapping[str, str], expected: str
    ):
        """The second example of "Resource control policies in AWS KMS"."""
        protection = {
            "StringNotEqualsIfExists": {"aws:SourceOrgID": "o-1"},
            "Null": {"aws:SourceAccount": "false"},
            "Bool": {"aws:PrincipalIsAWSService": "true"},
        }
        chain = rcps(deny("*", "kms:*", Condition=protection))
        assert ask(EVERYBODY, S3, chain=chain, context=Context.of(source)).outcome is expected
        assert ask(EVERYBODY, APP, chain=chain).outcome is ALLOWED


class TestEndpoint:
    ONLY_ANNA = allow({"AWS": ANNA})

    def test_who_is_not_let_through_is_refused(self):
        chain = endpoint(self.ONLY_ANNA)
        assert ask(EVERYBODY, ANNA, chain=chain).outcome is ALLOWED
        decision = ask(EVERYBODY, APP, chain=chain)
        assert decision.reason is Reason.BARRED
        assert (
            "No statement of the policy of the VPC endpoint allows kms:Decrypt"
            in reason_sentence(decision)
        )

    def test_the_account_stands_for_all_of_its_principals(self):
        chain = endpoint(allow({"AWS": ACCOUNT}))
        assert ask(EVERYBODY, APP, chain=chain).outcome is ALLOWED
        text = policy_text(allow({"AWS": STRANGER}))
        found = ask(text, STRANGER, chain=chain, identity_policies=PERMITTING)
        assert found.outcome is SILENT

    def test_a_session_is_let_through_by_its_role(self):
        assert ask(EVERYBODY, SESSION, chain=endpoint(allow({"AWS": APP}))).outcome is ALLOWED

    def test_only_what_goes_through_it_is_bound(self):
        chain = endpoint(self.ONLY_ANNA, name=VPCE)
        assert ask(EVERYBODY, APP, chain=chain, context=USES_ENDPOINT).outcome is SILENT
        another = Context.of({"aws:SourceVpce": "vpce-0bbb"})
        found = ask(EVERYBODY, APP, chain=chain, context=another)
        assert found.outcome is ALLOWED and "VPC endpoint policies" in found.not_considered
        unknown = ask(EVERYBODY, APP, chain=chain)
        assert unknown.outcome is ALLOWED and "VPC endpoint policies" in unknown.not_considered
        none = ask(EVERYBODY, APP, chain=chain, context=Context.of(absent=["aws:SourceVpce"]))
        assert none.outcome is ALLOWED
        assert not any("endpoint" in word for word in (*none.considered, *none.not_considered))

    def test_services_do_not_come_through_it_on_their_own_or_for_somebody(self):
        chain = endpoint(deny("*"))
        assert ask(EVERYBODY, S3, chain=chain).outcome is ALLOWED
        via = Context.of({"kms:ViaService": "s3.eu-west-1.amazonaws.com"})
        assert ask(EVERYBODY, APP, chain=chain, context=via).outcome is ALLOWED
        forwarded = Context.of({"aws:ViaAWSService": "true"})
        assert ask(EVERYBODY, APP, chain=chain, context=forwarded).outcome is ALLOWED
        assert ask(EVERYBODY, APP, chain=chain).outcome is DENIED


class TestSessionPolicies:
    """ "The session policy limits the total permissions granted by the resource-based policy" that
    names the role; one that names the session "is not limited by the session policy"."""

    NOTHING = (iam(iam_allow("s3:*")),)

    @pytest.mark.parametrize(
        ("principal", "expected"),
        [(APP, SILENT), (SESSION, ALLOWED), ("*", ALLOWED), (ROOT, SILENT)],
    )
    def test_what_a_statement_names_decides_whether_it_limits(self, principal: str, expected: str):
        text = policy_text(allow("*" if principal == "*" else {"AWS": principal}))
        decision = ask(text, SESSION, session=self.NOTHING, identity_policies=PERMITTING)
        assert decision.outcome is expected

    def test_it_intersects_with_what_iam_allows(self):
        only = (iam(iam_allow("kms:Decrypt")),)
        for action, expected in (("kms:Decrypt", ALLOWED), ("kms:Encrypt", SILENT)):
            found = ask(DEFAULT, SESSION, action, session=only, identity_policies=PERMITTING)
            assert found.outcome is expected

    def test_its_deny_binds_even_who_is_named(self):
        text = policy_text(allow({"AWS": SESSION}))
        assert ask(text, SESSION, session=[iam(iam_deny())]).outcome is DENIED

    def test_across_accounts_it_always_limits(self):
        session = f"arn:aws:sts::{OTHER}:assumed-role/app/i-1"
        text = policy_text(allow({"AWS": session}))
        found = ask(text, session, session=self.NOTHING, identity_policies=PERMITTING)
        assert found.outcome is SILENT


class TestWhatIsSaid:
    def test_what_was_considered_and_what_was_not(self):
        chain = (
            scps(FULL, FULL).with_rcps([]).without("you may not ask EC2.", "VPC endpoint policies")
        )
        decision = ask(EVERYBODY, APP, chain=chain)
        assert decision.considered[-2:] == (
            f"{SCP} (2 levels)",
            "resource control policies (none apply)",
        )
        assert decision.not_considered[0] == "VPC endpoint policies (you may not ask EC2)"
        assert SCP not in explain(decision)[-1].text

    def test_controls_of_an_account_come_in_as_they_were_read(self):
        """Those of the account that asks, and those of the account whose key it is."""
        controls = AccountControls(OTHER, scps=(NO_DECRYPT,), rcps=(FULL,), problem="")
        chain = NOTHING_READ.with_account(controls, ACCOUNT)
        assert chain.rcps is None and OTHER in chain.scps
        refused = AccountControls(ACCOUNT, problem="You may not ask Organizations.")
        left_out = ask(
            EVERYBODY, APP, chain=NOTHING_READ.with_account(refused, ACCOUNT)
        ).not_considered
        assert left_out[:2] == (
            "service control policies",
            "resource control policies (both: You may not ask Organizations)",
        )

    def test_what_a_file_says_stays_when_the_organization_is_read(self):
        controls = AccountControls(ACCOUNT, scps=(NO_DECRYPT,), rcps=())
        chain = scps(FULL).with_account(controls, ACCOUNT)
        assert ask(EVERYBODY, APP, chain=chain).outcome is ALLOWED


class TestOrganizations:
    """What Organizations tells of an account settles conditions on it."""

    MEMBER = AccountControls(ACCOUNT, organization="o-1", path="o-1/r-1/ou-1/")

    def asked(
        self, condition: Mapping[str, object], controls: AccountControls, who: str = APP
    ) -> str:
        text = policy_text(allow("*", Condition=condition))
        chain = NOTHING_READ.with_account(controls, ACCOUNT)
        return ask(text, who, chain=chain, identity_policies=PERMITTING).outcome

    @pytest.mark.parametrize("key", ["aws:PrincipalOrgID", "aws:ResourceOrgID"])
    def test_the_organization_of_an_account_is_known(self, key: str):
        assert self.asked({"StringEquals": {key: "o-1"}}, self.MEMBER) is ALLOWED
        assert self.asked({"StringEquals": {key: "o-2"}}, self.MEMBER) is SILENT
        unknown = AccountControls(ACCOUNT, problem="x")
        assert self.asked({"StringEquals": {key: "o-1"}}, unknown) is OPEN

    def test_its_path_is_known_where_it_could_be_read(self):
        units = {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-1/r-1/*"}}
        assert self.asked(units, self.MEMBER) is ALLOWED
        assert self.asked(units, replace(self.MEMBER, path="")) is OPEN

    def test_an_account_in_none_carries_none(self):
        alone = AccountControls(ACCOUNT, (), (), organization="")
        assert self.asked({"StringEquals": {"aws:PrincipalOrgID": "o-1"}}, alone) is SILENT
        assert self.asked({"Null": {"aws:PrincipalOrgPaths": "true"}}, alone) is ALLOWED

    def test_of_another_account_nothing_follows(self):
        only = {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}
        assert self.asked(only, self.MEMBER, STRANGER) is OPEN

    def test_what_the_question_says_goes_first(self):
        text = policy_text(allow("*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-2"}}))
        chain = NOTHING_READ.with_account(self.MEMBER, ACCOUNT)
        context = Context.of({"aws:PrincipalOrgID": "o-2"})
        assert ask(text, APP, chain=chain, context=context).outcome is ALLOWED


FACTS = KeyFacts(KEY)


def test_the_access_table_and_a_role_show_what_the_chain_takes_away():
    chain = scps(NO_DECRYPT).with_rcps([level("the root", policy_text(deny("*", "kms:*Grant")))])
    app = identity(APP, *PERMITTING)
    effect = role_effect(app, DEFAULT, FACTS, chain=chain)
    denied = effect.actions(Mark.DENIED)
    assert {"kms:Decrypt", "kms:CreateGrant"} <= set(denied)
    assert {"kms:Encrypt", "kms:RetireGrant"} <= set(effect.actions(Mark.YES))
    assert not any("control policies" in word for word in effect.not_considered)
    table = access_table(DEFAULT, FACTS, identities=[app], chain=chain)
    row = next(row for row in table.rows if row.principal.name == APP)
    marks = {
        part.mark for cell in row.cells for part in cell.parts if "kms:Decrypt" in part.actions
    }
    assert marks == {Mark.DENIED}
    assert not any("control policies" in word for word in table.not_considered)


def test_a_control_policy_that_denies_the_put_locks_the_caller_out_and_orphans_no_key():
    chain = scps(level("the root", FULL_ACCESS, iam(iam_deny("kms:PutKeyPolicy"))))
    verdict = can_still_administer(
        DEFAULT, Arn.parse(SESSION), Arn.parse(KEY), identity(APP, *PERMITTING), chain=chain
    )
    assert verdict.answer is CanPut.NO and "service control policy" in verdict.reason
    assert verdict.anybody is CanPut.YES


_STATEMENTS = st.builds(
    lambda effect, action: {"Effect": effect, "Action": action, "Resource": "*"},
    st.sampled_from(["Allow", "Deny"]),
    st.sampled_from(["kms:Decrypt", "kms:*", "s3:*", "*"]),
)
_POLICIES = st.lists(_STATEMENTS, min_size=1, max_size=3).map(lambda found: policy_text(*found))
_LEVELS = st.lists(st.lists(_POLICIES, min_size=1, max_size=2), max_size=3)


def _decide(levels: list[list[str]], who: str) -> Decision:
    chain = scps(*(level(f"level {index}", *texts) for index, texts in enumerate(levels)))
    return ask(EVERYBODY, who, chain=chain)


@given(_LEVELS, _POLICIES, st.sampled_from([ANNA, SESSION, ROOT]))
def test_one_level_more_never_gives_anything(levels: list[list[str]], more: str, who: str):
    before, after = _decide(levels, who), _decide([*levels, [more]], who)
    assert before.allowed or not after.allowed


@given(_LEVELS, st.sampled_from([ANNA, SESSION, ROOT]))
def test_the_order_of_levels_does_not_matter(levels: list[list[str]], who: str):
    assert _decide(levels, who).outcome is _decide(levels[::-1], who).outcome
