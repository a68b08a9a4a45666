"""The rules by which AWS decides, one by one, each with the page that states it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kmstui.model import Grant, Identity, IdentityPolicy
from kmstui.policy.evaluation.evaluator import evaluate
from kmstui.policy.evaluation.explanation import explain, reason_sentence
from kmstui.policy.evaluation.outcome import Reason
from kmstui.policy.evaluation.policies import Policies
from kmstui.policy.iam.conditions import Doubt
from kmstui.policy.iam.principals import Principal, PrincipalKind
from kmstui.policy.iam.requests import Context, Request
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
    outcome,
)
from tests.policy.lockouts import allow, deny, policy_text, without

DEFAULT = policy_text(allow({"AWS": ROOT}))
PERMITTING, SILENT_IAM = [iam(iam_allow())], [iam(iam_allow("s3:*"))]


class TestDefault:
    """https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html"""

    def test_the_account_statement_gives_nobody_anything_by_itself(self) -> None:
        assert outcome(DEFAULT, ANNA, identity_policies=SILENT_IAM) is SILENT
        assert ask(DEFAULT, ANNA, identity_policies=SILENT_IAM).reason is Reason.IAM_SILENT

    def test_it_lets_iam_policies_decide(self) -> None:
        for who in (ANNA, APP, SESSION):
            decision = ask(DEFAULT, who, identity_policies=PERMITTING)
            assert (decision.outcome, decision.reason) == (ALLOWED, Reason.IAM)
            assert {each.source for each in decision.deciding} == {"key policy", "role policy p0"}

    def test_iam_policies_that_were_not_read_leave_it_open(self) -> None:
        decision = ask(DEFAULT, ANNA)
        assert decision.outcome is OPEN
        assert decision.doubts == (Doubt.IAM,)

    def test_the_root_user_is_allowed(self) -> None:
        assert ask(DEFAULT, ROOT).reason is Reason.ROOT_USER
        assert outcome(policy_text(allow({"AWS": ACCOUNT})), ACCOUNT) is ALLOWED

    def test_without_it_iam_policies_do_nothing(self) -> None:
        text = policy_text(allow({"AWS": APP}, "kms:Encrypt"))
        decision = ask(text, ANNA, identity_policies=PERMITTING)
        assert (decision.outcome, decision.reason) == (SILENT, Reason.NOT_DELEGATED)

    def test_user_root_is_an_ordinary_user(self) -> None:
        user_root = f"arn:aws:iam::{ACCOUNT}:user/root"
        text = policy_text(allow({"AWS": user_root}))
        assert outcome(text, user_root) is ALLOWED
        assert outcome(text, ROOT) is SILENT
        assert outcome(text, ANNA, identity_policies=PERMITTING) is SILENT


class TestMatching:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html"""

    @pytest.mark.parametrize(
        ("pattern", "covered"),
        [
            ("kms:Decrypt", True),
            ("KMS:decrypt", True),
            ("kms:De*", True),
            ("kms:Decryp?", True),
            ("*", True),
            ("kms:*", True),
            ("kms:Encrypt", False),
            ("s3:*", False),
            ("kms:Decrypt ", False),
            ("Decrypt", False),
        ],
    )
    def test_actions(self, pattern: str, covered: bool) -> None:
        text = policy_text(allow({"AWS": ANNA}, pattern))
        assert outcome(text, ANNA) is (ALLOWED if covered else SILENT)

    def test_not_action_covers_all_others(self) -> None:
        text = policy_text({**without(allow({"AWS": ANNA}), "Action"), "NotAction": "kms:Put*"})
        assert outcome(text, ANNA, "kms:Decrypt") is ALLOWED
        assert outcome(text, ANNA, "kms:PutKeyPolicy") is SILENT

    def test_resources(self) -> None:
        own = without(allow({"AWS": ANNA}), "Resource")
        assert outcome(policy_text({**own, "Resource": KEY}), ANNA) is ALLOWED
        assert outcome(policy_text({**own, "Resource": KEY[:-1] + "f"}), ANNA) is SILENT
        assert outcome(policy_text({**own, "NotResource": KEY}), ANNA) is SILENT
        assert outcome(policy_text({**own, "NotResource": KEY[:-1] + "f"}), ANNA) is ALLOWED
        assert outcome(policy_text(own), ANNA) is SILENT

    def test_a_resource_with_a_variable(self) -> None:
        arn = f"arn:aws:kms:*:{ACCOUNT}:key/${{aws:PrincipalTag/key}}"
        text = policy_text({**allow({"AWS": ANNA}), "Resource": arn})
        key_id = KEY.rpartition("/")[2]
        known = Context.of({"aws:PrincipalTag/key": key_id})
        assert outcome(text, ANNA, context=known) is ALLOWED
        assert outcome(text, ANNA, context=Context.of(absent=["aws:PrincipalTag/key"])) is SILENT
        assert ask(text, ANNA).doubts == (Doubt.VARIABLE,)

    def test_multi_region_keys_are_told_apart_by_region(self) -> None:
        """https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-auth.html"""
        mrk = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/mrk-1234abcd12ab34cd56ef1234567890ab"
        replica = mrk.replace("eu-west-1", "us-east-1")
        related = iam(iam_allow(Resource=f"arn:aws:kms:*:{ACCOUNT}:key/mrk-*"))
        only_here = iam(iam_allow(Resource=mrk))
        for key, policy, expected in (
            (mrk, related, ALLOWED),
            (replica, related, ALLOWED),
            (mrk, only_here, ALLOWED),
            (replica, only_here, SILENT),
            (KEY, related, SILENT),
        ):
            assert outcome(DEFAULT, ANNA, key=key, identity_policies=[policy]) is expected

    def test_an_effect_or_element_in_another_case_is_none(self) -> None:
        """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html"""
        assert outcome(policy_text({**allow({"AWS": ANNA}), "Effect": "ALLOW"}), ANNA) is SILENT
        lowered = {**without(allow({"AWS": ANNA}), "Action"), "action": "kms:*"}
        assert outcome(policy_text(lowered), ANNA) is SILENT

    def test_all_conditions_must_hold(self) -> None:
        """…/reference_policies_condition-logic-multiple-context-keys-or-values.html"""
        both = {
            "StringEquals": {"aws:A": ["1", "2"], "aws:B": "1"},
            "Bool": {"aws:C": "true"},
        }
        text = policy_text(allow({"AWS": ANNA}, Condition=both))
        met = {"aws:A": "2", "aws:B": "1", "aws:C": "true"}
        assert outcome(text, ANNA, context=Context.of(met)) is ALLOWED
        for key in met:
            assert outcome(text, ANNA, context=Context.of({**met, key: "x"})) is SILENT
            rest = {name: value for name, value in met.items() if name != key}
            assert outcome(text, ANNA, context=Context.of(rest)) is OPEN
            assert outcome(text, ANNA, context=Context.of(rest, complete=True)) is SILENT

    def test_old_versions_have_no_variables(self) -> None:
        """…/reference_policies_elements_version.html"""
        condition = {"StringEquals": {"aws:PrincipalAccount": "${aws:ResourceAccount}"}}
        statement = allow({"AWS": ANNA}, Condition=condition)
        assert outcome(policy_text(statement), ANNA) is ALLOWED
        assert outcome(policy_text(statement, version="2008-10-17"), ANNA) is SILENT
        assert outcome(policy_text(statement, version=None), ANNA) is SILENT


