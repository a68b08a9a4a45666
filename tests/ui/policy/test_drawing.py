"""What a key draws: all that it changes, at once, and nothing else."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.scrollbar import ScrollBar, ScrollBarRender
from textual.widgets import TextArea

from kmstui.ui.policy.incremental_area import show_place
from kmstui.ui.policy.line_cells import goes_on, widest
from tests.ui.policy.conftest import POLICY

LINES = st.lists(st.text(st.sampled_from("a \t漢\u0301é"), max_size=12), min_size=1)


@given(LINES, st.sampled_from([2, 4, 8]))
def test_the_widest_line_is_the_one_that_takes_most_cells(lines, tab):
    assert widest(lines, tab) == max(cell_len(line.expandtabs(tab)) for line in lines)


@given(st.text(st.sampled_from("a \t漢\u0301é"), max_size=12), st.integers(1, 20))
def test_a_line_goes_on_behind_so_many_cells_if_it_takes_more(line, cells):
    assert goes_on(line, cells, 4) == (cell_len(line[: 4 * cells].expandtabs(4)) > cells)
    if "\u0301" not in line:
        assert goes_on(line, cells, 4) == (cell_len(line.expandtabs(4)) > cells)


@settings(max_examples=60)
@given(st.integers(1, 60), st.integers(0, 2000), st.lists(st.integers(0, 2000), max_size=6))
def test_the_scroll_bar_shows_where_the_text_is(window, more, tops):
    def picture(lines, height, top):
        drawn = ScrollBarRender.render_bar(window, lines, height, top).segments
        return [(segment.text, segment.style) for segment in drawn]

    bar = ScrollBar()
    lines = window + more
    for top in (min(top, more) for top in tops):
        show_place(bar, lines, window, top)
        shown = picture(bar.window_virtual_size, bar.window_size, bar.position)
        assert shown == picture(lines, window, top)


async def test_a_wider_line_lays_nothing_out_anew(bench):
    async with bench(POLICY, size=(60, 24)) as at:
        laid_out: list[object] = []
        at.pilot.app.screen.screen_layout_refresh_signal.subscribe(at.area, laid_out.append)
        await at.press("end", *"many letters, so that the line goes on behind the edge" * 2)
        assert at.area.scroll_offset.x > 0
        await at.press("ctrl+z")
        assert laid_out == []


@pytest.mark.parametrize("lines_below", [1, 40], ids=["", "beside a scroll bar"])
async def test_a_sign_shows_on_which_side_a_line_goes_on(bench, lines_below):
    text = '{\n"Id": "' + "0123456789" * 30 + '"\n' + "}\n" * lines_below
    async with bench(text, size=(60, 24)) as at:

        def edges(row):
            strip = at.pilot.app.screen._compositor.render_strips()[row]
            return strip.text[at.area.gutter_width], strip.text[: 59 + (lines_below == 1)][-1]

        assert edges(1) == ('"', "…")
        at.area.move_cursor((1, 100))
        await at.press("right")
        assert edges(1) == ("…", "…")
        await at.press("end")
        assert edges(1)[0] == "…" != edges(1)[1]
        assert edges(2)[1] != "…"


async def test_nothing_jumps_sideways_while_what_is_typed_fits(bench):
    text = '{\n"Sid": "' + "long " * 30 + '",\n        "Action": "kms:ReEncrypt",\n""\n}'
    async with bench(text, size=(60, 24)) as at:
        room = at.area.size.width - at.area.gutter_width
        for _ in range(2):
            await at.press("f8")  # Whose message ends far to the right.
            assert at.area.scroll_offset.x == 0
        at.area.move_cursor((3, 1))
        await at.press(*"x" * (room - 3))
        assert at.area.scroll_offset.x == 0, "with the cursor in the last cell"
        await at.press("x", "x")
        assert at.area.scroll_offset.x > 0
        await at.press("backspace", "backspace")
        assert at.area.scroll_offset.x == 0
        await at.press("up", "up", "end")
        assert at.area.scroll_offset.x > 0
        await at.press("down")
        assert at.area.scroll_offset.x == 0


async def test_what_is_said_of_the_cursor_comes_with_the_cursor(bench):
    async with bench(POLICY) as at:
        await at.linted()
        mark = next(iter(at.area.marks))
        at.area.move_cursor((0, 0))
        assert at.widget._line._finding is not mark.finding
        at.area.move_cursor(mark.start)
        assert at.widget._line._finding is mark.finding


async def test_of_a_policy_in_one_line_only_what_is_in_sight_is_drawn(bench, monkeypatch):
    """The base class draws all of it once for each of its pieces: half a second a key."""
    statement = {"Sid": "x", "Effect": "Allow", "Action": "kms:Decrpyt", "Resource": "*"}
    text = json.dumps({"Statement": [statement] * 350})

    def as_a_whole(*_):
        raise AssertionError("a line of 30 KB was drawn as a whole")

    monkeypatch.setattr(TextArea, "render_line", as_a_whole)
    async with bench(text, size=(80, 24)) as at:
        await at.linted()
        at.area.soft_wrap = True
        at.area.move_cursor((0, 16_000), center=True)
        await at.press(*"kms:Encrypt")
        assert any("kms:Encrypt" in line for line in at.lines)
        await at.press("ctrl+z")
        assert at.widget.text == text
