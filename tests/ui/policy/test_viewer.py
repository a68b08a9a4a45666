"""A person reads a policy and sees what is wrong with it, where it is wrong."""

from __future__ import annotations

import json

import pytest
from textual.binding import Binding
from textual.widgets import TextArea

from kmstui.policy.lint.core import Severity
from kmstui.ui.policy.finding_widgets import WhyScreen
from kmstui.ui.policy.keys_screen import _CHANGING, _MOVING, KeysScreen
from kmstui.ui.policy.text_area import ReadingArea
from kmstui.ui.policy.viewer import PolicyViewer
from kmstui.ui.style.symbols import PLAIN
from kmstui.ui.style.theme import THEMES

from .conftest import POLICY, lint_words


def viewer(text: str = POLICY, **options) -> PolicyViewer:
    return PolicyViewer(text, lint=lint_words, **options)


async def test_findings_stand_in_the_text(bench):
    async with bench(widget=viewer()) as at:
        line = next(line for line in at.lines if "kms:ReEncrypt" in line)
        assert line == '21 ▲                 "kms:ReEncrypt"  "kms:ReEncrypt" is wrong here.'
        assert at.widget.counts.warnings == 1


async def test_marks_have_an_ascii_form(bench):
    async with bench(widget=viewer(symbols=PLAIN)) as at:
        assert next(line for line in at.lines if "kms:ReEncrypt" in line).startswith("21 ! ")
        assert all(line.isascii() for line in at.lines)


async def test_the_range_of_a_finding_is_underlined(bench):
    async with bench(widget=viewer()) as at:
        y = next(y for y, line in enumerate(at.lines) if "kms:ReEncrypt" in line)
        underlined = [
            segment.text
            for segment in at.area.render_line(y)
            if segment.style and segment.style.underline
        ]
        assert underlined == ['"kms:ReEncrypt"']


async def test_a_message_too_long_for_the_line_is_cut_and_told_whole_below(bench):
    async with bench(widget=viewer(), size=(60, 24)) as at:
        line = next(line for line in at.lines if "kms:ReEncrypt" in line)
        assert line.endswith("…")
        assert len(line) < 60
        await at.press("f8")
        assert '"kms:ReEncrypt" is wrong here.' in at.widget._line.render().plain


async def test_f8_walks_through_the_findings_and_around(bench):
    text = POLICY.replace("kms:Encrypt", "kms:Decrpyt")
    async with bench(widget=viewer(text)) as at:
        rows = []
        for key in ("f8", "f8", "f8", "shift+f8"):
            await at.press(key)
            rows.append(at.area.cursor_location[0])
        assert rows == [19, 20, 19, 20]


async def test_why_tells_the_story_and_goes_away(bench):
    async with bench(widget=viewer()) as at:
        await at.press("f8", "f1")
        assert isinstance(at.pilot.app.screen, WhyScreen)
        await at.press("escape")
        assert not isinstance(at.pilot.app.screen, WhyScreen)


async def test_what_a_box_says_is_searched_as_any_text(bench):
    async with bench(widget=viewer()) as at:
        await at.press("f1")
        rows = at.pilot.app.screen.rows
        await at.press("slash", *"Last", "enter", "n")
        assert "Last line" in rows.text_of(rows.cursor_row)
        await at.press("escape")
        assert at.area.has_focus


async def test_f8_reaches_every_finding_of_one_place(bench):
    def twice(text: str):
        (one,) = lint_words(text)
        return (one, one._replace(rule="KMS201", severity=Severity.ERROR))

    async with bench(widget=PolicyViewer(POLICY, lint=twice)) as at:
        told = []
        for key in ("f8", "f8", "f8", "shift+f8"):
            await at.press(key)
            told.append(at.widget._line._finding.rule)
        assert told == ["KMS201", "KMS202", "KMS201", "KMS202"]
        await at.press("f1")
        assert "KMS202" in at.pilot.app.screen.rows.text


def told_keys(at) -> dict[str, str]:
    screen = at.pilot.app.screen
    assert isinstance(screen, KeysScreen)
    rows = [row.strip().partition("  ") for row in screen.rows.text.splitlines()]
    return {words.strip(): keys for keys, _, words in rows if words}


@pytest.mark.parametrize("key", ["f1", "question_mark"])
async def test_all_keys_are_told_where_there_is_no_finding(bench, key):
    async with bench(widget=viewer()) as at:
        await at.press(key)
        told = told_keys(at)
        assert told["Find text, plain or by regular expression"] == "Ctrl-f"
        assert told["Half a page down"] == "Ctrl-d"
        assert "Take the last change back" not in told
        await at.press("escape")
        assert at.area.has_focus


async def test_behind_why_f1_tells_all_keys(bench):
    async with bench() as at:
        await at.press("f8", "f1", "f1")
        told = told_keys(at)
        assert told["Take the last change back"] == "Ctrl-z"
        assert told["Select all"] == "F7"
        assert told["Fix all of the same rule"].startswith("Shift-F4")
        await at.press("f1")
        assert at.area.has_focus


def test_everything_that_a_text_can_do_has_words_for_a_person():
    bindings = Binding.make_bindings((*TextArea.BINDINGS, *ReadingArea.BINDINGS))
    actions = {each.action for each in bindings if "(True)" not in each.action}
    assert actions == {*_CHANGING, *_MOVING}