class TestDeny:
    """…/reference_policies_evaluation-logic_policy-eval-denyallow.html"""

    def test_it_beats_every_allow_wherever_it_stands(self) -> None:
        text = policy_text(allow({"AWS": ANNA}))
        refusing = iam({**iam_allow("kms:Decrypt"), "Effect": "Deny"})
        assert outcome(policy_text(allow("*"), deny({"AWS": ANNA})), ANNA) is DENIED
        assert outcome(text, ANNA, identity_policies=[refusing]) is DENIED
        assert outcome(text, ANNA, identity_policies=[], boundary=refusing) is DENIED
        assert outcome(text, SESSION, session=[refusing]) is DENIED

    def test_one_on_the_account_covers_everybody_in_it(self) -> None:
        text = policy_text(allow({"AWS": [ANNA, APP, ROOT]}), deny({"AWS": ROOT}))
        for who in (ANNA, APP, SESSION, ROOT):
            assert outcome(text, who) is DENIED

    def test_one_on_a_role_covers_its_sessions(self) -> None:
        text = policy_text(allow({"AWS": SESSION}), deny({"AWS": APP}))
        assert outcome(text, SESSION) is DENIED

    def test_one_that_may_apply_leaves_it_open(self) -> None:
        inside = {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}
        text = policy_text(allow({"AWS": ANNA}), deny("*", Condition=inside))
        decision = ask(text, ANNA)
        assert (decision.outcome, decision.missing_keys) == (OPEN, ("aws:SourceVpce",))
        for context, expected in (
            (Context.of({"aws:SourceVpce": "vpce-1"}), ALLOWED),
            (Context.of({"aws:SourceVpce": "vpce-2"}), DENIED),
            (Context.of(absent=["aws:SourceVpce"]), DENIED),
        ):
            assert outcome(text, ANNA, context=context) is expected


