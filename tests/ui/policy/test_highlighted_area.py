"""A row looks as the base class would draw it, with findings and colours added."""

from __future__ import annotations

import pytest
from rich.style import Style
from rich.text import Span, Text
from textual.document._document import Selection
from textual.document._wrapped_document import WrappedDocument
from textual.strip import Strip
from textual.widgets import TextArea

TEXT = """{
    "Version": "2012-10-17", "Id": 12, "x": true, 'wrong': [],
    "Action": ["kms:Encrypt", "kms:ReEncrypt"], "kms:Decrpyt": "kms:ReEncrypt",

    "Resource": "*", "very long": "kms:ReEncrypt and more and more and more and more and more",
  // a comment
"kms:ReEncrypt", "a\ttab": "\t漢字 kms:ReEncrypt 漢字\tand\u202e \x1b[31m more"}"""


def as_the_base_class_draws(area, y, row, section):
    """Draw a row of coloured text by Textual, and put our marks and messages to it."""

    def get_line(index):
        line = area.document.get_line(index)
        spans = [Span(*span) for span in area._spans(index, line, 0, len(line))]
        return Text(area._stand_ins.shown(line), end="", no_wrap=True, spans=spans)

    area.get_line = get_line
    strip = TextArea.render_line(area, y).crop(0, area.size.width)
    del area.get_line
    width, here = area.gutter_width, area.marks.on_row(row)
    numbers = strip.crop(1, width - 1)
    background = next(iter(numbers)).style
    mark = Strip(area._mark_cells(here[0] if here and not section else None, background), 2)
    strip = Strip.join([numbers, mark, strip.crop(width)])
    last = list(strip)[-1].style
    assert last is not None
    fill = Style(bgcolor=last.bgcolor)
    return area._with_edges(area._with_message(strip, row, section, fill), row)


def cells(strip, width):
    drawn = [(letter, style) for text, style, _ in strip.crop(0, width) for letter in text]
    return [
        (letter, (style.color, style.bgcolor, bool(style.bold), bool(style.underline)))
        for letter, style in drawn
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
async def test_a_row_is_drawn_as_the_base_class_draws_it(bench, size, scrolled, selection):
    async with bench(TEXT, size=size) as editor:
        area = editor.area
        area.soft_wrap = scrolled is None
        area.selection = Selection(*selection)
        area.scroll_to(x=scrolled, animate=False, immediate=True)
        await editor.pilot.pause()
        width = area.scrollable_content_region.width
        places = [(y, area.wrapped_document.place_at(y)) for y in range(area.text_height)]
        top = area.scroll_offset.y
        theirs = [
            cells(as_the_base_class_draws(area, y - top, *place), width) for y, place in places
        ]
        ours = [cells(area._row(*place), width) for _, place in places]
        for one, other in zip(ours, theirs, strict=True):
            assert [letter for letter, _ in one] == [letter for letter, _ in other]
            assert [style for _, style in one] == [style for _, style in other]
        underlined = any(style[3] for row in ours for _, style in row)
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
