"""`kmstui can`, like `kubectl auth can-i`: a word, a reason, an exit code scripts can trust."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kmstui.model import Grant
from kmstui.scripting.live_source import KeyAccess, LiveSource
from kmstui.service.errors import AccessDeniedError, ErrorContext
from kmstui.service.ports import Target
from tests.policy.asking import ANNA, APP, KEY, OTHER, ROOT, SESSION, iam, iam_allow, identity
from tests.policy.lockouts import allow, deny, policy_text
from tests.scripting.bench import Outcome, command

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
DEFAULT = policy_text(allow({"AWS": ROOT}))


@dataclass
class Source(LiveSource):
    """A key and a caller that are there."""

    access: KeyAccess = field(default_factory=lambda: KeyAccess(KEY, DEFAULT))
    asked: list[tuple[Target, str, str]] = field(default_factory=list)
    refusal: AccessDeniedError | None = None

    def caller(self, target: Target) -> str:
        if self.refusal is not None:
            raise self.refusal
        return SESSION

    def key_access(
        self, target: Target, key: str, principal: str, *, endpoint: str | None = ""
    ) -> KeyAccess:
        if self.refusal is not None:
            raise self.refusal
        self.asked.append((target, key, principal))
        return self.access


def can(*arguments: str, source: Source | None = None) -> Outcome:
    return command("can", *arguments, source=source or Source(), now=lambda: NOON)


@pytest.fixture
def write(tmp_path: Path):
    def write(text: str, name: str = "policy.json") -> str:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


def test_a_policy_in_a_file(write) -> None:
    name = write(policy_text(allow({"AWS": ANNA}, "kms:Decrypt", Sid="Anna")))
    yes = can(ANNA, "decrypt", "--policy", name, "--key-arn", KEY)
    assert yes.code == 0
    assert yes.out.startswith('Yes: Statement "Anna" of the key policy allows kms:Decrypt')
    no = can(ANNA, "kms:Encrypt", "--policy", name, "--key-arn", KEY)
    assert (no.code, no.out.split(":")[0]) == (1, "No")
    for answer in (yes, no):
        assert "\nNot considered: service control policies, " in answer.out


def test_what_is_not_known_is_no_yes(write) -> None:
    answer = can(SESSION, "kms:Decrypt", "--policy", write(DEFAULT), "--key-arn", KEY)
    assert answer.code == 2
    assert answer.out.startswith("It depends: ")
    assert "identity policies" in answer.out


def test_context_and_its_absence(write) -> None:
    inside = {"ForAnyValue:StringEquals": {"aws:VpcSourceIds": ["b", "c"]}}
    name = write(policy_text(allow({"AWS": ANNA}, Condition=inside)))
    asked = (ANNA, "kms:Decrypt", "--policy", name, "--key-arn", KEY)
    assert can(*asked).code == 2
    assert "aws:VpcSourceIds" in can(*asked).out
    several = ("--context", "aws:VpcSourceIds=a", "--context", "aws:vpcsourceids=b")
    assert can(*asked, "--context", "aws:VpcSourceIds=a").code == 1
    assert (
        can(*asked, "--context", "aws:VpcSourceIds=a", "--context", "aws:VpcSourceIds=b").code == 0
    )
    assert can(*asked, *several).code in (0, 1)
    assert can(*asked, "--without", "aws:VpcSourceIds").code == 1
    assert "not KEY=VALUE" in can(*asked, "--context", "nonsense").err


def test_the_time_is_now(write) -> None:
    until = {"DateLessThan": {"aws:CurrentTime": "2026-11-24T12:00:01Z"}}
    after = {"DateGreaterThan": {"aws:CurrentTime": "2026-11-24T12:00:01Z"}}
    for condition, code in ((until, 0), (after, 1)):
        name = write(policy_text(allow({"AWS": ANNA}, Condition=condition)))
        assert can(ANNA, "kms:Decrypt", "--policy", name, "--key-arn", KEY).code == code


def test_policies_of_the_principal(write) -> None:
    key = write(DEFAULT)
    permitting = write(iam(iam_allow("kms:*crypt")), "iam.json")
    narrow = write(iam(iam_allow("kms:Encrypt")), "narrow.json")
    asked = (APP, "kms:Decrypt", "--policy", key, "--key-arn", KEY)
    assert can(*asked, "--identity-policy", permitting).code == 0
    assert can(*asked, "--identity-policy", narrow).code == 1
    both = ("--identity-policy", narrow, "--identity-policy", permitting)
    assert can(*asked, *both).code == 0
    for limit in ("--permissions-boundary", "--session-policy"):
        assert can(*asked, "--identity-policy", permitting, limit, narrow).code == 1


def test_each_kind_of_policy_stands_in_its_own_place(write) -> None:
    """A key policy answered as an identity policy, with whoever it names left out."""
    key, own = write(DEFAULT), write(iam(iam_allow()), "iam.json")
    asked = (APP, "kms:Decrypt", "--key-arn", KEY)
    refused = can(*asked, "--policy", own)
    assert refused.code == 2 and "has no Principal, which a key policy needs" in refused.err
    but = write(policy_text({**deny("*"), "NotPrincipal": {"AWS": ROOT}}), "but.json")
    for option, kind in (
        ("--identity-policy", "an identity policy"),
        ("--session-policy", "a session policy"),
        ("--permissions-boundary", "a permissions boundary"),
        ("--scp", "a service control policy"),
    ):
        for file in (key, but):
            wrong = can(*asked, "--policy", key, option, file)
            assert wrong.code == 2
            assert f"{file} is not such a policy: statement 1 has a Principal" in wrong.err
            assert f"which {kind} cannot have." in wrong.err
        assert can(*asked, "--policy", key, option, own).code in {0, 2}
    other = ("--other-key", KEY.replace("key/", "key/2"), "--other-policy", own)
    reencrypt = (APP, "kms:ReEncryptFrom", *asked[2:])
    assert "has no Principal" in can(*reencrypt, "--policy", key, *other).err


def test_a_policy_in_a_string_is_taken_out(write) -> None:
    key = write(json.dumps({"Policy": policy_text(allow({"AWS": APP})), "PolicyName": "default"}))
    assert can(APP, "kms:Decrypt", "--policy", key, "--key-arn", KEY).code == 0


def test_a_wildcard_lists_each(write) -> None:
    name = write(policy_text(allow({"AWS": ANNA}, ["kms:ReEncrypt*", "kms:Decrypt"])))
    both = can(ANNA, "kms:ReEncrypt*", "--policy", name, "--key-arn", KEY)
    assert both.code == 0
    assert [line.split()[:2] for line in both.out.splitlines()[:2]] == [
        ["kms:ReEncryptFrom", "yes"],
        ["kms:ReEncryptTo", "yes"],
    ]
    mixed = can(ANNA, "*crypt", "--policy", name, "--key-arn", KEY)
    assert mixed.code == 1
    assert mixed.out.splitlines()[-1].startswith("Not considered: ")


def test_a_live_key() -> None:
    grant = Grant("g1", KEY, APP, ("Decrypt",))
    reading = identity(APP, iam(iam_allow("kms:Encrypt")))
    source = Source(KeyAccess(KEY, DEFAULT, (grant,), reading))
    assert can(SESSION, "kms:Encrypt", "alias/a", source=source).code == 0
    assert can("me", "kms:Decrypt", "alias/a", "--region", "eu-west-1", source=source).code == 0
    assert can("me", "kms:DescribeKey", "alias/a", source=source).code == 1
    assert source.asked[1] == (Target("", "eu-west-1", ""), "alias/a", APP)


def test_a_namesake_in_this_account_does_not_speak_for_a_stranger() -> None:
    eve = f"arn:aws:iam::{OTHER}:role/app"
    text = policy_text(allow({"AWS": eve}))
    source = Source(KeyAccess(KEY, text, (), identity(APP, iam(iam_allow()))))
    answer = can(eve, "kms:Decrypt", "alias/a", source=source)
    assert answer.code == 2
    assert "identity policies (IAM)" in answer.out


def test_a_refusal_of_aws_is_a_sentence() -> None:
    context = ErrorContext(operation="kms:GetKeyPolicy", key="1234 (alias/a)")
    refusal = AccessDeniedError("your role may not", "Ask for kms:GetKeyPolicy.", context)
    answer = can("me", "kms:Decrypt", "alias/a", source=Source(refusal=refusal))
    assert (answer.code, answer.out) == (2, "")
    assert answer.err == (
        "kmstui can: AccessDenied on kms:GetKeyPolicy for key 1234 (alias/a): your role may not."
        " Ask for kms:GetKeyPolicy.\n"
    )


def test_json_for_scripts(write) -> None:
    outside = {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}
    text = policy_text(allow({"AWS": ANNA}), deny("*", Sid="Out", Condition=outside))
    name = write(text)
    answer = can(ANNA, "kms:Decrypt", "--policy", name, "--key-arn", KEY, "--format", "json")
    data = json.loads(answer.out)
    assert (data["principal"], data["key"]) == (ANNA, KEY)
    (decision,) = data["answers"]
    assert decision["outcome"] == "not predictable"
    assert decision["missingContext"] == ["aws:SourceVpce"]
    assert "resource control policies" in decision["notConsidered"]
    denying = next(each for each in decision["statements"] if each["effect"] == "Deny")
    assert (denying["sid"], denying["number"], denying["applies"]) == ("Out", 2, "maybe")
    column = text.index('{"Effect": "Deny"') + 1
    assert (denying["line"], denying["column"]) == (1, column)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((ANNA, "kms:Decrypt"), "name a KEY"),
        (("anna", "kms:Decrypt", "k"), "is not a principal"),
        ((ANNA, "kms:Decrpyt", "k"), "not an action of KMS"),
        ((ANNA, "s3:*", "k"), "not an action of KMS"),
        ((ANNA, "kms:Decrypt", "--policy", "/nowhere/p.json", "--key-arn", KEY), "cannot be read"),
        ((ANNA, "kms:Decrypt", "--policy", "p.json"), "--key-arn"),
        ((ANNA, "kms:Decrypt", "--policy", "p.json", "--key-arn", "k"), "--key-arn"),
    ],
)
def test_what_cannot_be_answered_says_what_to_do(arguments: tuple[str, ...], said: str) -> None:
    answer = can(*arguments)
    assert answer.code == 2
    assert said in answer.err
    assert answer.err.startswith("kmstui can: ") and answer.err.endswith(".\n")


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"\xff\xfe\x00", b"[]", b'{"Statement": 5}', b"\x1b[2J"]
)
def test_a_file_that_is_no_policy(raw: bytes, tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    path.write_bytes(raw)
    answer = can(ANNA, "kms:Decrypt", "--policy", str(path), "--key-arn", KEY)
    assert answer.code == 2
    assert "Traceback" not in answer.err and "\x1b" not in answer.err


def test_a_policy_cannot_steer_the_terminal(write) -> None:
    name = write(policy_text(allow({"AWS": ANNA}, Sid="\x9b2J\x1b]0;x\x07")))
    answer = can(ANNA, "kms:Decrypt", "--policy", name, "--key-arn", KEY)
    assert answer.code == 0
    assert not {"\x1b", "\x9b", "\x07"} & set(answer.out)
    assert "\\x9b2J" in answer.out


def test_a_key_of_another_account(write) -> None:
    name = write(policy_text(allow({"AWS": OTHER})))
    permitting = write(iam(iam_allow()), "iam.json")
    asked = (f"arn:aws:iam::{OTHER}:user/eve", "kms:Decrypt", "--policy", name, "--key-arn", KEY)
    assert can(*asked).code == 2
    assert can(*asked, "--identity-policy", permitting).code == 0


def test_it_needs_neither_the_screens_nor_boto3() -> None:
    """A policy in a file is judged at once, also where boto3 cannot be imported."""
    program = (
        "import sys; import kmstui.scripting.can;"
        "sys.exit(bool({'textual', 'boto3', 'botocore', 'rich'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


class TestControlPolicies:
    """Service and resource control policies and the policy of a VPC endpoint, from files."""

    def asked(self, write, *arguments: str, action: str = "kms:Decrypt") -> Outcome:
        policy = write(policy_text(allow({"AWS": APP})))
        return can(APP, action, "--policy", policy, "--key-arn", KEY, *arguments)

    def test_each_scp_option_is_a_level_and_its_files_unite(self, write) -> None:
        everything = write(iam(iam_allow("*")), "all.json")
        no_decrypt = write(iam({**iam_allow("kms:Decrypt"), "Effect": "Deny"}), "no.json")
        only_s3 = write(iam(iam_allow("s3:*")), "s3.json")
        assert self.asked(write, "--scp", everything).code == 0
        united = self.asked(write, "--scp", only_s3, everything)
        assert united.code == 0
        assert "Considered: the key policy, service control policies (1 level)." in united.out
        two = self.asked(write, "--scp", everything, "--scp", only_s3)
        assert two.code == 1
        assert f"service control policies of level 2 ({only_s3})" in two.out
        denied = self.asked(write, "--scp", "FullAWSAccess", no_decrypt)
        assert denied.code == 1 and denied.out.startswith("No, denied: kms:Decrypt is denied")
        beside = self.asked(write, "--scp", "FullAWSAccess", no_decrypt, action="kms:Encrypt")
        assert beside.code == 0
        assert self.asked(write, "--scp", no_decrypt, action="kms:Encrypt").code == 2

    def test_they_may_stand_before_the_question(self, write) -> None:
        policy = write(policy_text(allow({"AWS": APP})))
        scp = write(iam(iam_allow("s3:*")), "s3.json")
        answer = can(
            "--scp", scp, "FullAWSAccess", APP, "Decrypt", "--policy", policy, "--key-arn", KEY
        )
        assert answer.code == 0
        assert can(f"--scp={scp}", APP, "Decrypt", "--policy", policy, "--key-arn", KEY).code == 1

    def test_an_rcp_denies_and_need_not_allow(self, write) -> None:
        rcp = write(policy_text(deny("*", "kms:Decrypt")), "rcp.json")
        assert self.asked(write, "--rcp", rcp).code == 1
        assert self.asked(write, "--rcp", rcp, action="kms:Encrypt").code == 0

    def test_the_policy_of_a_vpc_endpoint(self, write) -> None:
        file = write(policy_text(allow("*", "kms:Encrypt")), "endpoint.json")
        refused = self.asked(write, "--vpc-endpoint-policy", file)
        assert refused.code == 1 and "policy of the VPC endpoint" in refused.out
        assert self.asked(write, "--vpc-endpoint-policy", file, action="kms:Encrypt").code == 0
        elsewhere = ("--vpc-endpoint-policy", file, "--without", "aws:SourceVpce")
        assert self.asked(write, *elsewhere).code == 0

    def test_all_of_it_as_json(self, write) -> None:
        rcp = write(policy_text(deny("*", "kms:Decrypt", Sid="Perimeter")), "rcp.json")
        given = ("--rcp", rcp, "--scp", "FullAWSAccess", "--format", "json")
        (answer,) = json.loads(self.asked(write, *given).out)["answers"]
        assert answer["outcome"] == "explicitly denied"
        (statement,) = answer["statements"]
        assert statement["policy"] == f"resource control policy {rcp}"
        assert statement["sid"] == "Perimeter"
        assert answer["considered"][1:] == [
            "service control policies (1 level)",
            "resource control policies (1 level)",
        ]
        assert "VPC endpoint policies" in answer["notConsidered"]

    def test_a_file_that_is_no_policy_is_told(self, write) -> None:
        broken = self.asked(write, "--scp", write("{", "broken.json"))
        assert broken.code == 2 and "broken.json is not valid JSON" in broken.err
        assert self.asked(write, "--rcp", "nowhere.json").code == 2

    def test_what_aws_would_not_take_is_no_control_policy(self, write) -> None:
        scp = write(policy_text(deny("*")), "scp.json")
        assert "cannot have" in self.asked(write, "--scp", scp).err
        for index, statement in enumerate((deny({"AWS": APP}), iam_allow("*"), allow("*"))):
            rcp = write(policy_text(statement), f"rcp{index}.json")
            assert self.asked(write, "--rcp", rcp).code == 2
        endpoint = write(iam(iam_allow("*")), "endpoint.json")
        assert "has no Principal" in self.asked(write, "--vpc-endpoint-policy", endpoint).err

    def test_who_has_no_session_has_no_session_policy(self, write) -> None:
        policy = write(policy_text(allow({"AWS": [APP, ANNA]})))
        session = write(iam(iam_allow("s3:*")), "session.json")
        given = ("--policy", policy, "--key-arn", KEY, "--session-policy", session)
        assert can(APP, "Decrypt", *given).code == 1
        assert "user/anna has no session policies" in can(ANNA, "Decrypt", *given).err


def test_the_key_half_of_an_alias_operation_is_not_enough(write) -> None:
    """It said "Yes", exit 0, and CreateAlias was refused."""
    key = write(policy_text(allow({"AWS": APP})))
    asked = (APP, "kms:CreateAlias", "--policy", key, "--key-arn", KEY)
    aliases = write(iam(iam_allow("kms:*Alias", Resource="arn:aws:kms:*:*:alias/a*")), "iam.json")
    assert can(*asked).code == 2
    assert can(*asked, "--no-identity-policies").code == 1
    some = can(*asked, "--identity-policy", aliases)
    assert (some.code, some.out.split(":")[0]) == (2, "Incomplete")
    assert "--alias says which the alias is." in some.out
    assert can(*asked, "--identity-policy", aliases, "--alias", "app").code == 0
    assert can(*asked, "--identity-policy", aliases, "--alias", "alias/other").code == 1
    told = json.loads(can(*asked, "--no-identity-policies", "--format", "json").out)
    (answer,) = told["answers"]
    assert (answer["answer"], answer["outcome"]) == ("no", "implicitly denied")
    assert [(each["on"], each["answer"]) for each in answer["permissions"]] == [
        ("the key", "yes"),
        ("the alias", "no"),
    ]


def test_reencryption_between_two_keys(write) -> None:
    source = write(policy_text(allow({"AWS": APP}, "kms:ReEncryptFrom")))
    target = write(policy_text(allow({"AWS": APP}, "kms:ReEncryptTo")), "other.json")
    asked = (APP, "ReEncrypt", "--policy", source, "--key-arn", KEY)
    assert can(*asked).code == 2
    assert "--other-key says which the key that it shall be encrypted under is." in can(*asked).out
    other = ("--other-policy", target, "--other-key", KEY[:-1] + "c")
    assert can(*asked, *other).code == 0
    assert can(*asked, "--other-policy", source, "--other-key", KEY[:-1] + "c").code == 1
    assert "--other-key" in can(*asked, "--other-policy", target).err
    assert "--other-policy" in can(*asked, "--other-key", KEY[:-1] + "c").err


def test_a_live_alias_tells_which_key_it_names_now() -> None:
    source = Source(KeyAccess(KEY, DEFAULT, (), identity(APP, iam(iam_allow()))))
    assert can(APP, "kms:UpdateAlias", "alias/new", source=source).code == 2
    assert can(APP, "kms:UpdateAlias", KEY, "--alias", "old", source=source).code == 0
    alias = KEY.partition(":key/")[0] + ":alias/old"
    assert [key for _, key, _ in source.asked][-2:] == [KEY, alias]


def test_a_role_that_is_not_there_is_told_so() -> None:
    """It was taken for one whose IAM policies may not be read: "It depends"."""
    gone = Source(KeyAccess(KEY, DEFAULT, (), None, is_missing=True))
    for who in (APP, SESSION, ANNA):
        answer = can(who, "kms:Decrypt", "alias/a", source=gone)
        assert (answer.code, answer.out) == (2, "")
        assert "does not exist in the account 111122223333" in answer.err
    assert can(APP, "kms:Decrypt", "alias/a", "--no-identity-policies", source=gone).code == 1
    assert can(ROOT, "kms:Decrypt", "alias/a", source=gone).code == 0


def test_the_path_of_a_role_is_that_of_its_account(write) -> None:
    there = APP.replace("role/", "role/teams/blue/")
    only = {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/teams/*"}}
    text = policy_text(allow("*", Condition=only))
    source = Source(KeyAccess(KEY, text, (), replace(identity(APP), arn=there)))
    for who in (APP, SESSION):
        assert can(who, "kms:Decrypt", "alias/a", source=source).code == 0


def test_no_identity_policies_can_be_said(write) -> None:
    key = write(DEFAULT)
    nothing = write('{"Version": "2012-10-17", "Statement": []}', "none.json")
    asked = (APP, "kms:Decrypt", "--policy", key, "--key-arn", KEY)
    assert can(*asked).code == 2
    for said in (("--no-identity-policies",), ("--identity-policy", nothing)):
        answer = can(*asked, *said)
        assert answer.code == 1
        assert "Considered: the key policy, identity policies." in answer.out
    permitting = write(iam(iam_allow()), "iam.json")
    for limit in ("--session-policy", "--permissions-boundary"):
        assert can(*asked, "--identity-policy", permitting, limit, nothing).code == 1


def test_a_condition_key_with_an_equals_sign(write) -> None:
    tagged = {"StringEquals": {"aws:PrincipalTag/cost=center": "a=b"}}
    name = write(policy_text(allow({"AWS": ANNA}, Condition=tagged)))
    asked = (ANNA, "kms:Decrypt", "--policy", name, "--key-arn", KEY)
    assert can(*asked, "--context", "aws:PrincipalTag/cost=center=a=b").code == 0
    assert can(*asked, "--context", "aws:principaltag/COST=center=a=b").code == 0
    assert can(*asked, "--context", r"aws:PrincipalTag/cost\=center=a=b").code == 0
    assert can(*asked, "--context", "aws:PrincipalTag/cost=center=b").code == 1


def test_an_account_by_its_number_is_one_of_the_keys_partition(write) -> None:
    key = KEY.replace("arn:aws:", "arn:aws-cn:")
    name = write(policy_text(allow({"AWS": OTHER}), allow({"AWS": ROOT})))
    assert can(OTHER, "kms:Decrypt", "--policy", name, "--key-arn", key).code == 0
    assert can(ROOT, "kms:Decrypt", "--policy", name, "--key-arn", key).code == 1


def test_that_identity_policies_decide_is_said_after_what_they_decide_upon(
    tmp_path: Path,
) -> None:
    """The sentence began with "Then"."""
    policy = tmp_path / "policy.json"
    policy.write_text(DEFAULT)
    answer = can(APP, "kms:RetireGrant", "--policy", str(policy), "--key-arn", KEY)
    assert answer.out.startswith("It depends: The grants were not read")