class TestDirect:
    """…/reference_policies_elements_principal.html"""

    @pytest.mark.parametrize("who", [ANNA, APP, SESSION])
    def test_a_principal_that_the_key_policy_names_needs_no_iam_policy(self, who: str) -> None:
        decision = ask(policy_text(allow({"AWS": who})), who, identity_policies=SILENT_IAM)
        assert (decision.outcome, decision.reason) == (ALLOWED, Reason.KEY_POLICY)

    def test_a_session_has_what_its_role_has(self) -> None:
        assert outcome(policy_text(allow({"AWS": APP})), SESSION) is ALLOWED
        with_path = f"arn:aws:iam::{ACCOUNT}:role/teams/blue/app"
        assert outcome(policy_text(allow({"AWS": with_path})), SESSION) is ALLOWED
        elsewhere = f"arn:aws:iam::{OTHER}:role/app"
        assert outcome(policy_text(allow({"AWS": elsewhere})), SESSION) is SILENT

    def test_what_one_session_has_its_role_has_not(self) -> None:
        text = policy_text(allow({"AWS": SESSION}))
        assert outcome(text, SESSION[:-1] + "4") is SILENT
        decision = ask(text, APP)
        assert decision.doubts == (Doubt.SESSION,)
        assert "it names the session i-0123 alone" in reason_sentence(decision)
        denied = ask(policy_text(allow("*"), deny({"AWS": SESSION})), APP)
        assert denied.doubts == (Doubt.SESSION,)
        assert "it names the session i-0123 alone" in reason_sentence(denied)

    def test_the_star_is_everybody(self) -> None:
        for principal in ("*", {"AWS": "*"}, {"AWS": [APP, "*"]}):
            text = policy_text(allow(principal))
            for who in (ANNA, SESSION, ROOT, S3, "*"):
                assert outcome(text, who) is ALLOWED

    def test_partial_wildcards_and_groups_and_deleted_principals_are_nobody(self) -> None:
        for name in (
            f"arn:aws:iam::{ACCOUNT}:user/*",
            f"arn:aws:iam::{ACCOUNT}:group/admins",
            "AIDACKCEVSQ6C2EXAMPLE",
            "anna",
        ):
            assert outcome(policy_text(allow({"AWS": name})), ANNA) is SILENT

    def test_services_are_matched_by_name_alone(self) -> None:
        text = policy_text(allow({"Service": S3}), allow({"AWS": ROOT}))
        assert outcome(text, S3) is ALLOWED
        assert outcome(text, "logs.amazonaws.com") is SILENT
        assert outcome(policy_text(allow({"AWS": S3})), S3) is SILENT

    def test_anonymous_callers_need_the_star(self) -> None:
        assert outcome(DEFAULT, "*") is SILENT
        own = {"StringEquals": {"kms:CallerAccount": ACCOUNT}}
        assert outcome(policy_text(allow("*", Condition=own)), "*") is SILENT

    def test_federated_users(self) -> None:
        """…/reference_policies_elements_principal.html#sts-session-principals"""
        name = f"arn:aws:sts::{ACCOUNT}:federated-user/bob"
        bob = Principal.parse(name, parent=ANNA)
        assert outcome(policy_text(allow({"AWS": name})), bob) is ALLOWED
        through_anna = policy_text(allow({"AWS": ANNA}))
        assert outcome(through_anna, bob, session=PERMITTING) is ALLOWED
        assert outcome(through_anna, bob, session=SILENT_IAM) is SILENT
        assert outcome(through_anna, name) is SILENT

    def test_a_federated_user_has_what_a_session_policy_leaves(self) -> None:
        """ "If you do not pass a policy, then the resulting federated user session has no
        permissions", but what a resource-based policy gives to the session itself.

        https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html
        """
        name = f"arn:aws:sts::{ACCOUNT}:federated-user/bob"
        bob = Principal.parse(name, parent=ANNA)
        for text in (DEFAULT, policy_text(allow({"AWS": ANNA}))):
            asked: dict[str, Any] = {"identity_policies": PERMITTING}
            assert outcome(text, bob, session=[], **asked) is SILENT
            assert outcome(text, bob, session=PERMITTING, **asked) is ALLOWED
            unread = ask(text, bob, **asked)
            assert (unread.outcome, unread.doubts) == (OPEN, (Doubt.SESSION_POLICIES,))
        for named in ({"AWS": name}, "*"):
            assert outcome(policy_text(allow(named)), bob, session=[]) is ALLOWED
        assert outcome(policy_text(), bob, session=PERMITTING) is SILENT

    def test_identity_providers(self) -> None:
        saml = f"arn:aws:iam::{ACCOUNT}:saml-provider/idp"
        text = policy_text(allow({"Federated": [saml, "cognito-identity.amazonaws.com"]}))
        assert outcome(text, saml) is ALLOWED
        assert outcome(text, "cognito-identity.amazonaws.com") is ALLOWED
        assert outcome(text, "accounts.google.com") is SILENT
        assert ask(text, SESSION).doubts == (Doubt.PROVIDER,)
        assert outcome(text, ANNA) is SILENT


