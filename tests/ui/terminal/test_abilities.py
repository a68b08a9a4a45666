"""What is said of a terminal before there are screens."""

from __future__ import annotations

import io

import pytest

from kmstui.ui.terminal.abilities import (
    draw_where_it_is_seen,
    has_few_glyphs,
    takes_utf8,
    why_no_screens,
)


class Stream(io.TextIOWrapper):
    """A stream that is a terminal, or is not."""

    def __init__(self, *, terminal: bool) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8")
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


def streams(monkeypatch, *, stdin=True, stdout=True, stderr=True):
    for name, terminal in (("stdin", stdin), ("stdout", stdout), ("stderr", stderr)):
        stream = None if terminal is None else Stream(terminal=terminal)
        monkeypatch.setattr(f"sys.{name}", stream)
        monkeypatch.setattr(f"sys.__{name}__", stream)


@pytest.mark.parametrize(
    "where",
    [{"stdin": False}, {"stdout": False}, {"stdin": None}, {"stdout": None}],
    ids=["input from a file", "output to a file", "no input", "no output"],
)
def test_without_a_terminal_it_names_what_scripts_can_use(monkeypatch, where):
    streams(monkeypatch, **where)
    assert "kmstui lint" in why_no_screens({"TERM": "xterm"})


def test_a_dumb_terminal_is_told_what_to_set(monkeypatch):
    streams(monkeypatch)
    assert "TERM=xterm-256color" in why_no_screens({"TERM": "dumb"})


@pytest.mark.parametrize("term", [{}, {"TERM": ""}, {"TERM": "vt100"}, {"TERM": "linux"}])
def test_every_other_terminal_gets_its_screens(monkeypatch, term):
    streams(monkeypatch)
    assert why_no_screens(term) == ""


@pytest.mark.parametrize("stderr", [False, None], ids=["led to a file", "closed"])
def test_the_screens_are_seen_where_standard_error_is_elsewhere(monkeypatch, stderr):
    import sys

    streams(monkeypatch, stderr=stderr)
    draw_where_it_is_seen()
    assert sys.__stderr__ is sys.__stdout__
    assert sys.stderr is not sys.stdout


def test_standard_error_that_is_a_terminal_stays(monkeypatch):
    import sys

    streams(monkeypatch)
    before = sys.__stderr__
    draw_where_it_is_seen()
    assert sys.__stderr__ is before


@pytest.mark.parametrize(
    ("environ", "encoding", "taken"),
    [
        ({"LANG": "C"}, "utf-8", True),
        ({}, "utf-8", True),
        ({"LANG": "en_US.UTF-8"}, "utf-8", True),
        ({"LANG": "de_DE.utf8@euro"}, "UTF8", True),
        ({"LANG": "en_US.ISO-8859-1"}, "utf-8", False),
        ({"LC_ALL": "ja_JP.eucJP", "LANG": "en_US.UTF-8"}, "utf-8", False),
        ({"LC_CTYPE": "C.UTF-8", "LANG": "en_US.ISO-8859-1"}, "utf-8", True),
        ({"LANG": "xx.nonsense"}, "utf-8", False),
        ({"LANG": "C.UTF-8"}, "latin-1", False),
        ({"LANG": "C"}, "ascii", False),
    ],
)
def test_a_locale_or_stream_of_another_charset_gets_ascii(environ, encoding, taken):
    assert takes_utf8(environ, encoding) is taken


def test_the_console_of_linux_has_few_signs():
    assert has_few_glyphs({"TERM": "linux"})
    assert not has_few_glyphs({"TERM": "xterm"})
