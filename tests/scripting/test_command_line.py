"""The command line as a whole: which word is a command, what help says, how it refuses."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from kmstui import cli
from kmstui.cli import command_line
from kmstui.scripting import COMMANDS
from kmstui.scripting.catalog import command_named

NAMES = [entry.name for entry in COMMANDS]


def ends(*arguments: str) -> int:
    """The exit code of a command line that ends while it is parsed."""
    with pytest.raises(SystemExit) as end:
        command_line().parse_args(arguments)
    assert isinstance(end.value.code, int)
    return end.value.code


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("", False),
        ("alias/x --region eu-west-1", False),
        ("keys", True),
        ("--profile prod keys", True),
        ("--profile keys", False),
        ("--demo -- keys", False),
        ("-- keys", False),
        ("--help", True),
        ("--demo --help", True),
        ("-- --help", False),
        ("--nonsense lint x", True),
        ("--demo-keys many", False),
    ],
)
def test_the_screens_open_unless_a_command_is_named(words: str, meant: bool) -> None:
    assert cli._names_command(words.split()) is meant


@pytest.mark.parametrize("name", NAMES)
def test_every_example_of_the_help_can_be_given(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("root.json").touch()
    command = command_named(name)
    assert command.examples
    for words, _ in command.examples:
        parsed = command_line().parse_args(shlex.split(re.split("[>|;]", words)[0]))
        assert parsed.command == name


@pytest.mark.parametrize("name", NAMES)
def test_help_says_how_it_ends_and_names_no_key_of_the_screens(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ends(*name.split(), "--help") == 0
    told = capsys.readouterr().out
    assert "examples:\n" in told
    assert "exit codes:\n  0  " in told
    assert not re.search(r"[Pp]ress |header|Ctrl-|\bEsc\b", told)


def test_what_a_command_does_not_know_is_an_error_of_that_command(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert ends("lint", "p.json", "--bogus\x1b[2J") == 2
    assert capsys.readouterr().err == (
        "kmstui lint: --bogus\\x1b[2J is not known here."
        " `kmstui lint --help` tells what can be given.\n"
    )


def test_options_of_the_connection_stand_before_or_behind_the_command() -> None:
    for words in ("--profile p --region r lint x", "lint x --profile p --region r"):
        parsed = command_line().parse_args(words.split())
        assert (parsed.profile, parsed.region, parsed.demo) == ("p", "r", False)
    behind = command_line().parse_args(["--region", "a", "lint", "x", "--region", "b"])
    assert behind.region == "b"


def test_an_option_of_the_screens_is_refused_before_anything_is_done(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.run(["--mouse", "lint", "/nowhere"]) == 2
    assert capsys.readouterr().err == "kmstui: --mouse is for the screens, not for commands.\n"