class TestPartitions:
    """https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html"""

    CHINESE = KEY.replace("arn:aws:", "arn:aws-cn:").replace("eu-west-1", "cn-north-1")

    @pytest.mark.parametrize("who", [ANNA, APP, SESSION, ROOT])
    def test_nobody_of_another_partition_reaches_a_key(self, who: str) -> None:
        theirs = who.replace("arn:aws:", "arn:aws-cn:")
        for text in (policy_text(allow("*")), policy_text(allow({"AWS": [theirs, ACCOUNT]}))):
            decision = ask(text, theirs, identity_policies=PERMITTING)
            assert (decision.outcome, decision.reason) == (SILENT, Reason.OTHER_PARTITION)
            assert "of the partition aws-cn" in reason_sentence(decision)

    @pytest.mark.parametrize("who", [ANNA, APP, SESSION, ROOT])
    def test_who_is_named_in_another_partition_is_somebody_else(self, who: str) -> None:
        """`arn:aws-cn:iam::…:root` let the account's IAM policies decide."""
        theirs = who.replace("arn:aws:", "arn:aws-cn:")
        text = policy_text(allow({"AWS": theirs}), deny({"AWS": theirs}))
        for asked in (who, SESSION if who == APP else who, ANNA):
            assert outcome(text, asked, identity_policies=PERMITTING) is SILENT

    def test_within_one_all_is_the_same(self) -> None:
        for who in (ANNA, APP, SESSION, ROOT):
            theirs = who.replace("arn:aws:", "arn:aws-cn:")
            for named in (theirs, ACCOUNT, ROOT.replace("arn:aws:", "arn:aws-cn:")):
                text = policy_text(allow({"AWS": named}))
                more: dict[str, Any] = {"identity_policies": PERMITTING, "key": self.CHINESE}
                assert outcome(text, theirs, **more) is ALLOWED
        digits = Principal.parse(ACCOUNT, partition="aws-cn")
        text = policy_text(allow({"AWS": ACCOUNT}))
        assert outcome(text, digits, key=self.CHINESE) is ALLOWED


class TestOtherAccounts:
    """…/reference_policies_evaluation-logic-cross-account.html and
    https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-modifying-external-accounts.html
    """

    @pytest.mark.parametrize("named", [STRANGER, f"arn:aws:iam::{OTHER}:root", OTHER, "*"])
    def test_both_sides_must_allow(self, named: str) -> None:
        text = policy_text(allow({"AWS": named}))
        assert outcome(text, STRANGER, identity_policies=PERMITTING) is ALLOWED
        assert outcome(text, STRANGER, identity_policies=SILENT_IAM) is SILENT
        assert ask(text, STRANGER).doubts == (Doubt.IAM,)
        assert outcome(DEFAULT, STRANGER, identity_policies=PERMITTING) is SILENT

    def test_its_root_user_needs_no_iam_policy(self) -> None:
        assert outcome(policy_text(allow({"AWS": OTHER})), OTHER) is ALLOWED

    def test_administration_cannot_cross_accounts(self) -> None:
        text = policy_text(allow({"AWS": STRANGER}))
        for action in ("kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:TagResource"):
            decision = ask(text, STRANGER, action, identity_policies=PERMITTING)
            assert decision.reason is Reason.NOT_ACROSS_ACCOUNTS
        assert outcome(text, STRANGER, "kms:CreateGrant", identity_policies=PERMITTING) is ALLOWED


