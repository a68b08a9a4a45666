"""What completes a command line in a shell, and the words for it that change."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from kmstui.cli import command_line
from kmstui.journal.remembered import RememberedFile
from kmstui.scripting import COMMANDS
from kmstui.scripting.completion import SHELLS
from tests.scripting.bench import command


def script_for(shell: str) -> str:
    outcome = command("completion", shell, parser=command_line)
    assert outcome.code == 0, outcome.err
    return outcome.out


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_is_told_of_every_command(shell: str):
    script = script_for(shell)
    for entry in COMMANDS:
        assert all(word in script for word in entry.name.split())
    assert "kmstui completion --words" in script


@pytest.fixture(scope="module")
def bash(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The script for bash, and a kmstui that answers at once."""
    home = tmp_path_factory.mktemp("bash")
    (home / "script").write_text(script_for("bash"))
    answers = home / "kmstui"
    answers.write_text(
        '#!/bin/sh\ncase "$*" in\n*keys) echo alias/app; echo alias/other;;\n'
        "*regions) echo eu-west-1;;\n*profiles) echo prod;;\nesac\n"
    )
    answers.chmod(0o755)
    return home


def completed(bash: Path, *words: str) -> set[str]:
    """What bash offers for the last of the words."""
    quoted = " ".join(f"'{word}'" for word in ("kmstui", *words))
    script = f"""
PATH="{bash}:$PATH"; . "{bash}/script"
COMP_WORDS=({quoted}); COMP_CWORD={len(words)}; COMPREPLY=()
_shtab_kmstui kmstui '{words[-1]}' ''
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    ran = subprocess.run(
        ["bash", "-c", script], cwd=bash, capture_output=True, text=True, check=True
    )
    return set(ran.stdout.split())


def test_commands_keys_regions_profiles_and_files_are_completed(bash: Path):
    assert completed(bash, "li") == {"lint"}
    assert completed(bash, "policy", "p") == {"plan", "put"}
    assert completed(bash, "policy", "get", "alias/a") == {"alias/app"}
    assert completed(bash, "keys", "--region", "") == {"eu-west-1"}
    assert completed(bash, "keys", "--profile", "p") == {"prod"}
    assert completed(bash, "lint", "scr") == {"script"}
    assert completed(bash, "lint", "alias/o") == {"alias/other"}
    assert completed(bash, "lint", "--format", "s") == {"sarif"}


def test_profiles_and_regions_come_from_the_files_of_the_aws_cli(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    config = tmp_path / "config"
    config.write_text("[default]\nregion = eu-west-3\n[profile prod]\nregion=xx-test-1\n")
    credentials = tmp_path / "credentials"
    credentials.write_text("[old]\naws_access_key_id = x\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(credentials))
    assert command("completion", "--words", "profiles").out.split() == ["default", "old", "prod"]
    regions = command("completion", "--words", "regions").out.split()
    assert regions[:2] == ["eu-west-3", "xx-test-1"]
    assert {"us-east-1", "us-gov-west-1", "cn-north-1"} <= set(regions)


def test_no_file_makes_a_shell_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    import os

    os.mkfifo(tmp_path / "pipe")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "pipe"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "missing"))
    outcome = command("completion", "--words", "profiles")
    assert (outcome.code, outcome.out) == (0, "")


def test_keys_are_those_that_the_screens_saw_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    from kmstui import cli

    file = RememberedFile(tmp_path)
    file.remember("111122223333 eu-west-1", "names", ["alias/app", "1234"])
    file.remember("444455556666 us-east-1", "names", ["alias/b\x1b[2J", 7, "alias/app"])
    file.close()
    monkeypatch.setenv("KMSTUI_STATE_DIRECTORY", str(tmp_path))
    assert cli.run(["completion", "--words", "keys"]) == 0
    assert capsys.readouterr().out.split() == ["alias/app", "1234"]
    monkeypatch.setenv("KMSTUI_WRONG", "1")
    assert cli.run(["completion", "--words", "keys"]) == 0
    assert capsys.readouterr().out == ""


def test_without_a_shell_it_says_which_there_are():
    outcome = command("completion")
    assert outcome.code == 2
    assert "bash, zsh, fish" in outcome.err
