"""`kmstui lint` as scripts and people use it: what it reads, what it writes, how it ends."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from kmstui.model.arn import Arn
from kmstui.policy.lint.core import KeyContext
from kmstui.policy.syntax.nodes import Span
from kmstui.policy.syntax.parser import parse
from kmstui.scripting.lint import CLEAN, ERRORS, WOULD_CHANGE
from kmstui.scripting.live_source import LivePolicy, LiveSource
from kmstui.scripting.parser import COULD_NOT_RUN
from kmstui.scripting.report import excerpt
from kmstui.service.errors import NetworkError
from kmstui.service.ports import Target
from tests.policy.rule_cases import ACCOUNT, KEY_ARN, policy, statement
from tests.sarif_schema import SARIF_SCHEMA
from tests.scripting.bench import Outcome, command

_GOOD = policy(statement())
_BAD = policy(statement(Action=["kms:Decrpyt"], Effect="allow"))
_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"


@dataclass
class Keys(LiveSource):
    """A source of stored policies."""

    stored: list[LivePolicy] = field(default_factory=list)
    fails: str = ""
    asked: list[object] = field(default_factory=list)

    def policy(self, target: Target, key: str, *, with_chain: bool = False) -> LivePolicy:
        self.asked.append((target, key))
        if self.fails:
            raise NetworkError(self.fails)
        return self.stored[0]

    def policies(
        self, target: Target, progress: Callable[[int, int], None]
    ) -> Iterator[LivePolicy]:
        self.asked.append(target)
        for number, stored in enumerate(self.stored, 1):
            progress(number, len(self.stored))
            yield stored
        if self.fails:
            raise NetworkError(self.fails)


def lint(*arguments: str | Path, **how: Any) -> Outcome:
    return command("lint", *arguments, **how)


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.json"
    path.write_text(_GOOD)
    return path


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    path = tmp_path / "bad.json"
    path.write_text(_BAD)
    return path


def _stored(label: str, text: str, *, error: str = "", key_id: str = _ID) -> LivePolicy:
    arn = Arn.parse(KEY_ARN.replace(_ID, key_id))
    return LivePolicy(label, KeyContext(arn=arn), text, error)


def test_a_good_file_ends_with_0_and_one_line(good: Path) -> None:
    outcome = lint(good)
    assert outcome == Outcome(CLEAN, "1 policy: nothing found\n", "")


def test_a_bad_file_ends_with_1_and_shows_the_place(bad: Path) -> None:
    outcome = lint(bad)
    line = _BAD[: _BAD.index('"allow"')].count("\n") + 1
    assert outcome.code == ERRORS
    assert f"{bad}:{line}:17: error KMS106: Effect is 'allow'" in outcome.out
    shown, marks = outcome.out.split(f"{line:>5} | ")[1].splitlines()[:2]
    marked = marks.removeprefix("      | ")
    assert shown[marked.index("^") : len(marked)] == '"allow"'
    assert "fix: Write Allow" in outcome.out
    assert outcome.out.endswith("1 policy: 1 error, 1 warning\n")


def test_warnings_alone_end_with_0(tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    path.write_text(policy(statement(Action="kms:Foo")))
    assert lint(path).code == CLEAN


def test_colour_only_on_a_terminal_and_not_against_no_color(
    bad: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[" in lint(bad, terminal=True).out
    assert "\x1b[" not in lint(bad).out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in lint(bad, terminal=True).out


def test_what_steers_a_terminal_is_shown_and_not_obeyed(tmp_path: Path) -> None:
    path = tmp_path / "evil\x1b[2J.json"
    path.write_text(policy(statement(Action="kms:\x7f\u202eDecrypt\x9b31m"), indent=None))
    outcome = lint(path)
    assert not any(mark in outcome.out for mark in "\x1b\x7f\u202e\x9b")
    assert "\\x1b[2J" in outcome.out and "\\u202e" in outcome.out
    missing = lint(tmp_path / "no\x1b[2J")
    assert "\x1b" not in missing.err


def test_json_has_the_places_counted_from_one(bad: Path) -> None:
    rows = lint(bad, "--format", "json").rows
    row = next(each for each in rows if each["rule"] == "KMS106")
    line = _BAD[: _BAD.index('"allow"')].count("\n") + 1
    assert row == {
        "file": str(bad),
        "rule": "KMS106",
        "severity": "error",
        "line": line,
        "column": 17,
        "end_line": line,
        "end_column": 24,
        "message": "Effect is 'allow', not Allow or Deny",
        "why": row["why"],
        "url": row["url"],
        "fixable": True,
    }
    assert lint(bad, "--format", "json").code == ERRORS


def test_json_of_a_good_file_is_an_empty_list(good: Path) -> None:
    assert lint(good, "--format", "json").rows == []


def test_sarif_is_valid_and_carries_the_fixes(bad: Path, good: Path) -> None:
    sarif = json.loads(lint(bad, good, "--format", "sarif").out)
    jsonschema.validate(sarif, SARIF_SCHEMA, cls=jsonschema.Draft7Validator)
    (only,) = sarif["runs"]
    rules = only["tool"]["driver"]["rules"]
    for result in only["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    fixed = next(each for each in only["results"] if each["ruleId"] == "KMS106")
    replacement = fixed["fixes"][0]["artifactChanges"][0]["replacements"][0]
    assert replacement["insertedContent"]["text"] == '"Allow"'
    assert replacement["deletedRegion"] == fixed["locations"][0]["physicalLocation"]["region"]


def test_each_fix_in_sarif_tells_what_it_does_to_access(tmp_path: Path) -> None:
    """Code scanning offers it at a click, so it must say more than its title."""
    elsewhere = {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}
    role = {"AWS": f"arn:aws:iam::{ACCOUNT}:role/app"}
    path = tmp_path / "two.json"
    path.write_text(
        policy(
            statement(Principal=role, Action="kms:Decrypt", Condition=elsewhere),
            statement(Principal=role, Action=["kms:Sign", "kms:Sign"]),
        )
    )
    sarif = json.loads(lint(path, "--format", "sarif", "--key-arn", KEY_ARN).out)
    told = {
        each["ruleId"]: each["fixes"][0]["description"]["text"]
        for each in sarif["runs"][0]["results"]
        if "fixes" in each
    }
    assert "role/app loses Decrypt when" in told["KMS417"]
    assert told["KMS208"].endswith(". Nobody gains or loses anything.")


def test_sarif_says_what_could_not_be_linted(bad: Path, tmp_path: Path) -> None:
    outcome = lint(bad, tmp_path / "none", "--format", "sarif")
    sarif = json.loads(outcome.out)
    jsonschema.validate(sarif, SARIF_SCHEMA, cls=jsonschema.Draft7Validator)
    assert outcome.code == COULD_NOT_RUN
    assert not sarif["runs"][0]["invocations"][0]["executionSuccessful"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\xff\xfe{\x00}\x00", "is UTF-16; save it as UTF-8."),
        (b"{\x00}\x00", "holds NUL bytes, as UTF-16 has them; save it as UTF-8."),
        (b'{"Id": "\n\xe9"}', "is not UTF-8: byte 0xe9 in line 2."),
        (b"x" * (256 * 1024 + 1), "more than 262,144 bytes"),
    ],
)
def test_a_file_that_is_no_text_gets_a_sentence(
    tmp_path: Path, good: Path, content: bytes, sentence: str
) -> None:
    path = tmp_path / "p.json"
    path.write_bytes(content)
    outcome = lint(path, good)
    assert outcome.code == COULD_NOT_RUN
    assert sentence in outcome.err and str(path) in outcome.err
    assert "nothing found" in outcome.out


def test_of_thousands_of_findings_people_see_some_and_how_many_more_there_are(
    tmp_path: Path,
) -> None:
    path = tmp_path / "p.json"
    path.write_text("{" + '"Version": "2012-10-17", ' * 5_000 + '"Statement": []}')
    told = lint(path).out
    assert told.count(" KMS007: ") == 100
    assert f"{path}: 4,899 more of KMS007; --format json lists them" in told
    assert len(json.loads(lint(path, "--format", "json").out)) > 4_999


def test_a_byte_order_mark_is_a_finding_that_fix_removes(tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    path.write_bytes(b"\xef\xbb\xbf" + _GOOD.encode())
    assert "Byte order mark is not allowed" in lint(path).out
    assert lint(path, "--fix").code == CLEAN
    assert path.read_text() == _GOOD


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "Name files or keys"),
        (["--all", "a.json"], "but a.json is named too: give one or the other"),
        (["no such file"], "no such file cannot be read: no such file or directory."),
        (["/"], "/ is a directory"),
        (["a\0b"], "is not a file name"),
        (["--disable", "KMS50l", "x"], "There is no rule 'KMS50l'; did you mean KMS50"),
        (["--explain", "nonsense"], "There is no rule 'nonsense'."),
        (["--key-arn", "nonsense", "x"], "--key-arn is not an ARN: nonsense"),
        (["--key-arn", "arn:aws:s3:::b", "x"], "--key-arn is not the ARN of a KMS key"),
        (["--key-usage", "SIGN", "x"], "--key-usage must be one of SIGN_VERIFY"),
        (["--key-spec", "AES", "x"], "--key-spec must be one of RSA_2048"),
        (["--caller", "bob", "x"], "--caller is not an ARN: bob"),
        (["--caller", "arn:aws:s3:::b", "x"], "--caller is not the ARN of a user"),
        (["--fix", _ID], "--fix rewrites files"),
        (["--fix", "KMS51", "x"], "There is no rule 'KMS51'; did you mean KMS5"),
        (["--diff", "--format", "json", "x"], "--diff prints a diff; it has no --format json."),
        (["--fix", "--all"], "--fix rewrites files"),
        ([_ID], "Keys cannot be read here"),
        (["--vpc-endpoint", _ID], "--vpc-endpoint checks files, or - for standard input"),
        (["--vpc-endpoint", "--fix", "x"], "leave out --vpc-endpoint"),
    ],
)
def test_what_cannot_be_done_gets_a_sentence_and_2(arguments: list[str], sentence: str) -> None:
    outcome = lint(*arguments)
    assert outcome.code == COULD_NOT_RUN
    assert sentence in outcome.err
    assert outcome.err.startswith("kmstui lint: ")


def test_an_unreadable_file_gets_a_sentence(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    outcome = lint(good)
    assert outcome.code == COULD_NOT_RUN
    assert f"{good} cannot be read: permission denied." in outcome.err


def test_the_policy_of_a_vpc_endpoint_is_judged_as_one(tmp_path: Path) -> None:
    path = tmp_path / "endpoint.json"
    path.write_text(
        '{"Version": "2012-10-17", "Statement":'
        ' {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}}'
    )
    outcome = lint("--vpc-endpoint", path, "--format", "json")
    assert [row["rule"] for row in outcome.rows] == ["KMS521"]
    assert outcome.code == CLEAN
    assert "KMS501" in {row["rule"] for row in lint(path, "--format", "json").rows}


def test_standard_input_is_linted(good: Path) -> None:
    outcome = lint("-", "--format", "json", stdin=_BAD)
    assert {row["file"] for row in outcome.rows} == {"<stdin>"}
    assert outcome.code == ERRORS


def test_fix_rewrites_the_file_and_tells_what_is_left(bad: Path) -> None:
    bad.chmod(0o640)
    outcome = lint(bad, "--fix", "KMS106,kms201")
    assert outcome.code == CLEAN
    assert json.loads(bad.read_text())["Statement"][1]["Effect"] == "Allow"
    assert f"{bad}: 2 fixes applied (KMS106, KMS201)" in outcome.err
    assert stat.S_IMODE(bad.stat().st_mode) == 0o640
    assert list(bad.parent.iterdir()) == [bad]


_OPEN = policy(
    statement(Principal={"Service": "sns.amazonaws.com"}, Action=["kms:Decrypt", "kms:Decrypt"])
)


@pytest.fixture
def open_to_all(tmp_path: Path) -> Path:
    path = tmp_path / "open.json"
    path.write_text(_OPEN)
    return path


def test_fix_takes_what_changes_nobodys_access_and_says_what_the_rest_would_do(
    open_to_all: Path,
) -> None:
    for arguments in ((open_to_all, "--fix"), ("--fix", open_to_all)):
        open_to_all.write_text(_OPEN)
        outcome = lint(*arguments)
        assert outcome.code == CLEAN and "KMS513" in outcome.out
        assert f"{open_to_all}: 1 fix applied (KMS208)" in outcome.err
        assert "1 fix is left, which changes access; --fix KMS513 applies it" in outcome.err
        assert "KMS513: Add aws:SourceAccount 444455556666" in outcome.err
        assert "sns.amazonaws.com loses Decrypt when aws:SourceAccount is" in outcome.err
        stored = json.loads(open_to_all.read_text())["Statement"][1]
        assert stored["Action"] == ["kms:Decrypt"] and "Condition" not in stored


@pytest.mark.parametrize("named", ["KMS513", "kms513,KMS509"])
def test_fix_of_a_named_rule_changes_access_and_says_how(open_to_all: Path, named: str) -> None:
    outcome = lint("--fix", named, open_to_all)
    assert "2 fixes applied (KMS208, KMS513)" in outcome.err
    assert "sns.amazonaws.com loses Decrypt when aws:SourceAccount is" in outcome.err
    assert "Condition" in json.loads(open_to_all.read_text())["Statement"][1]


def test_fix_says_for_whose_key_it_was_judged(tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    path.write_text(_OPEN)
    assert "a key of account 444455556666 (--key-arn tells another)" in lint(path, "--diff").err
    assert "--key-arn" not in lint(path, "--diff", "--key-arn", KEY_ARN).err
    open_question = json.loads(_OPEN)
    open_question["Statement"][0]["Principal"]["AWS"] = ["444455556666", "777788889999"]
    path.write_text(json.dumps(open_question))
    outcome = lint(path, "--diff")
    assert "judged for 444455556666, 777788889999, 111111111111" in outcome.err


def test_diff_shows_the_change_and_writes_nothing(open_to_all: Path, good: Path) -> None:
    outcome = lint("--diff", open_to_all, good)
    assert outcome.code == WOULD_CHANGE
    assert open_to_all.read_text() == _OPEN
    assert outcome.out.startswith(f"--- {open_to_all}\n+++ {open_to_all}\n@@ ")
    assert outcome.out.count('\n-        "kms:Decrypt"') == 1
    assert "1 fix would be applied (KMS208)" in outcome.err
    named = lint("--fix", "KMS513", "--diff", open_to_all)
    assert '+          "aws:SourceAccount": "444455556666"' in named.out
    assert open_to_all.read_text() == _OPEN
    assert lint("--diff", good) == Outcome(CLEAN, "", "")


def test_diff_of_a_key_is_shown_since_nothing_is_written() -> None:
    keys = Keys([_stored("alias/open", _OPEN)])
    outcome = lint(_ID, "--diff", source=keys)
    assert outcome.code == WOULD_CHANGE
    assert outcome.out.startswith("--- alias/open")


def test_diff_of_standard_input_is_the_diff_alone() -> None:
    outcome = lint("-", "--diff", stdin=_OPEN.replace("\n", "").removesuffix("\n"))
    assert outcome.out.startswith("--- <stdin>")
    assert "\\ No newline at end of file" in outcome.out


def test_a_file_called_like_a_rule_is_that_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("KMS513").write_text(_OPEN)
    lint("--fix", "KMS513")
    assert "Condition" not in json.loads(Path("KMS513").read_text())["Statement"][1]
    lint("--fix=KMS513", "--", "KMS513")
    assert "Condition" in json.loads(Path("KMS513").read_text())["Statement"][1]


def test_fix_leaves_a_good_file_alone(good: Path) -> None:
    before = good.stat()
    assert lint(good, "--fix").code == CLEAN
    assert good.stat().st_ino == before.st_ino


def test_fix_keeps_line_ends_and_links(tmp_path: Path) -> None:
    real, link = tmp_path / "real.json", tmp_path / "link.json"
    real.write_bytes(_BAD.replace("\n", "\r\n").encode())
    link.symlink_to(real)
    lint(link, "--fix")
    assert link.is_symlink()
    assert real.read_bytes().count(b"\r\n") == real.read_bytes().count(b"\n")


def test_fix_of_standard_input_writes_the_policy_and_nothing_else_to_standard_output() -> None:
    outcome = lint("-", "--fix", "KMS106,KMS201", stdin=_BAD)
    assert json.loads(outcome.out)["Statement"][1]["Action"] == ["kms:Decrypt"]
    assert "nothing found" in outcome.err


def test_a_file_that_cannot_be_rewritten_stays_and_is_told_of(
    bad: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    outcome = lint(bad, "--fix")
    assert outcome.code == COULD_NOT_RUN
    assert f"{bad} cannot be written: no space left on device." in outcome.err
    assert bad.read_text() == _BAD
    assert list(bad.parent.iterdir()) == [bad]


def test_rules_are_turned_off_by_flag_and_by_configuration(bad: Path) -> None:
    assert lint(bad, "--disable", "kms106,KMS201").out == "1 policy: nothing found\n"
    assert lint(bad, "--disable", "KMS106", disabled=["KMS201"]).code == CLEAN


def test_severity_cuts_what_is_shown_and_not_how_it_ends(bad: Path) -> None:
    rows = lint(bad, "--severity", "error", "--format", "json").rows
    assert {row["severity"] for row in rows} == {"error"}
    assert lint(bad, "--severity", "error").code == ERRORS


def test_the_key_that_is_named_is_known_to_the_rules(tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    path.write_text(policy(statement(Action="kms:Sign", Principal={"AWS": "777788889999"})))
    outcome = lint(path, "--key-arn", KEY_ARN, "--key-usage", "encrypt_decrypt", "--format", "json")
    assert {"KMS206", "KMS310"} <= {row["rule"] for row in outcome.rows}


def test_explain_tells_about_a_rule_with_its_page() -> None:
    outcome = lint("--explain", "kms002")
    assert outcome.code == CLEAN
    assert outcome.out.startswith("KMS002 (error): Trailing comma\n")
    assert "https://docs.aws.amazon.com/" in outcome.out


def test_list_rules_lists_them_all_in_order() -> None:
    lines = lint("--list-rules").out.splitlines()
    ids = [line.split()[0] for line in lines]
    assert ids == sorted(ids) and ids[0] == "KMS001" and ids[-1] == "KMS602"
    assert f"KMS114  error    {'IAM':<20}  Principal in an IAM policy" in lines
    assert f"KMS310  info     {'key':<20}  Another account has access" in lines


def test_a_rule_for_iam_policies_alone_is_explained_too() -> None:
    outcome = lint("--explain", "KMS114")
    assert outcome.code == CLEAN
    assert outcome.out.startswith("KMS114 (error): Principal in an IAM policy\n")
    assert "For IAM policies." in outcome.out


def test_one_key_is_read_from_the_source_with_what_is_known_of_it() -> None:
    keys = Keys([_stored("alias/app", policy(statement(Principal={"AWS": "777788889999"})))])
    outcome = lint(_ID, "--region", "eu-west-1", "--format", "json", source=keys)
    assert {row["file"] for row in outcome.rows} == {"alias/app"}
    assert "KMS310" in {row["rule"] for row in outcome.rows}
    assert keys.asked == [(Target("", "eu-west-1", ""), _ID)]


def test_a_key_that_cannot_be_read_gets_a_sentence() -> None:
    outcome = lint("alias/app", source=Keys(fails="KMS cannot be reached."))
    assert outcome.code == COULD_NOT_RUN
    assert (
        "The policy of alias/app cannot be read: No connection: KMS cannot be reached."
        in outcome.err
    )


def test_all_keys_one_of_which_is_denied() -> None:
    other = "9999abcd-12ab-34cd-56ef-1234567890ab"
    keys = Keys(
        [
            _stored("alias/good", _GOOD),
            _stored("alias/denied", "", error="The policy of alias/denied may not be read."),
            _stored("alias/bad", _BAD, key_id=other),
        ]
    )
    outcome = lint("--all", source=keys)
    assert outcome.code == ERRORS
    assert "alias/bad:" in outcome.out and "2 policies: 1 error" in outcome.out
    assert "The policy of alias/denied may not be read." in outcome.err
    quiet = lint("--all", source=keys, disabled_by_key={other: ["KMS106"]})
    assert quiet.code == CLEAN


def test_all_keys_show_progress_on_a_terminal_only() -> None:
    keys = Keys([_stored("alias/good", _GOOD)] * 3)
    assert "2 of 3 keys read" in lint("--all", source=keys, terminal=True).err
    assert lint("--all", source=keys).err == ""


def test_all_keys_of_an_account_that_cannot_be_reached() -> None:
    outcome = lint("--all", source=Keys(fails="KMS cannot be reached."))
    assert outcome.code == COULD_NOT_RUN
    assert "The keys cannot be read: No connection: KMS cannot be reached." in outcome.err


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ('{"a": 1}', '"a"'),
        ('\t\t{"a": 1}', '"a"'),
        ('{"日本": "🔑", "a": 1}', '"a"'),
        (f'{{"{"x" * 500}": 1, "a": 1, "{"y" * 500}": 1}}', '"a"'),
    ],
)
def test_the_marks_stand_under_what_they_mark(text: str, marked: str) -> None:
    start = text.index(marked)
    shown, marks = excerpt(parse(text), Span(start, start + len(marked)))
    cells = [cell for character in shown for cell in _cells(character)]
    assert "".join(cells[marks.index("^") : len(marks)]) == marked
    assert len(cells) <= 102


def _cells(character: str) -> list[str]:
    import unicodedata

    wide = unicodedata.east_asian_width(character) in "WF"
    return [character, ""] if wide else [character]


def test_linting_a_file_loads_no_screen_no_boto3_and_no_event_loop(good: Path) -> None:
    script = f"""
import sys
from kmstui.cli import run
code = run(["lint", {str(good)!r}])
heavy = {{"textual", "rich", "boto3", "botocore", "asyncio", "ssl", "pygments", "difflib"}}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
judging = ("kmstui.policy.access", "kmstui.policy.evaluation", "kmstui.policy.witnesses")
assert not [name for name in sys.modules if name.startswith(judging)]
sys.exit(code)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_terminal_without_unicode_gets_escapes_instead_of_a_traceback(bad: Path) -> None:
    bad.write_text(policy(statement(Action=f"kms:→{'x' * 200}"), indent=None))
    script = f"from kmstui.cli import run; raise SystemExit(run(['lint', {str(bad)!r}]))"
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )
    assert done.returncode == ERRORS
    assert b"\\u2192" in done.stdout and done.stderr == b""
