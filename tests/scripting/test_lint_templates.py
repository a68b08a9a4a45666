"""`kmstui lint` of CloudFormation, Terraform and YAML files, as people and pipelines use it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml

from kmstui.scripting.lint import CLEAN, ERRORS, WOULD_CHANGE
from kmstui.scripting.parser import COULD_NOT_RUN
from tests.policy.infrastructure import files
from tests.policy.rule_cases import policy, statement
from tests.sarif_schema import SARIF_SCHEMA
from tests.scripting.test_lint import lint

_OF_BUCKET = {"Effect": "allow", "Principal": "*", "Action": "s3:*"}
ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a file of each kind, in which we stand."""
    (tmp_path / "infra").mkdir()
    for name, text in files.ALL.items():
        (tmp_path / "infra" / name).write_text(files.unmarked(text))
    (tmp_path / "package.json").write_text('{"name": "app", "version": "1.0.0"}')
    for name, elements in {"role": {"Action": "kms:*"}, "bucket": _OF_BUCKET}.items():
        (tmp_path / f"{name}.json").write_text(json.dumps({"Statement": [elements]}))
    (tmp_path / "bad key.json").write_text(policy(statement(Effect="allow")))
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_text_json_and_sarif_tell_the_same_places(repository: Path):
    name = "infra/template.yaml"
    source = files.unmarked(files.CLOUDFORMATION)
    line = source.splitlines().index("              - kms:Decrpyt") + 1
    text = lint(name)
    assert text.code == ERRORS
    assert f"{name}:{line}:17: warning KMS201: " in text.out
    assert f"{line:>5} |               - kms:Decrpyt\n" in text.out
    assert "fix: Write kms:Decrypt" in text.out
    row = next(each for each in lint(name, "--format", "json").rows if each["rule"] == "KMS201")
    place = (row["line"], row["column"], row["end_line"], row["end_column"])
    assert (row["file"], *place) == (name, line, 17, line, 28)
    assert not row["fixable"]
    sarif = json.loads(lint(name, "--format", "sarif").out)
    jsonschema.validate(sarif, SARIF_SCHEMA, cls=jsonschema.Draft7Validator)
    (only,) = (each for each in sarif["runs"][0]["results"] if each["ruleId"] == "KMS201")
    where = only["locations"][0]["physicalLocation"]
    assert where["artifactLocation"] == {"uri": name}
    assert where["region"] == {
        "startLine": line, "startColumn": 17, "endLine": line, "endColumn": 28
    }  # fmt: skip


