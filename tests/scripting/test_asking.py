"""`kmstui can me ACTION KEY --ask`: KMS's answer beside the prediction, on the embedded KMS."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from kmstui.bootstrap import live_source
from kmstui.config import load_settings
from tests.control import ControlledKms
from tests.embedded import aws_environment, client, embedded, embedded_server
from tests.policy.lockouts import allow, deny, policy_text
from tests.scripting.bench import command

__all__ = ["aws_environment", "embedded", "embedded_server"]

pytestmark = pytest.mark.usefixtures("aws_environment")

KEY = "alias/ImportedCMK"
ADMINISTRATOR = "role/KeyAdministrator"


@dataclass
class Told:
    code: int
    out: str
    err: str

    @property
    def answers(self) -> dict[str, Any]:
        """By action."""
        return {each["action"]: each for each in json.loads(self.out)["answers"]}


def can(*arguments: str) -> Told:
    done = command("can", *arguments, live=lambda: live_source(load_settings({})))
    return Told(done.code, done.out, done.err)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings of whoever runs the tests."""
    settings = tmp_path / "config.toml"
    settings.touch()
    monkeypatch.setenv("KMSTUI_CONFIG", str(settings))


@pytest.fixture
def play(embedded: ControlledKms, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Ask as somebody else of the world."""

    def become(who: str) -> None:
        monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
        for name, value in embedded.environment_for(who).items():
            monkeypatch.setenv(name, value)

    return become


@pytest.fixture
def as_session(embedded: ControlledKms, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Ask as a session of the administrator that a session policy caps."""

    def become(*actions: str) -> None:
        sts = client(embedded, "sts", "admin")
        held = sts.assume_role(
            RoleArn=f"arn:aws:iam::{embedded.account}:{ADMINISTRATOR}",
            RoleSessionName="capped",
            Policy=policy_text(allow("", list(actions))).replace('"Principal": "", ', ""),
        )["Credentials"]
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", held["AccessKeyId"])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", held["SecretAccessKey"])
        monkeypatch.setenv("AWS_SESSION_TOKEN", held["SessionToken"])

    return become


def dry_runs(embedded: ControlledKms) -> list[str]:
    """The operations of all dry runs that came."""
    sent = embedded.control.requests()
    return [each.operation for each in sent if (each.parameters or {}).get("DryRun")]


def store(embedded: ControlledKms, *statements: Mapping[str, object]) -> None:
    """Add statements to the key's policy."""
    stored = json.loads(embedded.control.key(KEY).policy)
    stored["Statement"] += statements
    embedded.control.change_key(KEY, policy=json.dumps(stored))


def test_it_says_what_is_sent_and_then_both_answers(embedded: ControlledKms) -> None:
    told = can("me", "kms:Decrypt", KEY, "--ask")
    assert told.code == 0
    first, head, row, *rest = told.out.splitlines()
    assert "by 1 dry run, which it judges and does not carry out: Decrypt" in first
    assert "CloudTrail records each" in first
    assert head.split() == ["ACTION", "PREDICTED", "KMS"]
    assert row.split()[:3] == ["kms:Decrypt", "yes", "allowed"]
    assert rest[-1].startswith("Not considered in what is predicted: ")
    assert dry_runs(embedded) == ["Decrypt"]


