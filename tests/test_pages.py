"""README and the pages behind it say what the program does, and lead somewhere."""

from __future__ import annotations

import re
import shlex
from dataclasses import fields
from pathlib import Path

import pytest

from kmstui.cli import command_line
from kmstui.config import Settings
from kmstui.config_values import REMEMBERED
from kmstui.policy.lint import RULES, linter
from kmstui.scripting import COMMANDS
from kmstui.scripting.completion import SHELLS
from kmstui.ui.commands.registry import all_commands
from tests import readme

README = (readme.ROOT / "README.md").read_text("utf-8")
_FIRST_SCREEN = 100
"""Lines; whoever wants more than a first minute follows a link."""


@pytest.mark.parametrize("page", readme.PAGES, ids=lambda page: page.name)
def test_every_link_and_picture_is_there(page: Path):
    targets = re.findall(r"\]\(([^)#]+)\)", page.read_text("utf-8"))
    gone = [each for each in targets if "://" not in each and not (page.parent / each).exists()]
    assert not gone


def test_the_readme_leads_to_every_page_and_is_short():
    for page in readme.PAGES[1:]:
        assert f"](kmstui/docs/{page.name})" in README
    assert len(README.splitlines()) < 2 * _FIRST_SCREEN


@pytest.mark.parametrize("page", readme.PAGES, ids=lambda page: page.name)
def test_every_command_of_a_page_is_one(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    parser = command_line()
    first = {entry.name.split()[0] for entry in COMMANDS}
    for line in readme.command_lines(page.read_text("utf-8")):
        words = shlex.split(line)[1:]
        for word in words:
            # An option may take as many files as there are.
            if re.fullmatch(r"[\w.-]+\.json", word):
                (tmp_path / word).touch()
        if words and words[0] in first:
            assert parser.parse_args(words), line


def test_the_page_of_scripts_shows_every_command():
    shown = {
        " ".join(words[:length])
        for page in readme.PAGES
        for line in readme.command_lines(page.read_text("utf-8"))
        for words in [shlex.split(line)[1:]]
        for length in (1, 2)
    }
    text = "".join(page.read_text("utf-8") for page in readme.PAGES)
    missing = [
        entry.name
        for entry in COMMANDS
        if entry.name not in shown
        and f"kmstui {entry.name}" not in " ".join(text.split())
        and not re.search(rf"\b{entry.name}\b", readme.page("scripts"))
    ]
    assert not missing


def test_the_page_of_settings_names_every_setting_and_variable():
    text = readme.page("settings")
    for setting in fields(Settings):
        if setting.metadata.get("file_only"):
            assert re.search(rf"\b{setting.name}\b", text), setting.name
        else:
            assert f"`KMSTUI_{setting.name.upper()}`" in text
    for word in REMEMBERED:
        assert f"`{word}`" in text


def test_the_page_of_keys_names_no_key_that_does_nothing():
    known = {key for command in all_commands() for key in command.keys}
    words = {
        "`": "grave_accent", "/": "slash", "?": "question_mark", ":": "colon",
        "!": "exclamation_mark",
        "+": "plus", "_": "underscore", "*": "asterisk", "<": "less_than_sign",
        ">": "greater_than_sign", "]": "right_square_bracket", "[": "left_square_bracket",
        ".": "full_stop", ",": "comma",
    }  # fmt: skip
    rows = re.findall(r"^\| (.+?) \| .+ \|$", readme.page("keys"), re.MULTILINE)
    named = {key for row in rows for key in re.findall(r"`(.)`", row)}
    assert {key for key in named if not {key, words.get(key, key)} & known} <= set("jkgG13")


def test_the_number_of_rules_is_right():
    assert linter
    own = [id_ for id_ in RULES if id_.startswith("KMS")]
    assert f"[{len(own)} rules]" in README
    assert f"[{len(own)} rules]" in readme.page("scripts")


def test_the_page_of_installing_tells_of_every_extra_for_users_and_every_shell():
    text = readme.page("installing")
    assert all(f"`{extra}`" in text for extra in ("lint", "login", "demo"))
    assert all(f"kmstui completion {shell}" in text for shell in SHELLS)