class TestCaps:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html"""

    LIMIT = iam(iam_allow("kms:Encrypt"))

    def test_a_boundary_caps_identity_policies(self) -> None:
        decision = ask(DEFAULT, ANNA, identity_policies=PERMITTING, boundary=self.LIMIT)
        assert (decision.outcome, decision.reason) == (SILENT, Reason.CAPPED)
        assert reason_sentence(decision).startswith("The permissions boundary of user/anna does")
        fits = {"identity_policies": PERMITTING, "boundary": self.LIMIT}
        assert outcome(DEFAULT, ANNA, "kms:Encrypt", **fits) is ALLOWED

    def test_it_caps_what_a_role_is_given_by_its_arn(self) -> None:
        text = policy_text(allow({"AWS": APP}))
        assert outcome(text, SESSION, identity_policies=[], boundary=self.LIMIT) is SILENT
        capped = ask(text, SESSION, session=[self.LIMIT])
        assert capped.outcome is SILENT
        assert reason_sentence(capped).startswith("The session policy of assumed-role/app/")

    @pytest.mark.parametrize("who", [ANNA, SESSION])
    def test_it_does_not_cap_a_user_or_session_named_directly(self, who: str) -> None:
        for principal in ({"AWS": who}, "*"):
            text = policy_text(allow(principal))
            assert outcome(text, who, identity_policies=[], boundary=self.LIMIT) is ALLOWED
            assert outcome(text, who, identity_policies=[], session=[self.LIMIT]) is ALLOWED


class TestNotPrincipal:
    """…/reference_policies_elements_notprincipal.html"""

    @staticmethod
    def text(*spared: str) -> str:
        statement = {**without(deny("*"), "Principal"), "NotPrincipal": {"AWS": list(spared)}}
        return policy_text(allow("*"), statement)

    def test_whoever_is_not_listed_is_denied(self) -> None:
        text = self.text(ANNA, ROOT)
        for who in (APP, SESSION, S3, "*", f"arn:aws:iam::{ACCOUNT}:user/bob"):
            assert outcome(text, who) is DENIED

    def test_with_the_account_a_user_is_spared_and_without_it_may_be_denied(self) -> None:
        assert outcome(self.text(ANNA, ROOT), ANNA) is ALLOWED
        assert ask(self.text(ANNA), ANNA).doubts == (Doubt.NOT_PRINCIPAL,)

    def test_a_session_needs_itself_its_role_and_its_account(self) -> None:
        assert outcome(self.text(SESSION, APP, ROOT), SESSION) is ALLOWED
        assert outcome(self.text(SESSION, ROOT), SESSION) is OPEN
        assert outcome(self.text(SESSION, APP), SESSION) is OPEN
        assert outcome(self.text(ROOT), SESSION) is DENIED

    def test_a_session_that_is_not_listed_is_denied_though_role_and_account_are(self) -> None:
        """ "You must list the role session name of every user and every instance ID" (re:Post)."""
        for listed in ((APP, ROOT), (SESSION[:-1] + "4", APP, ROOT)):
            decision = ask(self.text(*listed), SESSION)
            assert decision.outcome is DENIED
            assert "NotPrincipal must list the session i-0123 too" in reason_sentence(decision)
        assert outcome(self.text(APP, ROOT), APP) is DENIED
        federated = Principal.parse(f"arn:aws:sts::{ACCOUNT}:federated-user/bob", parent=ANNA)
        assert outcome(self.text(ANNA, ROOT), federated) is DENIED

    def test_of_a_role_it_depends_on_the_session_where_some_are_listed(self) -> None:
        decision = ask(self.text(SESSION, SESSION[:-1] + "4", APP, ROOT), APP)
        assert decision.doubts == (Doubt.SESSION,)
        assert "it spares the sessions i-0123 and i-0124 alone" in reason_sentence(decision)
        assert ask(self.text(SESSION), APP).doubts == (Doubt.NOT_PRINCIPAL,)

    @pytest.mark.parametrize("spared", [(ANNA, ROOT), ("*",), (ANNA, "*")])
    def test_a_permissions_boundary_is_always_denied(self, spared: tuple[str, ...]) -> None:
        """ "…regardless of the values specified in the NotPrincipal element"."""
        text, limit = self.text(*spared), iam(iam_allow())
        bounded = ask(text, ANNA, identity_policies=[], boundary=limit)
        assert bounded.outcome is DENIED
        assert "always denies who has a permissions boundary" in reason_sentence(bounded)
        assert outcome(text, SESSION, identity_policies=[], boundary=limit) is DENIED
        assert outcome(text, ANNA, identity_policies=[]) is ALLOWED

    def test_a_boundary_of_which_nothing_is_known_is_said(self) -> None:
        said = "a permissions boundary, with which statement 2 of the key policy would deny it"
        assert said in " ".join(ask(self.text("*"), ANNA).not_considered)
        for who in (S3, ROOT, "*"):
            decision = ask(self.text("*"), who)
            assert decision.outcome is ALLOWED
            assert said not in " ".join(decision.not_considered)
        known = ask(self.text("*"), ANNA, identity_policies=[])
        assert said not in " ".join(known.not_considered)

    def test_with_allow_it_is_not_supported(self) -> None:
        statement = {**without(allow("*"), "Principal"), "NotPrincipal": {"AWS": ANNA}}
        assert ask(policy_text(statement), APP).doubts == (Doubt.NOT_PRINCIPAL_ALLOW,)
        assert outcome(policy_text(statement), ANNA) is SILENT


class TestGrants:
    """https://docs.aws.amazon.com/kms/latest/developerguide/grants.html"""

    GRANT = Grant("g1", KEY, APP, ("Decrypt", "DescribeKey"), retiring=ANNA)

    def test_a_grantee_may_do_the_operations_of_the_grant(self) -> None:
        decision = ask(DEFAULT, SESSION, grants=[self.GRANT], identity_policies=SILENT_IAM)
        assert (decision.outcome, decision.reason) == (ALLOWED, Reason.GRANT)
        assert decision.grants == (self.GRANT,)
        more: dict[str, Any] = {"grants": [self.GRANT], "identity_policies": SILENT_IAM}
        assert outcome(DEFAULT, SESSION, "kms:Encrypt", **more) is SILENT
        assert outcome(DEFAULT, STRANGER, **more) is SILENT

    def test_a_deny_beats_it(self) -> None:
        assert outcome(policy_text(deny({"AWS": APP})), SESSION, grants=[self.GRANT]) is DENIED

    def test_the_retiring_principal_may_retire_it(self) -> None:
        more: dict[str, Any] = {"grants": [self.GRANT], "identity_policies": SILENT_IAM}
        assert outcome(DEFAULT, ANNA, "kms:RetireGrant", **more) is ALLOWED

    def test_its_encryption_context_is_asked_for(self) -> None:
        """…/kms/latest/APIReference/API_GrantConstraints.html"""
        subset = replace(self.GRANT, context_subset=(("App", "pay"),))
        equals = replace(self.GRANT, context_equals=(("App", "pay"),))
        own = "kms:EncryptionContext:App"
        names = "kms:EncryptionContextKeys"
        for grant, context, expected in (
            (subset, Context.of({own: "pay"}), ALLOWED),
            (subset, Context.of({own: "other"}), SILENT),
            (subset, Context.of(absent=[own]), SILENT),
            (subset, Context(), OPEN),
            (equals, Context.of({own: "pay"}), OPEN),
            (equals, Context.of({own: "pay", names: ["App"]}), ALLOWED),
            (equals, Context.of({own: "pay", names: ["App", "More"]}), SILENT),
        ):
            silent = policy_text(allow({"AWS": S3}))
            assert outcome(silent, SESSION, grants=[grant], context=context) is expected
        assert outcome(policy_text(), SESSION, "kms:DescribeKey", grants=[subset]) is ALLOWED


