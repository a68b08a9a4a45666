from typing import ClassVar

from hypothesis import given, settings
from hypothesis import strategies as st
from textual.app import App

from kmstui.ui.style.text_styles import TEXT_STYLE_CLASSES
from kmstui.ui.style.theme import DARK, style_sheets
from kmstui.ui.widgets.columns import GAP, Column, fit_columns
from kmstui.ui.widgets.line_table import LineTable, MarkableTable

COLUMNS = (
    Column("name", "NAME", 8, rank=0, most=12),
    Column("size", "SIZE", 6, rank=2, right=True),
    Column("kind", "KIND", 6, rank=1),
)


class Host(App[None]):
    """A table alone."""

    COMPONENT_CLASSES: ClassVar[set[str]] = set(TEXT_STYLE_CLASSES)

    def __init__(self, table):
        super().__init__(css_path=[str(sheet) for sheet in style_sheets()])
        self.register_theme(DARK)
        self.theme = "kmstui-dark"
        self.table = table
        self.messages = []

    def compose(self):
        yield self.table

    def on_line_table_moved(self, message):
        self.messages.append(("moved", message.row))

    def on_line_table_marked(self, message):
        self.messages.append(("marked", tuple(sorted(self.table.marks))))


def cells(row, columns):
    values = {"name": row, "size": str(len(row)), "kind": ("odd", "warn")}
    return [values[column] for column in columns]


def lines(table):
    return [table.render_line(y).text for y in range(table.size.height)]


def rows(number):
    return [f"row-{index}" for index in range(number)]


async def test_rows_are_drawn_with_header_cursor_and_marks():
    table = MarkableTable(COLUMNS, cells)
    async with Host(table).run_test(size=(40, 6)):
        table.set_rows(rows(3))
        table.set_sorted("size", descending=True)
        table.mark()
        assert lines(table) == [
            "  NAME           SIZE↓  KIND            ",
            " ●row-0              5  odd             ",
            "❯ row-1              5  odd             ",
            "  row-2              5  odd             ",
            " " * 40,
            " " * 40,
        ]


async def test_columns_go_by_usefulness_where_it_is_narrow():
    table = LineTable(COLUMNS, cells)
    async with Host(table).run_test(size=(20, 3)):
        table.set_rows(rows(1))
        assert lines(table)[1] == "❯ row-0       odd   "


async def test_the_last_of_too_few_cells_takes_the_rest_of_the_line():
    table = LineTable(COLUMNS, lambda row, columns: [row, ("a reason that is long", "bad")])
    async with Host(table).run_test(size=(40, 3)):
        table.set_rows(rows(1))
        assert "a reason that…" in lines(table)[1]
        assert all(len(line) == 40 for line in lines(table))


async def test_wide_characters_keep_the_columns_in_line():
    table = LineTable(COLUMNS, cells)
    async with Host(table).run_test(size=(40, 4)):
        table.set_rows(["日本語日本語日本語", "x"])
        strips = [table.render_line(y) for y in range(4)]
        assert {strip.cell_length for strip in strips} == {40}
        assert "日本語日本 …" in strips[1].text


async def test_moving_by_steps_pages_and_to_the_ends():
    table = LineTable(COLUMNS, cells)
    async with Host(table).run_test(size=(40, 11)) as pilot:
        table.set_rows(rows(100))
        for key, expected in (
            ("j", 1), ("down", 2), ("k", 1), ("up", 0), ("k", 0), ("ctrl+d", 5), ("ctrl+u", 0),
            ("pagedown", 9), ("pageup", 0), ("G", 99), ("j", 99), ("g", 0), ("end", 99),
            ("home", 0),
        ):  # fmt: skip
            await pilot.press(key)
            assert table.cursor == expected
            assert table.cursor_row in table.rows_in_sight


async def test_the_edge_is_left_by_half_a_page():
    table = LineTable(COLUMNS, cells)
    async with Host(table).run_test(size=(40, 11)) as pilot:
        table.set_rows(rows(100))
        await pilot.press(*["j"] * 9)
        assert table.rows_in_sight[0] == "row-0"
        await pilot.press("j")
        assert table.rows_in_sight[0] == "row-6"


async def test_an_empty_table_says_why_and_survives_every_key():
    table = MarkableTable(COLUMNS, cells)
    table.set_empty("Nothing here, and that is a longer sentence than fits.")
    async with Host(table).run_test(size=(24, 8)) as pilot:
        await pilot.press("j", "k", "G", "g", "pagedown")
        for act in (table.mark, table.mark_range, table.mark_all):
            act()
        assert table.cursor_row is None
        assert "Nothing here, and" in lines(table)[1]
        assert "that is a longer" in lines(table)[2]


async def test_rows_that_come_above_do_not_move_what_a_person_looks_at():
    table = LineTable(COLUMNS, cells)
    app = Host(table)
    async with app.run_test(size=(40, 11)) as pilot:
        table.set_rows(rows(100))
        await pilot.press(*["j"] * 20)
        seen = list(table.rows_in_sight)
        app.messages.clear()
        table.set_rows(["new-1", "new-2", *rows(100)])
        assert list(table.rows_in_sight) == seen
        assert table.cursor_row == "row-20"
        table.set_rows(rows(20))
        assert table.cursor_row == "row-19"
        await pilot.pause()
        assert app.messages == [("moved", "row-19")]


async def test_marking_one_a_range_and_all():
    table = MarkableTable(COLUMNS, cells)
    app = Host(table)
    async with app.run_test(size=(40, 11)) as pilot:
        table.set_rows(rows(6))
        table.mark()
        assert table.marks == {"row-0"}
        await pilot.press("j", "j")
        table.mark_range()
        assert table.marks == {"row-0", "row-1", "row-2", "row-3"}
        table.mark_all()
        assert len(table.marks) == 6
        table.mark_all()
        assert table.marks == frozenset()
        await pilot.pause()
        assert app.messages[-1] == ("marked", ())


async def test_a_table_as_high_as_its_rows_grows_with_them():
    table = LineTable(COLUMNS, cells)
    table.styles.height = "auto"
    async with Host(table).run_test(size=(40, 11)) as pilot:
        table.set_rows(rows(2))
        await pilot.pause()
        table.set_rows(rows(5))
        await pilot.pause()
        assert [line[2:7] for line in lines(table)][1:] == rows(5)


async def test_a_row_that_changed_is_drawn_anew():
    values = {"row-0": "old"}
    table = LineTable(COLUMNS[:1], lambda row, columns: [values.get(row, row)])
    async with Host(table).run_test(size=(20, 4)):
        table.set_rows(rows(2))
        assert "old" in lines(table)[1]
        values["row-0"] = "new"
        table.redraw({"row-0"})
        assert "new" in lines(table)[1]


COLUMN_LISTS = st.lists(
    st.tuples(st.integers(1, 30), st.integers(0, 5), st.integers(0, 60), st.integers(0, 20)),
    min_size=1,
    max_size=8,
).map(lambda all_of: [Column(str(n), "", *numbers) for n, numbers in enumerate(all_of)])


@settings(max_examples=200)
@given(COLUMN_LISTS, st.integers(0, 200))
def test_columns_never_take_more_than_there_is(columns, width):
    fitted = fit_columns(columns, width)
    assert fitted
    assert sum(each for _, each in fitted) + GAP * (len(fitted) - 1) <= width
    kept = {column.id for column, _ in fitted}
    worst = max(column.rank for column, _ in fitted)
    assert all(column.id in kept for column in columns if column.rank < worst)
