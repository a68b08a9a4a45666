"""`kmstui diff OLD NEW`: a pull request can be stopped where a policy gives somebody more."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from kmstui.model import Arn
from kmstui.policy.evaluation import NOTHING_READ
from kmstui.policy.lint import KeyContext
from kmstui.scripting.live_source import LivePolicy, LiveSource
from kmstui.service.access import CheckAnswer, PolicyChange, ask_analyzer
from kmstui.service.errors import ThrottledError
from kmstui.service.ports import CheckReason, PolicyCheck, Target
from tests.fakes import FakeGateway
from tests.policy.asking import APP, KEY, OTHER, ROOT, iam
from tests.policy.evaluation.test_chain import FULL, NO_DECRYPT, iam_deny, scps
from tests.policy.lockouts import allow, policy_text
from tests.scripting.bench import Outcome, command

ROOT_STATEMENT = allow({"AWS": ROOT})
DEFAULT = policy_text(ROOT_STATEMENT)
WIDER = policy_text(ROOT_STATEMENT, allow({"AWS": APP}, "kms:Decrypt", Sid="ForApp"))


class Source(LiveSource):
    """A live key that has the default policy."""

    def __init__(self, *, in_organization: bool = False) -> None:
        self.asked: list[str] = []
        self.in_organization = in_organization
        self.analyzer = FakeGateway()

    def policy(self, target: Target, key: str, *, with_chain: bool = False) -> LivePolicy:
        self.asked.append(key)
        chain = scps(FULL, NO_DECRYPT) if with_chain and self.in_organization else NOTHING_READ
        return LivePolicy(key, KeyContext(Arn.parse(KEY)), DEFAULT, chain=chain)

    def policy_checks(
        self,
        target: Target,
        change: PolicyChange,
        actions: Sequence[str],
        tell: Callable[[str], None],
    ) -> tuple[CheckAnswer, ...]:
        tell(self.analyzer.info.region)
        return asyncio.run(ask_analyzer(self.analyzer, change, actions))


def diff(*arguments: str, stdin: str = "", source: Source | None = None) -> Outcome:
    return command("diff", *arguments, stdin=stdin, source=source or Source())


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    old.write_text(DEFAULT)
    new.write_text(WIDER)
    return str(old), str(new)


def test_a_gain_is_told_and_ends_with_1(files: tuple[str, str]) -> None:
    answer = diff(*files)
    assert answer.code == 1
    assert answer.out.startswith("role/app gains Decrypt (if IAM policies allow it → by the key")
    assert "\nNot considered: identity policies (IAM), " in answer.out


def test_a_loss_ends_with_0(files: tuple[str, str]) -> None:
    answer = diff(*reversed(files))
    assert answer.code == 0
    assert "role/app loses Decrypt" in answer.out


def test_the_same_policy_written_otherwise_ends_with_0(files: tuple[str, str]) -> None:
    spread = json.dumps(json.loads(WIDER), indent=8)
    answer = diff(files[1], "-", stdin=spread)
    assert answer.code == 0
    assert answer.out.startswith("Nobody gains or loses anything")


def test_a_stored_policy_is_held_against_a_file(files: tuple[str, str]) -> None:
    source = Source()
    answer = diff("alias/app", files[1], source=source)
    assert (answer.code, source.asked) == (1, ["alias/app"])
    assert "role/app gains Decrypt" in answer.out


def test_json_for_programs(files: tuple[str, str]) -> None:
    answer = json.loads(diff(*files, "--format", "json").out)
    assert answer["complete"] and answer["openKeys"] == []
    (change,) = answer["changes"]
    assert (change["direction"], change["who"]) == ("gains", ["role/app"])
    assert change["actions"] == ["kms:Decrypt"]
    assert (change["before"], change["after"], change["when"]) == ("via_iam", "direct", [])
    assert change["statementsAfter"] == ['"ForApp"']


def test_what_is_left_open_may_be_a_gain(tmp_path: Path) -> None:
    def only(condition: dict[str, Any]) -> str:
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.json"
        path.write_text(policy_text(allow({"AWS": APP}, "kms:Decrypt", Condition=condition)))
        return str(path)

    old = only({"StringLike": {"aws:SourceIp": "10.*"}})
    new = only({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}})
    answer = diff(old, new, "--key-arn", KEY)
    assert answer.code == 1
    assert "aws:SourceIp" in answer.out and "Nobody" not in answer.out


def test_whose_key_it_is_must_be_known(tmp_path: Path) -> None:
    both = [allow({"AWS": ROOT}), allow({"AWS": f"arn:aws:iam::{OTHER}:root"})]
    old = tmp_path / "old.json"
    old.write_text(policy_text(*both))
    answer = diff(str(old), str(old))
    assert answer.code == 2
    assert "--key-arn" in answer.err
    assert diff(str(old), str(old), "--key-arn", KEY).code == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [("{", "is not valid JSON"), ("[]", "does not hold a policy"), (None, "cannot be read")],
)
def test_what_is_no_policy_is_refused(
    tmp_path: Path, files: tuple[str, str], text: str | None, words: str
) -> None:
    path = tmp_path / "bad.json"
    if text is not None:
        path.write_text(text)
    answer = diff(files[0], str(path))
    assert answer.code == 2
    assert words in answer.err and "Traceback" not in answer.err


def test_standard_input_can_be_read_once(files: tuple[str, str]) -> None:
    assert diff("-", "-", stdin=DEFAULT).code == 2


@pytest.mark.parametrize(
    "wrapped",
    [
        json.dumps(WIDER),
        json.dumps({"Policy": WIDER, "PolicyName": "default"}),
        json.dumps(json.dumps({"Policy": WIDER})),
        json.dumps(WIDER)[1:-1],
        quote(WIDER),
    ],
    ids=["string", "output of get-key-policy", "that output as a string", "escaped", "URL"],
)
def test_a_policy_in_a_string_is_taken_out(
    tmp_path: Path, files: tuple[str, str], wrapped: str
) -> None:
    path = tmp_path / "wrapped.json"
    path.write_text(wrapped)
    assert diff(str(path), files[1]).out.startswith("Nobody gains or loses")
    assert diff(files[0], str(path)).code == 1


def test_what_is_no_key_policy_is_refused(tmp_path: Path, files: tuple[str, str]) -> None:
    path = tmp_path / "iam.json"
    path.write_text(policy_text({"Effect": "Allow", "Action": "kms:*", "Resource": "*"}))
    answer = diff(files[0], str(path))
    assert answer.code == 2
    assert "statement 1 has no Principal, which a key policy needs." in answer.err


# Control policies

REFUSED = "; service control policies refuse it today."


@pytest.fixture
def scp(tmp_path: Path) -> str:
    path = tmp_path / "scp.json"
    path.write_text(iam(iam_deny()))
    return str(path)


def test_a_gain_that_a_file_refuses_is_told_so_and_still_ends_with_1(
    files: tuple[str, str], scp: str
) -> None:
    answer = diff("--key-arn", KEY, "--scp", "FullAWSAccess", scp, "--", *files)
    assert (answer.code, REFUSED in answer.out) == (1, True), answer
    said = json.loads(
        diff("--key-arn", KEY, "--format", "json", "--scp", "FullAWSAccess", scp, "--", *files).out
    )
    assert [each["refused"] for each in said["changes"]] == [REFUSED.strip("; .")]
    assert "service control policies" not in said["notConsidered"]


def test_the_policy_of_an_endpoint_binds_what_goes_through_it(
    files: tuple[str, str], tmp_path: Path
) -> None:
    through = tmp_path / "endpoint.json"
    through.write_text(policy_text(allow("*", "kms:Encrypt")))
    answer = diff("--key-arn", KEY, "--vpc-endpoint-policy", str(through), *files)
    assert (
        "VPC endpoint policies refuse it today, except when aws:SourceVpce is absent" in answer.out
    )


def test_control_policies_need_to_know_which_key(files: tuple[str, str], scp: str) -> None:
    answer = diff("--scp", scp, "--", *files)
    assert (answer.code, "--key-arn" in answer.err) == (2, True)


def test_those_of_a_live_key_are_read_and_files_stand_in_their_place(
    files: tuple[str, str], scp: str
) -> None:
    source = Source(in_organization=True)
    assert REFUSED in diff("alias/x", files[1], source=source).out
    assert (
        REFUSED not in diff("--scp", "FullAWSAccess", "--", "alias/x", files[1], source=source).out
    )


def test_a_resource_control_policy_that_grants_is_none(files: tuple[str, str], scp: str) -> None:
    answer = diff("--key-arn", KEY, "--rcp", scp, "--", *files)
    assert answer.code == 2
    assert "resource control policy" in answer.err


# Access Analyzer

FAIL = PolicyCheck(False, "It may.", (CheckReason("New access in \x1b[31mApp", 1, "App"),))


def test_access_analyzer_is_asked_after_it_is_said_what_is_sent(files: tuple[str, str]) -> None:
    source = Source()
    answer = diff("--ask-analyzer", *reversed(files), source=source)
    assert answer.code == 0
    assert "are sent to IAM Access Analyzer in eu-central-1" in answer.err
    assert "AWS charges for each custom policy check" in answer.err
    assert "\n  CheckNoNewAccess: PASS, as kmstui expects\n" in answer.out
    # What somebody keeps in any case is asked about, and only told of.
    assert source.analyzer.sent_to_analyzer[1][1:] == (
        "kms:PutKeyPolicy",
        "kms:ScheduleKeyDeletion",
    )
    assert "! CheckAccessNotGranted: PASS, and kmstui expects FAIL" in answer.out
    assert "AWS" not in diff(*files).err


def test_new_access_that_kmstui_does_not_see_ends_with_1(files: tuple[str, str]) -> None:
    source = Source()
    source.analyzer.no_new_access = FAIL
    answer = diff("--ask-analyzer", *reversed(files), source=source)
    assert answer.code == 1
    assert "! CheckNoNewAccess: FAIL, and kmstui expects PASS" in answer.out
    assert "\x1b" not in answer.out
    assert "    It may be:\n    - Access Analyzer goes by the texts alone" in answer.out


def test_actions_that_must_be_given_to_nobody_end_with_1_where_they_are(
    files: tuple[str, str],
) -> None:
    source = Source()
    source.analyzer.access_not_granted = FAIL
    assert diff("--ask-analyzer", *reversed(files), source=source).code == 0
    answer = diff(
        "--not-granted", "Decrypt", "--format", "json", *reversed(files), source=source
    )  # fmt: skip
    assert answer.code == 1
    first, second = json.loads(answer.out)["accessAnalyzer"]
    assert (first["check"], first["result"]) == ("CheckNoNewAccess", "PASS")
    assert (second["result"], second["expected"], second["comparison"]) == (
        "FAIL",
        "FAIL",
        "agrees",
    )
    assert second["reasons"][0]["statementIndex"] == 1
    assert diff("--not-granted", "Frob", *files).code == 2


def test_an_analyzer_that_does_not_answer_ends_with_2_and_hides_no_gain(
    files: tuple[str, str],
) -> None:
    source = Source()
    error = ThrottledError("the quota is used up", "Try again soon.")
    source.analyzer.fail("access-analyzer:CheckNoNewAccess", error)
    answer = diff("--ask-analyzer", *reversed(files), source=source)
    assert answer.code == 2
    assert "CheckNoNewAccess: not checked\n    Throttled: the quota is used up." in answer.out
    assert diff("--ask-analyzer", *files, source=source).code == 1