class TestKeysThatFollow:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html"""

    @pytest.mark.parametrize(
        ("who", "condition", "expected"),
        [
            (ANNA, {"StringEquals": {"kms:CallerAccount": ACCOUNT}}, ALLOWED),
            (ANNA, {"StringEquals": {"kms:CallerAccount": OTHER}}, SILENT),
            (SESSION, {"ArnEquals": {"aws:PrincipalArn": APP}}, ALLOWED),
            (SESSION, {"ArnEquals": {"aws:PrincipalArn": SESSION}}, SILENT),
            (ANNA, {"StringEquals": {"aws:username": "anna"}}, ALLOWED),
            (SESSION, {"StringEquals": {"aws:username": "app"}}, SILENT),
            (SESSION, {"StringEquals": {"aws:PrincipalType": "AssumedRole"}}, ALLOWED),
            (ROOT, {"StringEquals": {"aws:PrincipalType": "Account"}}, ALLOWED),
            (S3, {"Bool": {"aws:PrincipalIsAWSService": "true"}}, ALLOWED),
            (ANNA, {"Bool": {"aws:PrincipalIsAWSService": "true"}}, SILENT),
            (S3, {"StringEquals": {"aws:PrincipalServiceName": S3}}, ALLOWED),
            (ANNA, {"StringEquals": {"aws:ResourceAccount": ACCOUNT}}, ALLOWED),
            (ANNA, {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}, ALLOWED),
            (ANNA, {"Bool": {"aws:SecureTransport": "false"}}, SILENT),
            (ANNA, {"Bool": {"aws:MultiFactorAuthPresent": "true"}}, OPEN),
        ],
    )
    def test_what_follows_from_who_asks_for_which_key(
        self, who: str, condition: object, expected: object
    ) -> None:
        assert outcome(policy_text(allow("*", Condition=condition)), who) is expected

    def test_keys_that_requests_of_an_action_never_carry(self) -> None:
        """https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html"""
        for_services = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
        text = policy_text(allow({"AWS": ANNA}, Condition=for_services))
        assert outcome(text, ANNA, "kms:CreateGrant") is OPEN
        assert outcome(text, ANNA, "kms:Decrypt") is SILENT
        context = {"StringEquals": {"kms:EncryptionContext:App": "pay"}}
        text = policy_text(allow({"AWS": ANNA}, Condition=context))
        assert outcome(text, ANNA, "kms:Decrypt") is OPEN
        assert outcome(text, ANNA, "kms:DescribeKey") is SILENT

    def test_a_path_that_a_session_leaves_out_is_reported(self) -> None:
        assert "path" in ask(DEFAULT, SESSION).not_considered[-1]
        known = Principal.parse(SESSION, role_arn=f"arn:aws:iam::{ACCOUNT}:role/teams/app")
        assert not any("path" in word for word in ask(DEFAULT, known).not_considered)


@pytest.mark.parametrize(
    "key", ["aws:ResourceTag/team", "AWS:resourcetag/team", "kms:ResourceAliases"]
)
class TestTagsAndAliasesOfTheKey:
    """https://docs.aws.amazon.com/kms/latest/developerguide/abac.html"""

    def _condition(self, key: str, operator: str = "StringEquals") -> dict[str, Any]:
        return {"ForAnyValue:" * ("Aliases" in key) + operator: {key: "red"}}

    def test_in_a_key_policy_they_are_never_met_whatever_the_request_says(self, key: str) -> None:
        text = policy_text(allow({"AWS": APP}, Condition=self._condition(key)))
        assert outcome(text, APP, identity_policies=SILENT_IAM) is SILENT
        decision = ask(text, APP, identity_policies=SILENT_IAM, context=Context.of({key: "red"}))
        assert decision.outcome is SILENT
        lines = [line.text for line in explain(decision)]
        assert any("never holds, KMS does not support the key in a key" in line for line in lines)

    def test_a_deny_by_them_denies_nobody(self, key: str) -> None:
        denial = deny({"AWS": APP}, Condition=self._condition(key))
        text = policy_text(allow({"AWS": APP}), denial)
        assert outcome(text, APP) is ALLOWED

    def test_in_an_identity_policy_they_depend_on_the_key(self, key: str) -> None:
        iam_policy = iam(iam_allow(Condition=self._condition(key)))
        assert outcome(DEFAULT, APP, identity_policies=[iam_policy]) is OPEN
        given = Context.of({key: "red"})
        assert outcome(DEFAULT, APP, identity_policies=[iam_policy], context=given) is ALLOWED


