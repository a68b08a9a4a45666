"""The room of the window goes to what is read, and says where a person is."""

import pytest

from kmstui.ui.main.columns_dialog import ColumnsDialog
from kmstui.ui.runtime.options import UiOptions
from tests.fakes import DISABLED, IMPORTED, SIGNING
from tests.screens import NARROW, WIDE, running


def cells(run, row, text):
    """The styles of a text's cells in a line of the screen."""
    strip = run.app.screen._compositor.render_strips()[row]
    drawn = [(letter, style) for words, style, _ in strip for letter in words]
    at = "".join(letter for letter, _ in drawn).index(text)
    return [style for _, style in drawn[at : at + len(text)]]


async def test_panes_have_frames_where_there_is_room_and_none_where_there_is_not():
    async with running(size=WIDE) as run:
        await run.choose(IMPORTED)
        await run.wait_for("╭ 1 Keys")
        assert run.lines[1].startswith("╭ 1 Keys")
        assert run.lines[1].count("╮") == 2
        focused, other = cells(run, 1, "╭ 1")[0], cells(run, 1, "╭ 3")[0]
        assert focused.color != other.color
        sides = [cells(run, 5, "│")[0].color, cells(run, 1, "╭")[0].color]
        assert sides[0] == sides[1], "the frame is of one colour"
        await run.pilot.resize_terminal(*NARROW)
        await run.wait_for(lambda: "╭" not in run.text and run.lines[1].startswith(" 1 Keys"))


@pytest.mark.parametrize("size", [NARROW, WIDE])
@pytest.mark.parametrize("pane", [["1"], []], ids=["behind", "with the focus"])
async def test_the_view_in_front_is_marked_whether_or_not_its_pane_has_the_focus(size, pane):
    async with running(size=size) as run:
        await run.press("3", "right_square_bracket", *pane)
        row = next(at for at, line in enumerate(run.lines) if "3 Policy" in line)
        front, behind = cells(run, row, "Access")[0], cells(run, row, "Policy")[0]
        assert front.bold and front.underline
        assert not behind.bold and not behind.underline


@pytest.mark.parametrize(
    ("columns", "title"),
    [
        (80, "3 Policy Access Role Details Grants Events Uses History alias/ImportedCMK"),
        (110, "3 Policy Acc Rol Det Gra Eve Use His ImportedCMK"),
        (60, "3 Policy Acc Rol Det Gra Eve Use His alias/ImportedCMK"),
        (230, "Access c  Role p  Details d  Grants T  Events L  Uses U  History H"),
    ],
)
async def test_a_view_says_whose_it_is_before_which_letters_open_the_others(columns, title):
    async with running(size=(columns, 24)) as run:
        await run.choose(IMPORTED)
        await run.press("3")
        await run.wait_for(title)


async def test_the_view_in_front_has_a_sign_where_only_ascii_is_drawn():
    async with running(options=UiOptions(ascii=True)) as run:
        await run.press("right_square_bracket")
        await run.wait_for("3 Policy [Access")
        assert run.text.isascii()


async def test_a_wide_window_shows_whole_key_ids_and_tags():
    async with running(size=WIDE) as run:
        line = next(line for line in run.lines if "ImportedCMK" in line)
        assert IMPORTED in line
        assert "env=dev" in line
        await run.press("plus", "plus")
        await run.wait_for("env=dev project…  Key with imported material")


async def test_the_aliases_take_a_quarter_at_most_until_they_have_the_focus():
    async with running(size=WIDE) as run:
        await run.choose(SIGNING)
        await run.wait_for("2 Aliases  3 of 11 for this key")
        assert run.main.aliases_pane.outer_size.height <= WIDE[1] / 4
        await run.press("2")
        await run.wait_for("2 Aliases  9")
        assert run.main.aliases_pane.outer_size.height > WIDE[1] / 4


async def test_columns_are_chosen_ordered_and_widened():
    async with running() as run:
        assert "STATE" in run.lines[2]
        await run.press("colon")
        await run.type("columns")
        await run.press("enter")
        dialog = await run.wait_for_screen(ColumnsDialog)
        dialog.table.move_to_row("state")
        await run.press("space")
        dialog.table.move_to_row("created")
        await run.press(*["K"] * 8, "escape")
        await run.wait_for("ALIAS↑")
        assert "STATE" not in run.lines[2]
        assert "CREATED" in run.lines[2]
        await run.press("colon")
        await run.type("columns")
        await run.press("enter")
        dialog = await run.wait_for_screen(ColumnsDialog)
        dialog.table.move_to_row("id")
        for _ in range(12):
            await run.press("plus")
        await run.press("escape")
        await run.wait_for(lambda: DISABLED in run.text)


async def test_columns_that_do_not_fit_are_scrolled_to():
    async with running() as run:
        seen = set(run.lines[2].split())
        while "DESCRIPTION" not in run.lines[2]:
            assert len(seen) < 40, seen
            await run.press("greater_than_sign")
            await run.pilot.pause()
            seen |= set(run.lines[2].split())
            assert run.lines[2].startswith("  ALIAS↑")
        assert {"USAGE", "ORIGIN", "ROTATION", "CREATED"} <= seen
        await run.press(*["less_than_sign"] * 12)
        await run.wait_for(lambda: "STATE" in run.lines[2])


async def test_the_names_of_other_views_are_shortened_before_that_of_the_key():
    async with running(size=WIDE) as run:
        await run.choose(IMPORTED)
        title = next(line for line in run.lines if " 3 " in line)
        assert "alias/ImportedCMK" in title.rpartition("3 ")[2]
        assert "Policy Acc Rol Det" in title
