"""A person's own rules are found like ours, and whatever is wrong with them is a sentence."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

import kmstui.policy.lint.own as own
from kmstui.policy.lint import (
    RULES,
    Hit,
    KeyContext,
    OwnRulesError,
    PolicyKind,
    Severity,
    Subject,
    fix_all,
    known_rule,
    label_span,
    lint,
    lint_identity,
    load_own_rules,
    own_rule,
)
from kmstui.service.findings import lint_stored
from tests import readme
from tests.policy.rule_cases import policy, statement
from tests.scripting.bench import command

_IMPORTS = (
    "from kmstui.policy.lint import Hit, PolicyKind, Severity, Subject, label_span, own_rule\n"
)
_OWNER = '''
@own_rule("ACME001", Severity.ERROR, "Statement without a ticket", url="https://wiki.example/kms")
def ticket(subject: Subject):
    """Allows whose Sid names no ticket.

    Whoever finds the statement must know who asked for it.
    """
    for statement in subject.statements:
        if statement.effect == "Allow" and "OPS-" not in statement.sid:
            yield Hit(label_span(statement), f"{statement.label} names no ticket")
'''

Load = Callable[..., None]


@pytest.fixture
def load(tmp_path: Path) -> Iterator[Load]:
    """Writes a file of rules and loads it; in the end there are none."""

    def write(text: str, name: str = "rules.py") -> None:
        path = tmp_path / name
        path.write_text(_IMPORTS + textwrap.dedent(text))
        path.chmod(0o600)
        load_own_rules([name if name.endswith(".py") else f"./{name}"], tmp_path)

    yield write
    load_own_rules([], tmp_path)


def _found(text: str, rule: str = "ACME001") -> list[str]:
    return [each.message for each in lint(text) if each.rule == rule]


TEXT = policy(statement(Sid="OPS-1"), statement(Sid="Use", Action="kms:Sign"))


def test_an_own_rule_finds_what_it_is_for_and_can_be_off(load: Load) -> None:
    load(_OWNER)
    found = [each for each in lint(TEXT) if each.rule == "ACME001"]
    assert [TEXT[each.span.start : each.span.end] for each in found] == ['"Root"', '"Use"']
    assert found[0].severity is Severity.ERROR
    assert found[0].why == "Whoever finds the statement must know who asked for it."
    assert "ACME001" not in {each.rule for each in lint(TEXT, disabled=["ACME001"])}
    assert known_rule("acme001") == "ACME001"
    assert RULES["ACME001"].flags == "Allows whose Sid names no ticket."


def test_the_rule_of_the_readme_works_as_it_stands(load: Load) -> None:
    found = re.search(r"```python\n(.*?)```", readme.page("scripts"), re.DOTALL)
    assert found is not None
    load(found[1])
    assert _found(TEXT) == ['"Root" names no ticket', '"Use" names no ticket']


def test_the_commands_and_the_findings_of_all_keys_know_it(load: Load, tmp_path: Path) -> None:
    load(_OWNER.replace(', url="https://wiki.example/kms"', ""))
    path = tmp_path / "policy.json"
    path.write_text(TEXT)
    listed = command("lint", "--list-rules")
    assert re.search(r"ACME001 +error +key +Statement without a ticket", listed.out)
    explained = command("lint", "--explain", "acme001")
    assert explained.out.count("Allows whose Sid names no ticket.") == 1
    found = command("lint", path)
    assert (listed.code, explained.code) == (0, 0)
    assert found.code == 1, "the rule is one of errors"
    assert '"Use" names no ticket' in found.out
    sarif = command("lint", path, "--format", "sarif").out
    driver = json.loads(sarif)["runs"][0]["tool"]["driver"]
    (told,) = (each for each in driver["rules"] if each["id"] == "ACME001")
    assert "helpUri" not in told
    stored = lint_stored(TEXT, TEXT, KeyContext(), ())
    assert [each.rule for each in stored if each.rule == "ACME001"] == ["ACME001"] * 2


def test_what_is_loaded_again_replaces_what_was(load: Load) -> None:
    load(_OWNER)
    ours = {each for each in RULES if each.startswith("KMS")}
    load(_OWNER.replace("ACME001", "ACME002"))
    assert RULES.keys() == ours | {"ACME002"}


def test_a_rule_says_which_policies_it_is_about(load: Load) -> None:
    load(_OWNER.replace("url=", "policies=PolicyKind.IDENTITY, url="))
    assert PolicyKind.IDENTITY in RULES["ACME001"].scope
    assert _found(TEXT) == []
    role = policy(Statement=[statement(Principal=None)])
    assert [each.rule for each in lint_identity(role) if each.rule[:4] == "ACME"] == ["ACME001"]


def test_its_fix_is_applied_like_others(load: Load) -> None:
    load(
        """
        from kmstui.policy.syntax import Fix, replace_node

        @own_rule("ACME003", Severity.INFO, "Id is missing")
        def upper(subject):
            for statement in subject.statements:
                node = statement.node.get("Sid")
                if node is not None and not node.value.isupper():
                    fix = Fix("Write it in capitals", (replace_node(node, node.value.upper()),))
                    yield Hit(node.span, "The Sid is not in capitals", fix)
        """
    )
    fixed = fix_all(TEXT)
    assert '"ROOT"' in fixed.text
    assert '"USE"' in fixed.text
    assert {each.rule for each in fixed.applied} == {"ACME003"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def (", "SyntaxError: invalid syntax (line 2)"),
        ("x = nothing", "NameError: name 'nothing' is not defined (line 2)"),
        ("import acme_that_is_not_installed", "ModuleNotFoundError: No module named"),
        ("raise SystemExit('bye')", "SystemExit: bye (line 2)"),
        ("def f(): f()\nf()", "RecursionError"),
        (_OWNER.replace("ACME001", "KMS001"), "'KMS001' is no id for a rule"),
        (_OWNER.replace("ACME001", "KMSX001"), "'KMSX001' is no id for a rule"),
        (_OWNER.replace("ACME001", "AWS1"), "'AWS1' is no id for a rule"),
        (_OWNER.replace("ACME001", "acme"), "'acme' is no id for a rule"),
        (_OWNER.replace("Severity.ERROR", "'error'"), "ACME001 needs a Severity"),
        (_OWNER + _OWNER.replace("def ticket", "def again"), "declares ACME001, which is declared"),
        ("\0", "null bytes"),
    ],
)
def test_a_file_with_a_fault_is_a_sentence_and_changes_nothing(
    load: Load, text: str, said: str
) -> None:
    load(_OWNER.replace("ACME001", "ACME009"))
    before = dict(RULES)
    with pytest.raises(OwnRulesError) as caught:
        load(text)
    assert said in str(caught.value)
    assert "rules.py" in str(caught.value)
    assert before == RULES


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("return 1 / 0", "ZeroDivisionError: division by zero (line 5)"),
        ("return [1]", "it yields int and not a Hit"),
        ("return 3", "TypeError: 'int' object is not iterable"),
        ("return [Hit((5, 1), 'x')]", "the span 5 to 1 is outside the policy"),
        ("return [Hit((0, 10**9), 'x')]", "is outside the policy"),
        ("return [Hit(None, 'x')]", "TypeError"),
        ("return [Hit((0, 1), None)]", "it yields Hit and not a Hit with its span and message"),
        ("return [Hit((0, 1), 'x', severity=3)]", "a Hit's severity is a Severity"),
        ("raise SystemExit", "SystemExit"),
        ("while True: yield Hit((0, 1), 'x')", "more than 1,000 places"),
        ("yield Hit((0, 1), 'x'); raise KeyError('Sid')", "KeyError: 'Sid' (line 5)"),
    ],
)
def test_a_rule_with_a_fault_is_a_finding_and_the_others_have_their_say(
    load: Load, body: str, said: str
) -> None:
    load(f'@own_rule("ACME001", Severity.INFO, "Broken")\ndef broken(subject):\n\n    {body}\n')
    without = [each for each in lint(TEXT) if each.rule != "ACME001"]
    (fault,) = (each for each in lint(TEXT) if each.rule == "ACME001")
    assert said in fault.message
    assert "ACME001" in fault.message
    assert "rules.py" in fault.message
    assert fault.severity is Severity.WARNING, "an info would go unread"
    assert without == list(lint(TEXT, disabled=["ACME001"]))


def test_a_rule_that_finds_nothing_may_return_nothing(load: Load) -> None:
    load('@own_rule("ACME001", Severity.INFO, "Silent")\ndef silent(subject):\n    pass\n')
    assert _found(TEXT) == []


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_may_write_is_not_run(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "rules.py"
    path.write_text("raise AssertionError('it was run')")
    path.chmod(mode)
    with pytest.raises(OwnRulesError, match="others may write .*rules.py; `chmod go-w` it"):
        load_own_rules(["rules.py"], tmp_path)


def test_a_file_of_somebody_else_is_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "rules.py"
    path.write_text("raise AssertionError('it was run')")
    path.chmod(0o600)
    monkeypatch.setattr("os.geteuid", lambda: 12345)
    if path.stat().st_uid == 0:
        monkeypatch.setattr(own, "_ROOT", 54321)
    with pytest.raises(OwnRulesError, match="belongs to user"):
        load_own_rules(["rules.py"], tmp_path)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("gone.py", "gone.py cannot be read: No such file or directory"),
        ("./", "./ cannot be read: Is a directory"),
        ("/dev/null", "is not a regular file"),
        ("~nobody-at-all/rules.py", "nobody knows whose home"),
        ("acme", "no installed package has an entry point 'acme' of kmstui.rules"),
    ],
)
def test_a_source_that_cannot_be_is_a_sentence(tmp_path: Path, source: str, said: str) -> None:
    with pytest.raises(OwnRulesError) as caught:
        load_own_rules([source], tmp_path)
    assert said in str(caught.value)


@own_rule("INSTALLED-1", Severity.WARNING, "Of an installed package")
def _installed(subject: Subject) -> Iterator[Hit]:
    yield Hit(label_span(subject.statements[0]), "found")


@pytest.mark.parametrize("value", [__name__, f"{__name__}:_installed"])
def test_rules_of_an_installed_package_are_named_by_entry_point(
    load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    points = [EntryPoint("acme", value, own.ENTRY_POINTS)]
    monkeypatch.setattr(own, "entry_points", lambda group: points)
    load_own_rules(["acme"], tmp_path)
    load_own_rules(["acme"], tmp_path)
    assert _found(TEXT, "INSTALLED-1") == ["found"]
    points[0] = EntryPoint("acme", "acme_that_is_gone", own.ENTRY_POINTS)
    with pytest.raises(OwnRulesError, match="acme fails: ModuleNotFoundError"):
        load_own_rules(["acme"], tmp_path)