def test_actions_that_name_no_key_are_for_iam_alone() -> None:
    """Service Authorization Reference: ListKeys and its like take no key as their resource."""
    text = policy_text(allow({"AWS": ANNA}))
    assert outcome(text, ANNA, "kms:ListKeys", identity_policies=SILENT_IAM) is SILENT
    assert outcome(policy_text(), ANNA, "kms:ListKeys", identity_policies=PERMITTING) is ALLOWED
    on_key = [iam(iam_allow(Resource=KEY))]
    assert outcome(policy_text(), ANNA, "kms:ListKeys", identity_policies=on_key) is SILENT
    assert outcome(policy_text(), ROOT, "kms:ListKeys") is ALLOWED


def test_identity_policies_read_in_part_leave_it_open() -> None:
    partly = Identity(ANNA, "anna", "user", (), problem="its groups may not be read")
    policies = Policies.of_key(DEFAULT).with_identity(partly)
    decision = evaluate(Request(Principal.parse(ANNA), "kms:Decrypt", KEY), policies)
    assert decision.doubts == (Doubt.IAM,)
    assert any("its groups" in word for word in decision.not_considered)


@pytest.mark.parametrize(
    "who", [ANNA, APP, SESSION, ROOT, S3, STRANGER, "*", f"arn:aws:sts::{ACCOUNT}:federated-user/b"]
)
@pytest.mark.parametrize(
    "action", ["kms:Decrypt", "kms:ListKeys", "kms:CreateAlias", "kms:Nothing"]
)
def test_no_answer_claims_certainty(who: str, action: str) -> None:
    for text in (DEFAULT, policy_text(allow("*")), policy_text(deny("*")), ""):
        for identity_policies in (None, PERMITTING):
            decision = ask(text, who, action, identity_policies=identity_policies)
            line = explain(decision)[-1].text
            assert line.startswith("Not considered: ") and "resource control policies" in line
            if who not in (S3, "*"):  # Those are bound to no account and come through no endpoint.
                assert "service control policies" in line and "VPC endpoint policies" in line
            assert decision.considered[0] == "the key policy"
            sentence = reason_sentence(decision)
            assert sentence.endswith(".")
            assert sentence[0].isupper() or sentence.startswith(action)


