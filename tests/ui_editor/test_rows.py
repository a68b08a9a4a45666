"""A row looks the same whichever way it is drawn, with the cursor's line as the measure."""

from __future__ import annotations

import pytest

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


@pytest.mark.parametrize("size", [(80, 24), (34, 12)])
@pytest.mark.parametrize("scrolled", [0, 17])
async def test_the_quick_way_draws_what_the_base_class_draws(bench, size, scrolled):
    async with bench(TEXT, size=size) as editor:
        area = editor.area
        area.move_cursor(area.document.end)
        area.scroll_to(x=scrolled, animate=False, immediate=True)
        await editor.pilot.pause()
        width = area.scrollable_content_region.width - area.gutter_width + 2
        rows = range(area.document.line_count - 1)
        slow = [cells(area._slow_body(row - area.scroll_offset.y, row), width) for row in rows]
        quick = [cells(area._quick_body(row), width) for row in rows]
        for one, other in zip(quick, slow, strict=True):
            assert [letter for letter, _ in one] == [letter for letter, _ in other]
            assert [style for _, style in one] == [style for _, style in other]
        underlined = any(style[3] for row in quick for _, style in row)
        assert underlined or (scrolled, size[0]) != (0, 80), "findings are underlined"
