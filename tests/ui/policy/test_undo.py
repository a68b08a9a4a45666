"""Undo and redo give back the text, and what is drawn is the text, whatever was done between."""

from __future__ import annotations

import random

import pytest
from textual.document._document import Selection
from textual.document._wrapped_document import WrappedDocument

from tests.ui.policy.conftest import POLICY

PIECES = ["x", '"', " ", "\n", "{\n    [\n", "\t", "漢字", "a\nb\nc\nd", "long " * 30, "e\u0301"]


async def change(area, dice):
    """One thing that a person does to a text."""
    lines = area.document.lines
    row = dice.randrange(len(lines))
    here = (row, dice.randint(0, len(lines[row])))
    other = dice.randrange(max(0, row - 3), min(len(lines), row + 4))
    there = (other, dice.randint(0, len(lines[other])))
    does = dice.choice(
        [
            "write",
            "write",
            "replace",
            "delete",
            "join",
            "kill",
            "kill",
            "tab",
            "enter",
            "undo",
            "redo",
        ]
    )
    if does == "write":
        area.move_cursor(here)
        for _ in range(dice.randint(1, 3)):
            area.insert(dice.choice(PIECES))
    elif does in ("replace", "delete"):
        area.replace(dice.choice(PIECES) if does == "replace" else "", here, there)
    elif does == "join":
        area.move_cursor((row, 0))
        for _ in range(dice.randint(1, 6)):
            area.action_delete_left()
    elif does == "kill":
        area.move_cursor(here)
        for _ in range(dice.randint(1, 6)):
            await area.action_delete_to_end_of_line_or_delete_line()
    elif does == "undo":
        for _ in range(dice.randint(1, 4)):
            area.undo()
    elif does == "redo":
        area.redo()
    else:
        area.move_cursor(here)
        area._json_key(Key(does))


class Key:
    character = None

    def __init__(self, key):
        self.key = key


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize("seed", [1, 2])
async def test_what_is_drawn_is_the_text(bench, wrapped, seed):
    dice = random.Random(seed)
    async with bench(POLICY, size=(60, 16)) as editor:
        area = editor.area
        area.soft_wrap = wrapped
        await editor.pilot.pause()
        for _ in range(150):
            await change(area, dice)
            anew = WrappedDocument(area.document, area.wrap_width, area.indent_width)
            assert area.wrapped_document._offset_to_line_info == anew._offset_to_line_info
        await editor.pilot.pause()
        written = area.text
        while area.history.undo_stack:
            area.undo()
        assert area.text == POLICY
        while area.history.redo_stack:
            area.redo()
        assert area.text == written


async def test_what_is_typed_after_an_undo_is_a_change_of_its_own(bench):
    async with bench(POLICY) as editor:
        editor.area.move_cursor((11, 0))
        await editor.press("enter")
        opened = editor.widget.text
        await editor.press("a", "ctrl+z", "b", "ctrl+z")
        assert editor.widget.text == opened
        await editor.press("ctrl+z")
        assert editor.widget.text == POLICY


async def test_a_change_of_several_rows_taken_back_at_once_draws_the_right_lines(bench):
    async with bench(POLICY, size=(80, 40)) as editor:
        area = editor.area
        area.move_cursor((11, 0))
        await editor.press("enter", "a")
        # As when Textual joins two batches, or a command makes a change of several edits.
        last, batches = area.history._undo_stack.pop(), area.history._undo_stack
        batches[-1].extend(last)
        await editor.press("ctrl+z")
        assert editor.widget.text == POLICY
        written = [line.strip() for line in POLICY.split("\n")]
        drawn = [line[5:].strip() for line in editor.lines]
        assert all(shown.startswith(line) for shown, line in zip(drawn, written, strict=False))


async def test_what_the_widget_swaps_is_swapped_once(bench):
    strange = '{\n    "a": "\x1b[31m\u202e",\n    "b": "\U000f0000"\n}'
    async with bench(strange) as editor:
        editor.widget.replace_text(strange.replace("31m", "32m\x1b"))
        assert editor.widget.text == strange.replace("31m", "32m\x1b")
        editor.area.selection = Selection((1, 0), (2, 5))
        await editor.pilot.press("tab")
        assert editor.widget.text == strange.replace("31m", "32m\x1b").replace("    ", "        ")
        await editor.pilot.press("ctrl+z", "ctrl+z")
        assert editor.widget.text == strange