async def test_the_list_has_errors_first_and_goes_to_the_finding_chosen(bench):
    text = POLICY.replace("kms:*", "kms:ReEncrypt").replace("kms:Encrypt", "kms:Decrpyt")
    async with bench(widget=viewer(text)) as at:
        await at.press("f2")
        assert [mark.finding.rule for mark in at.widget._list._listed] == [
            "KMS201",
            "KMS202",
            "KMS202",
        ]
        await at.press("enter")
        assert at.area.cursor_location[0] == 19
        assert at.area.has_focus


async def test_reading_keys_move_and_never_change_the_text(bench):
    async with bench(widget=viewer()) as at:
        await at.press("G")
        assert at.area.cursor_location[0] == POLICY.count("\n")
        await at.press("g", "j", "j", "k", "ctrl+d", "ctrl+u", "x", "enter", "delete", "ctrl+k")
        assert at.area.cursor_location == (1, 0)
        assert at.widget.text == POLICY


async def test_find_shows_matches_while_typing_and_steps_through_them(bench):
    async with bench(widget=viewer()) as at:
        await at.press("slash")
        await at.type("allow")
        await at.until(lambda: at.area.selected_text == "Allow")
        first = at.area.selection
        await at.press("enter", "n")
        assert at.area.has_focus
        assert at.area.selected_text == "Allow"
        assert at.area.selection != first
        await at.press("N")
        assert at.area.selection == first
        assert "1 of" in str(at.widget._bar._state.render())


async def test_a_bad_pattern_is_told_in_words(bench):
    async with bench(widget=viewer(), size=(100, 24)) as at:
        await at.press("ctrl+f", "f2")
        await at.type("(")
        await at.pilot.pause()
        assert "is not a valid regular expression" in str(at.widget._bar._state.render())


@pytest.mark.parametrize(
    ("line", "row"), [("7", 6), ("0", 0), ("9999", 25), ("9" * 12, 25), ("x", 0)]
)
async def test_go_to_line_takes_any_text(bench, line, row):
    async with bench(widget=viewer()) as at:
        await at.press("ctrl+g")
        await at.type(line)
        await at.press("enter")
        assert at.area.cursor_location[0] == row


async def test_a_new_text_replaces_text_and_findings(bench):
    async with bench(widget=viewer()) as at:
        at.widget.load('{"Action": "kms:Decrpyt"}')
        await at.linted()
        assert [finding.rule for finding in at.widget.findings] == ["KMS201"]
        assert at.lines[0].startswith('1 ✖ {"Action": "kms:Decrpyt"}')


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize("text", ['{"Action": "kms:Decrpyt"}', "", POLICY + "\n" * 200])
async def test_a_new_text_replaces_one_that_was_scrolled_to_its_end(bench, text, wrapped):
    async with bench(widget=viewer(POLICY + "\n" * 100), size=(80, 10)) as at:
        at.area.soft_wrap = wrapped
        await at.press("G")
        assert at.area.scroll_offset.y > 0
        at.widget.load(text)
        await at.pilot.pause()
        assert at.lines[0].split()[0] == "1"
        assert at.area.scroll_offset.y == 0


async def test_a_linter_that_fails_is_told(bench):
    def broken(text: str):
        raise RuntimeError("oops")

    async with bench(widget=PolicyViewer(POLICY, lint=lambda text: ())) as at:
        at.widget.set_lint(broken)
        await at.until(lambda: "The linter failed" in at.widget._line.render().plain)
        assert at.lines[0] == " 1   {"


async def test_long_lines_wrap_on_request(bench):
    text = json.dumps({"Sid": "word " * 40})
    async with bench(widget=viewer(text)) as at:
        assert not at.lines[1].strip()
        await at.press("f5")
        await at.pilot.pause()
        assert at.lines[1].strip().startswith("word")
        assert at.area.gutter_width == 4


@pytest.mark.parametrize("size", [(1, 1), (7, 2), (20, 4), (200, 60)])
async def test_any_size_of_the_screen_will_do(bench, size):
    async with bench(widget=viewer(), size=size) as at:
        await at.press("f8", "f1", "escape", "f2", "escape", "down", "G", "f5", "g")
        await at.pilot.resize_terminal(80, 24)
        await at.pilot.pause()
        assert "Version" in "\n".join(at.lines)


async def test_what_a_terminal_would_obey_is_shown_instead(bench):
    text = '{"Sid": "a\x1b[2Jb\u202ec\u200bd\x07\x85\u2028e"}\n[]'
    async with bench(widget=viewer(text)) as at:
        assert at.lines[0] == '1   {"Sid": "a␛[2Jb�c�d␇��e"}'
        assert at.lines[1] == "2   []"
        assert at.widget.text == text


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
async def test_a_deny_is_seen_from_across_the_room(bench, theme):
    text = '{\n"Effect": "Deny",\n"Sid": "<FILL IN>"\n}'

    def style_of(word):
        segments = (segment for y in range(4) for segment in at.area.render_line(y))
        return next(segment.style for segment in segments if segment.text == word)

    async with bench(widget=viewer(text), theme=theme) as at:
        for place in ((0, 0), (1, 8)):
            # The row of the cursor is drawn in another way.
            at.area.move_cursor(place)
            await at.pilot.pause()
            assert style_of("Deny").bold
            assert style_of("Deny").reverse
            assert not style_of('"Effect"').reverse
        placeholder = style_of("<FILL IN>")
        assert placeholder.reverse or placeholder.bgcolor != style_of('"Effect"').bgcolor
        assert any("✖" in line for line in at.lines)