def test_sarif_names_files_from_the_root_of_the_repository(
    repository: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(repository / "infra")
    named: list[str | Path] = ["keys.tf", repository / "bad key.json", "../infra/template.json"]
    sarif = json.loads(lint(*named, "--format", "sarif").out)
    uris = {
        each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        for each in sarif["runs"][0]["results"]
    }
    assert uris == {"infra/keys.tf", "bad%20key.json", "infra/template.json"}


def test_a_fix_is_written_into_the_file_and_changes_nothing_else(repository: Path):
    for name, text in files.ALL.items():
        path = repository / "infra" / name
        lint("--fix", "KMS201", "--disable", "KMS208", path)
        wanted = files.unmarked(text).replace('"kms:Decrpyt",]', '"kms:Decrypt"]')
        head, role, tail = wanted.partition('"of_a_role"')
        right = head.replace("kms:Decrpyt", "kms:Decrypt").replace("kms:Sgin", "kms:Sign")
        right = right.replace("kms:ViaServise", "kms:ViaService")
        assert path.read_text() == f"{right}{role}{tail}", name


def test_diff_shows_the_change_of_the_file_and_writes_nothing(repository: Path):
    path = repository / "infra" / "playbook.yml"
    before = path.read_text()
    outcome = lint("--diff", path)
    assert outcome.code == WOULD_CHANGE
    assert "-              Action: [kms:*, kms:Decrpyt]" in outcome.out
    assert "+              Action: [kms:*, kms:Decrypt]" in outcome.out
    assert path.read_text() == before


def test_a_fix_of_the_structure_is_left_to_the_person(tmp_path: Path):
    path = tmp_path / "p.yaml"
    text = files.unmarked(files.BARE).replace("    Action: kms:*", "    Action: [kms:*, kms:Sign]")
    path.write_text(text)
    outcome = lint("--fix", path)
    assert path.read_text() == text
    assert "1 fix is left to you (KMS208)" in outcome.err


def test_a_file_without_a_policy_of_a_key_is_no_fault(tmp_path: Path):
    path = tmp_path / "values.yaml"
    path.write_text("image: app\nname: {{ not yaml\n")
    outcome = lint(path)
    assert outcome.code == CLEAN
    assert outcome.err == f"kmstui lint: {path} holds no key policy.\n"


def test_a_file_that_is_not_what_its_name_says_could_not_be_linted(tmp_path: Path):
    path = tmp_path / "k.tf"
    path.write_text('resource "aws_kms_key" "k" {\n  policy = (\n}\n')
    outcome = lint(path)
    assert outcome.code == COULD_NOT_RUN
    assert f"{path} cannot be linted: this is not Terraform" in outcome.err


def test_standard_input_has_the_language_of_its_name():
    outcome = lint("-", "--stdin-filename", "x/p.yaml", stdin=files.unmarked(files.BARE))
    assert outcome.out.startswith("x/p.yaml:6:15: warning KMS311")


@pytest.mark.parametrize(("library", "name"), [("yaml", "p.yaml"), ("tree_sitter", "k.tf")])
def test_without_the_extra_a_sentence_tells_how_to_install_it(
    library: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(sys.modules, library, None)
    path = tmp_path / name
    path.write_text("kms = 1\n" if name.endswith("tf") else "kms: 1\n")
    outcome = lint(path)
    assert outcome.code == COULD_NOT_RUN
    assert "pipx install 'kmstui[lint]'" in outcome.err


def _tracked(repository: Path) -> list[str]:
    subprocess.run(["git", "add", "."], cwd=repository, check=True)
    return subprocess.run(
        ["git", "ls-files"], cwd=repository, check=True, capture_output=True, text=True
    ).stdout.splitlines()


def test_of_a_whole_repository_only_key_policies_are_looked_at(repository: Path):
    outcome = lint("--only-key-policies", *_tracked(repository), "--format", "json")
    assert {each["file"] for each in outcome.rows} == {
        "bad key.json", *(f"infra/{name}" for name in files.ALL)
    }  # fmt: skip
    assert outcome.err == ""


def test_the_hook_for_pre_commit_names_a_command_that_is_there(repository: Path):
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    program, command, *options = hook["entry"].split()
    assert (program, command) == ("kmstui", "lint")
    assert lint(*options, *_tracked(repository)).code == ERRORS
    assert hook["additional_dependencies"] == [".[lint]"]


def test_the_action_lints_what_git_has_and_keeps_the_findings_for_code_scanning(
    repository: Path, tmp_path_factory: pytest.TempPathFactory
):
    action = yaml.safe_load((ROOT / ".github/actions/lint/action.yml").read_text())
    inputs = {name: each["default"] for name, each in action["inputs"].items()}
    step = next(each for each in action["runs"]["steps"] if each.get("id") == "lint")
    scratch = tmp_path_factory.mktemp("runner")
    (scratch / "kmstui" / "bin").mkdir(parents=True)
    program = Path(sys.executable).parent / "kmstui"
    shutil.copy(program, scratch / "kmstui" / "bin" / "kmstui")
    _tracked(repository)
    environment = {
        **os.environ,
        "RUNNER_TEMP": str(scratch),
        "GITHUB_OUTPUT": str(scratch / "output"),
        **{name: inputs[name.lower()] for name in step["env"]},
    }
    ran = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", step["run"]],
        cwd=repository, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == ERRORS, ran.stderr
    assert "infra/keys.tf:" in ran.stdout
    assert (scratch / "output").read_text() == f"sarif={scratch}/kmstui.sarif\n"
    sarif = json.loads((scratch / "kmstui.sarif").read_text())
    assert any(each["ruleId"] == "KMS201" for each in sarif["runs"][0]["results"])
