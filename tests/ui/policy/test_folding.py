"""A person folds statements to look a policy over, and nothing is ever lost in a fold."""

from __future__ import annotations

import pytest

from kmstui.ui.policy.folding import statement_rows, summary_of
from tests.ui.policy.conftest import POLICY

FIRST, SECOND = range(3, 12), range(12, 24)
"""Rows of the two statements of the policy."""


def shown(at) -> list[str]:
    """The numbers of the lines in sight."""
    return [line.split()[0] for line in at.lines if line.strip()]


def test_statements_are_found_by_their_rows_also_in_an_unfinished_text():
    assert statement_rows(POLICY) == [FIRST, SECOND]
    assert statement_rows(POLICY[:-4]) == [FIRST, SECOND]
    assert statement_rows('{"Statement": [{}]}') == statement_rows("{") == []


def test_a_fold_says_what_it_holds():
    assert summary_of('{\n"Effect": "Deny",\n"Sid": "x"\n}') == "x · Deny · 4 lines"
    assert summary_of("{\n") == "2 lines"


async def test_a_folded_statement_is_one_line_and_opens_again(bench):
    async with bench(POLICY) as at:
        await at.go("kms:*")
        await at.press("f10")
        assert shown(at)[:6] == ["1", "2", "3", "4", "13", "14"]
        assert at.lines[3].endswith("{ … Enable IAM policies · Allow · 9 lines },")
        assert at.area.cursor_location == (3, 9)
        await at.press("down")
        assert at.area.cursor_location[0] == 12
        await at.press("up")
        assert at.area.cursor_location[0] == 3
        await at.press("f10")
        assert shown(at)[:6] == ["1", "2", "3", "4", "5", "6"]
        assert at.widget.text == POLICY


async def test_all_are_folded_at_once_with_the_findings_in_them_counted(bench):
    async with bench(POLICY) as at:
        await at.press("f22")
        assert shown(at) == ["1", "2", "3", "4", "13", "25", "26"]
        assert at.lines[4].endswith("{ … Use · Allow · 12 lines }  ▲ 1")
        await at.press("f22")
        assert shown(at)[3:5] == ["4", "5"]


@pytest.mark.parametrize("wrapped", [False, True])
async def test_whatever_goes_into_a_fold_opens_it_and_no_other(bench, wrapped):
    async with bench(POLICY) as at:
        at.area.soft_wrap = wrapped
        for keys in (("f8",), ("ctrl+f",), ("ctrl+g", *"15", "enter")):
            at.area.folds = (FIRST, SECOND)
            await at.press(*keys)
            if keys == ("ctrl+f",):
                at.widget._bar._pattern.value = "kms:Encrypt"
            await at.until(lambda: at.area.folds == (FIRST,), f"opened by {keys}")
            assert at.area.place_of(at.area.cursor_location).y < at.area.size.height
            at.area.move_cursor((0, 0))
            at.widget.close_part()


async def test_typing_above_a_fold_carries_it_and_undo_opens_all(bench):
    async with bench(POLICY) as at:
        at.area.folds = (SECOND,)
        at.area.move_cursor((1, 0))
        await at.press("enter", "enter", "x")
        assert at.area.folds == (range(14, 26),)
        assert shown(at)[14] == "15"
        assert at.lines[14].endswith("12 lines }  ▲ 1")
        assert len(shown(at)) == 17
        await at.press("ctrl+z", "ctrl+z", "ctrl+z")
        assert at.area.folds == ()
        assert at.widget.text == POLICY


async def test_an_edit_within_a_fold_opens_it(bench):
    async with bench(POLICY) as at:
        at.area.folds = (FIRST, SECOND)
        at.widget.replace_text(POLICY.replace('"Use"', '"Used"'))
        await at.pilot.pause()
        assert at.area.folds == (FIRST,)
        at.widget.load("{}")
        assert at.area.folds == ()
        await at.press("f10")
        assert at.said_below == "The cursor is in no statement of several lines."


async def test_deleting_over_folds_leaves_a_text_that_is_drawn(bench):
    async with bench(POLICY, size=(80, 10)) as at:
        at.area.folds = (FIRST, SECOND)
        await at.press("f7", "delete")
        assert (at.widget.text, at.area.folds) == ("", ())
        await at.press("ctrl+z")
        assert at.widget.text == POLICY
        at.area.folds = (FIRST, SECOND)
        at.area.move_cursor((3, 9))
        await at.press("delete")
        await at.press("pagedown", "pageup", "end")
        assert any("Version" in line for line in at.lines)
