"""A policy is drawn in its colours wherever it is shown, a difference with what changed in it."""

from kmstui.ui.widgets.prose_rows import Code, Hunk, Rows, code_lines, labelled

from .test_line_table import Host


def drawn(rows):
    """Each run of one style below the cursor's line, with its style."""
    strips = [rows.render_line(y) for y in range(1, rows.size.height)]
    return [(segment.text, segment.style) for strip in strips for segment in strip]


async def test_a_policy_has_its_colours_in_dialogs_and_reviews_too():
    rows = Rows()
    async with Host(rows).run_test(size=(60, 8)) as pilot:
        rows.show(code_lines('{\n  "Effect": "Deny",\n  "Action": "kms:*"'))
        await pilot.pause()
        styles = dict(drawn(rows))
        assert styles["Deny"].bold and styles["Deny"].reverse
        assert styles['"Effect"'].color == styles['"Action"'].color != styles["kms:"].color
        assert styles["*"].bold


async def test_of_a_line_that_changed_the_other_words_stand_out():
    rows = Rows()
    async with Host(rows).run_test(size=(60, 8)) as pilot:
        rows.show([Hunk(["{"], ["{"]), Hunk(['  "Sid": "Use",'], ['  "Sid": "Read",'])])
        await pilot.pause()
        assert rows.text.splitlines()[1:] == ['-   "Sid": "Use",', '+   "Sid": "Read",']
        bold = [text for text, style in drawn(rows) if style.bold]
        assert [each.strip() for each in bold if each.strip()] == ["-", "Use", "+", "Read"]
        shades = {style.bgcolor for text, style in drawn(rows) if '"Sid"' in text}
        assert shades.isdisjoint(style.bgcolor for text, style in drawn(rows)[-1:])


async def test_a_long_line_of_a_policy_wraps_in_its_colours_behind_its_indentation():
    rows = Rows()
    async with Host(rows).run_test(size=(30, 8)) as pilot:
        rows.show([Code('    "arn:aws:iam::111122223333:role/a-long-name"', "+ ")])
        await pilot.pause()
        lines = [rows.render_line(y).text.rstrip() for y in range(3)]
        assert lines == [
            '❯ +     "arn:aws:iam::111122',
            "        223333:role/a-long-n",
            '        ame"',
        ]
        assert "223333" in dict(drawn(rows)), "the account has its colour on the next line too"


async def test_values_stand_below_each_other_and_wrap_there():
    rows = Rows()
    async with Host(rows).run_test(size=(30, 8)) as pilot:
        rows.show(labelled([("Who", "arn:aws:iam::111122223333:root"), ("Created", "2026-12-01")]))
        await pilot.pause()
        lines = [rows.render_line(y).text[2:].rstrip() for y in range(3)]
        assert lines == [
            "Who      arn:aws:iam::1111",
            "         22223333:root",
            "Created  2026-12-01",
        ]