def test_reasoning_points_at_the_statement_and_its_condition() -> None:
    inside = {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}
    text = policy_text(allow({"AWS": ANNA}), deny("*", Sid="Endpoint only", Condition=inside))
    decision = ask(text, ANNA, context=Context.of({"aws:SourceVpce": "vpce-2"}))
    sentence = reason_sentence(decision)
    assert '"Endpoint only"' in sentence and "aws:SourceVpce is not vpce-1" in sentence
    spans = [line.span for line in explain(decision) if line.span is not None]
    assert text[spans[0].start : spans[0].end].startswith('{"Effect": "Deny"')
    assert text[spans[1].start : spans[1].end] == '"aws:SourceVpce": "vpce-1"'


@pytest.mark.parametrize("text", ["", "anna", "arn:aws:s3:::bucket", "arn:aws:iam::1:user/x", "12"])
def test_what_names_no_principal_is_said_in_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="principal"):
        Principal.parse(text)


@pytest.mark.parametrize(
    "name",
    ["s3.amazonaws.com", "logs.cn-north-1.amazonaws.com.cn", "s3.amazonaws.eu", "ec2.c2s.ic.gov"],
)
def test_a_service_of_any_partition_is_a_service(name: str) -> None:
    assert Principal.parse(name).kind is PrincipalKind.SERVICE
    assert outcome(policy_text(allow({"Service": name})), name) is ALLOWED


def test_principals_are_read_as_people_write_them() -> None:
    kinds = {
        ACCOUNT: PrincipalKind.ROOT,
        ROOT: PrincipalKind.ROOT,
        ANNA: PrincipalKind.USER,
        APP: PrincipalKind.ROLE,
        SESSION: PrincipalKind.SESSION,
        S3: PrincipalKind.SERVICE,
        "*": PrincipalKind.ANONYMOUS,
    }
    assert {text: Principal.parse(text).kind for text in kinds} == kinds


def test_grants_policy_texts_may_be_anything() -> None:
    broken = IdentityPolicy("broken", '{"Statement": [1,', inline=True)
    policies = Policies.of_key(DEFAULT).with_identity(Identity(APP, "app", "role", (broken,)))
    assert evaluate(Request(Principal.parse(APP), "kms:Decrypt", KEY), policies).outcome is SILENT