def test_read_only_lets_dry_runs_pass(
    embedded: ControlledKms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KMSTUI_READ_ONLY", "true")
    told = can("me", "kms:CreateGrant", KEY, "--ask")
    assert "CreateGrant of DescribeKey to yourself" in told.out.splitlines()[0]
    assert (told.code, dry_runs(embedded)) == (0, ["CreateGrant"])
    assert (
        client(embedded, "kms").list_grants(KeyId=embedded.control.key(KEY).metadata["Arn"])[
            "Grants"
        ]
        == []
    )


def test_a_session_policy_that_nobody_can_read_makes_kms_differ(as_session: Any) -> None:
    as_session("kms:DescribeKey", "kms:GetKeyPolicy", "kms:ListGrants", "kms:Encrypt", "iam:*")
    told = can("me", "kms:*crypt", KEY, "--ask")
    assert told.code == 1
    marked = [line for line in told.out.splitlines() if line.startswith("! ")]
    assert [line.split()[:3] for line in marked] == [
        ["!", "kms:Decrypt", "yes"],
        ["!", "kms:Decrypt", "differs."],
    ]
    assert "because no session policy allows the kms:Decrypt action" in told.out
    assert "! kms:Decrypt differs. Predicted: " in told.out
    causes = [line for line in told.out.splitlines() if line.startswith("  - ")]
    assert "session policies" in causes[0]
    assert "Ask again in five minutes." in causes[-1]
    assert "  kms:Encrypt  yes         allowed" in told.out


def test_json_holds_both_answers_and_the_causes(as_session: Any) -> None:
    as_session("kms:DescribeKey", "kms:GetKeyPolicy", "kms:ListGrants", "iam:*")
    told = can("me", "kms:Decrypt", KEY, "--ask", "--format", "json")
    answer = told.answers["kms:Decrypt"]
    assert (told.code, answer["answer"], answer["kms"]["answer"]) == (1, "yes", "denied")
    assert answer["kms"]["comparison"] == "differs"
    assert "no session policy allows" in answer["kms"]["said"]
    assert answer["kms"]["causes"]
    assert "by 1 dry run" in told.err, "what is sent is said, and not in the way of the JSON"


def test_a_wildcard_asks_what_can_be_asked_and_says_why_not_of_the_rest(
    embedded: ControlledKms,
) -> None:
    told = can("me", "kms:*", KEY, "--ask", "--format", "json")
    asked = {name for name, each in told.answers.items() if each["kms"]["answer"] != "not asked"}
    assert asked == {
        "kms:CreateGrant",
        "kms:Decrypt",
        "kms:Encrypt",
        "kms:GenerateDataKey",
        "kms:GenerateDataKeyPair",
        "kms:GenerateDataKeyPairWithoutPlaintext",
        "kms:GenerateDataKeyWithoutPlaintext",
        "kms:ReEncryptFrom",
        "kms:ReEncryptTo",
    }
    assert len(dry_runs(embedded)) == len(set(dry_runs(embedded))) == len(asked) - 1
    assert "no dry run" in told.answers["kms:PutKeyPolicy"]["kms"]["reason"]
    assert "does not work with a key of usage" in told.answers["kms:Sign"]["kms"]["reason"]


def test_what_kms_has_no_dry_run_of_goes_by_the_prediction(embedded: ControlledKms) -> None:
    told = can("me", "kms:PutKeyPolicy", KEY, "--ask")
    assert told.code == 0
    assert told.out.startswith("Nothing is sent to KMS: no dry run can tell of ")
    assert dry_runs(embedded) == []


def test_a_disabled_key_gives_no_answer(embedded: ControlledKms) -> None:
    embedded.control.change_key(KEY, state="Disabled")
    told = can("me", "kms:Decrypt", KEY, "--ask")
    assert told.code == 2
    assert "yes         not judged  KMS does not say whether it is allowed." in told.out
    assert "is disabled" in told.out


def test_kms_throttling_is_no_answer(embedded: ControlledKms) -> None:
    embedded.control.fault("throttle", "Encrypt")
    told = can("me", "kms:Encrypt", KEY, "--ask")
    assert told.code == 2
    assert "Throttled" in told.out


def test_the_encryption_context_goes_along_and_settles_what_was_open(
    embedded: ControlledKms,
) -> None:
    store(
        embedded,
        deny("*", "kms:Encrypt", Condition={"StringEquals": {"kms:EncryptionContext:App": "x"}}),
    )
    given = ("--context", "kms:EncryptionContext:App=x")
    told = can("me", "kms:Encrypt", KEY, "--ask", *given)
    assert "The encryption context App=x goes with Encrypt." in told.out
    assert told.code == 1
    assert "! " not in told.out, "both say no"
    other = can("me", "kms:Encrypt", KEY, "--ask", "--format", "json")
    kms = other.answers["kms:Encrypt"]["kms"]
    assert (other.code, kms["answer"], kms["comparison"]) == (0, "allowed", "settles it")
    assert "with another kms:EncryptionContext:App it may answer otherwise" in kms["remark"]
    assert "No encryption context is sent." in other.err


def test_what_the_prediction_supposes_is_named_where_kms_differs(embedded: ControlledKms) -> None:
    elsewhere = {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}
    store(embedded, deny("*", "kms:Encrypt", Condition=elsewhere))
    told = can("me", "kms:Encrypt", KEY, "--ask", "--context", "aws:SourceVpce=vpce-1")
    assert told.code == 1
    assert "The prediction supposes aws:SourceVpce; KMS judged the request as it came" in told.out
    assert "Conditions on aws:SourceVpce: " in told.out


def test_grant_tokens_go_along_and_a_wrong_one_is_named(embedded: ControlledKms) -> None:
    kms = client(embedded, "kms", "admin")
    key = embedded.control.key(KEY).metadata["KeyId"]
    role = f"arn:aws:iam::{embedded.account}:{ADMINISTRATOR}"
    made = kms.create_grant(KeyId=key, GranteePrincipal=role, Operations=["Decrypt"])
    told = can("me", "kms:Decrypt", KEY, "--ask", "--grant-token", made["GrantToken"])
    assert (told.code, "1 grant token goes with each." in told.out) == (0, True)
    sent = embedded.control.requests()[-1]
    assert (sent.parameters or {})["GrantTokens"] == [made["GrantToken"]]
    wrong = can("me", "kms:Decrypt", KEY, "--ask", "--grant-token", "nobodys")
    assert wrong.code == 2
    assert "The grant token is not valid. Correct what you have typed" in wrong.out
    alone = can("me", "kms:Decrypt", KEY, "--grant-token", "nobodys")
    assert (alone.code, "which --ask asks" in alone.err) == (2, True)


def _given(value: str) -> tuple[str, str]:
    return "--context", f"kms:EncryptionContext:A={value}"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("arn:aws:iam::111122223333:role/app", "kms:Decrypt", KEY), "write `me` instead of arn:"),
        (("me", "kms:Decrypt", KEY, "--policy", "p.json"), "leave out --policy"),
        (("me", "kms:ReEncryptFrom", KEY, "--other-key", "alias/a"), "cannot tell of --other-key"),
        (("me", "kms:Encrypt", KEY, *(f"--grant-token={n}" for n in range(11))), "10 grant tokens"),
        (
            ("me", "kms:Encrypt", KEY, *_given("1"), *_given("2")),
            "kms:EncryptionContext:A has one value",
        ),
    ],
)
def test_what_cannot_be_asked_is_refused_and_nothing_is_sent(
    embedded: ControlledKms, arguments: tuple[str, ...], words: str
) -> None:
    told = can(*arguments, "--ask")
    assert (told.code, told.out) == (2, "")
    assert words in told.err
    assert dry_runs(embedded) == []


CALLERS = ("instance", "admin", "user", "root")
KEYS = (
    "alias/ImportedCMK",
    "alias/code/signing",
    "alias/partners/inbox",
    "alias/workshop/vpc-endpoint",
    "alias/hr/payroll",
)


@pytest.mark.parametrize("who", CALLERS)
def test_no_prediction_is_contradicted_by_kms(play: Any, who: str) -> None:
    play(who)
    judged = differing = 0
    for key in KEYS:
        told = can("me", "kms:*", key, "--ask", "--format", "json")
        if not told.out:
            assert "kms:DescribeKey" in told.err  # nothing of this key is for this caller
            continue
        for action, answer in told.answers.items():
            judged += answer["kms"]["answer"] in ("allowed", "denied")
            if answer["kms"]["comparison"] == "differs":
                differing += 1
                print(who, key, action, answer)
    assert (judged > 0, differing) == (True, 0)
