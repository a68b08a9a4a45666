"""`kmstui config`: all that is wrong in config.toml, and the schema of it."""

from __future__ import annotations

import json
import tomllib
from dataclasses import fields
from pathlib import Path

import jsonschema
import pytest

from kmstui import cli
from kmstui.config import Settings, load_settings
from kmstui.config_values import ConfigError
from tests.scripting.bench import command


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "config.toml"
    monkeypatch.setenv("KMSTUI_CONFIG", str(path))
    return path


def test_all_that_is_wrong_is_told_at_once(config: Path, monkeypatch: pytest.MonkeyPatch):
    config.write_text('regoin = "x"\nread_only = "maybe"\ndisable = ["KMS999"]\nmouse = true\n')
    monkeypatch.setenv("KMSTUI_BELL", "loud")
    monkeypatch.setenv("KMSTUI_TEHME", "dark")
    outcome = command("config", "check")
    lines = outcome.out.splitlines()
    assert outcome.code == 1
    words = ("unknown setting 'regoin'", "'read_only' in", "KMS999", "KMSTUI_BELL must", "_TEHME")
    assert len(lines) == len(words)
    assert all(any(word in line for line in lines) for word in words)


def test_a_file_without_faults_and_none_at_all_are_fine(
    config: Path, monkeypatch: pytest.MonkeyPatch
):
    config.write_text('region = "eu-west-1"\n')
    assert command("config", "check").out == f"{config}: nothing is wrong.\n"
    monkeypatch.delenv("KMSTUI_CONFIG")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(config.parent / "none"))
    outcome = command("config", "check")
    assert outcome.code == 0 and "no such file" in outcome.out


def test_a_file_that_is_wrong_does_not_keep_the_check_from_running(
    config: Path, capsys: pytest.CaptureFixture[str]
):
    config.write_text("read_only = maybe\n")
    assert cli.run(["config", "check"]) == 1
    assert "not valid TOML" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ('region = "eu-west-1"\nread-only = true\ndisable = ["KMS208"]', True),
        ('remember = ["sort", "names"]\n[keys]\n"policy.edit" = ["e", "F4"]', True),
        ('[themes.mine]\nbase = "dark"\n[disable_by_key]\n"1234" = ["KMS510"]', True),
        ('regoin = "x"', False),
        ("read_only = 1", False),
        ('remember = ["everything"]', False),
        ("[themes.mine]\nbase = 1", False),
    ],
)
def test_the_schema_takes_what_the_program_takes(config: Path, text: str, fits: bool):
    schema = json.loads(command("config", "schema").out)
    jsonschema.Draft202012Validator.check_schema(schema)
    taken = jsonschema.Draft202012Validator(schema).is_valid(tomllib.loads(text))
    config.write_text(text)
    try:
        load_settings({})
    except ConfigError:
        assert (taken, fits) == (False, False)
    else:
        assert (taken, fits) == (True, True)


def test_the_schema_has_every_setting_with_what_it_is_for():
    schema = json.loads(command("config", "schema").out)
    assert {each.name for each in fields(Settings)} <= schema["properties"].keys()
    assert "key ID" in schema["properties"]["disable_by_key"]["description"]
