"""A row looks the same whichever way it is drawn, with the base class's way as the measure."""

from __future__ import annotations

import pytest
from textual.document._document import Selection
from textual.document._wrapped_document import WrappedDocument

TEXT = """{
    "Version": "2012-10-17", "Id": 12, "x": true, 'wrong': [],
    "Action": ["kms:Encrypt", "kms:ReEncrypt"], "kms:Decrpyt": "kms:ReEncrypt",

    "Resource": "*", "very long": "kms:ReEncrypt and more and more and more and more and more",
  // a comment
"kms:ReEncrypt"}"""


def cells(strip, width):
    drawn = [(letter, style) for text, style, _ in strip for letter in text]
    return [
        (letter, (style.color, style.bgcolor, bool(style.bold), bool(style.underline)))
        for letter, style in drawn[:width]
    ]


SELECTIONS = {
    "the cursor at the end": ((6, 17), (6, 17)),
    "the cursor on a bracket": ((0, 0), (0, 0)),
    "the cursor on a bracket in a line": ((2, 44), (2, 44)),
    "part of a line": ((2, 10), (2, 30)),
    "lines, upwards, an empty one among them": ((5, 3), (1, 8)),
    "lines, downwards": ((1, 30), (4, 60)),
}


@pytest.mark.parametrize("size", [(80, 24), (34, 12)])
@pytest.mark.parametrize("scrolled", [0, 17, None])
@pytest.mark.parametrize("selection", SELECTIONS.values(), ids=SELECTIONS)
async def test_the_quick_way_draws_what_the_base_class_draws(bench, size, scrolled, selection):
    async with bench(TEXT, size=size) as editor:
        area = editor.area
        area.soft_wrap = scrolled is None
        area.selection = Selection(*selection)
        area.scroll_to(x=scrolled, animate=False, immediate=True)
        await editor.pilot.pause()
        width = area.scrollable_content_region.width
        places = [(y, area.wrapped_document.place_at(y)) for y in range(area.text_height)]
        top = area.scroll_offset.y
        slow = [cells(area._slow_row(y - top, *place), width) for y, place in places]
        quick = [cells(area._quick_row(*place), width) for _, place in places]
        for one, other in zip(quick, slow, strict=True):
            assert [letter for letter, _ in one] == [letter for letter, _ in other]
            assert [style for _, style in one] == [style for _, style in other]
        underlined = any(style[3] for row in quick for _, style in row)
        assert underlined or (scrolled, size[0]) != (0, 80), "findings are underlined"


async def test_places_are_told_as_the_base_class_tells_them(bench):
    text = TEXT + "\n\tü\t漢字 and a longer text that is wrapped\t" + "e\u0301" * 60
    async with bench(text, size=(34, 12)) as editor:
        area = editor.area
        for area.soft_wrap in (False, True):
            ours = area.wrapped_document
            theirs = WrappedDocument(area.document, area.wrap_width, area.indent_width)
            for row, line in enumerate(area.document.lines):
                assert ours.get_sections(row) == theirs.get_sections(row)
                for column in range(len(line) + 1):
                    at = row, column
                    assert ours.location_to_offset(at) == theirs.location_to_offset(at)
