"""Parts of screens as pictures: a change of looks is to be looked at.

`KEEP_PICTURES=1 pytest tests/ui/test_looks.py` keeps what they look like now.
"""

import os
import re
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest
from textual.app import App

from kmstui.ui.dialogs.menu import Menu, MenuItem
from kmstui.ui.dialogs.questions import QuestionDialog
from kmstui.ui.main.header import HeaderLine
from kmstui.ui.main.key_columns import cells_of, columns_named
from kmstui.ui.style.symbols import FANCY
from kmstui.ui.style.text_styles import TEXT_STYLE_CLASSES
from kmstui.ui.style.theme import THEMES, style_sheets
from kmstui.ui.widgets.line_table import MarkableTable
from tests.fakes import CALLER, INFO, FakeGateway, workshop_world

PICTURES = Path(__file__).parent / "pictures"
MENU = Menu(
    "Actions on alias/ImportedCMK",
    [
        MenuItem("disable", "Disable", key="d", detail="no use until it is enabled again"),
        MenuItem("rotate", "Rotate", key="r", off="Imported material does not rotate by itself."),
    ],
)
CONFIRM = QuestionDialog("Schedule deletion?", "What it encrypted is lost with it.", word="alias/x")


class Table(App[None]):
    """Header and keys table with the workshop's keys, drawn from fixed data."""

    COMPONENT_CLASSES: ClassVar[set[str]] = set(TEXT_STYLE_CLASSES)
    CSS = "MarkableTable { height: 1fr; }"

    def __init__(self, theme, dialog=None):
        super().__init__(css_path=[str(sheet) for sheet in style_sheets()])
        for each in THEMES:
            self.register_theme(each)
        self.theme = theme
        self.dialog = dialog
        self.header = HeaderLine(FANCY, id="header")
        self.keys = {}
        self.names = {}
        self.table = MarkableTable(columns_named(()), self.cells)

    def cells(self, row, columns):
        return cells_of(self.keys[row], self.names.get(row, ()), columns)

    def compose(self):
        yield self.header
        yield self.table

    async def on_mount(self):
        gateway = FakeGateway(workshop_world())
        for key_id in gateway.world.metadata:
            key, _ = await gateway.describe(key_id)
            self.keys[key_id] = replace(key, tags=gateway.world.tags.get(key_id, ()))
        for name, key_id in gateway.world.aliases.items():
            self.names[key_id] = (*self.names.get(key_id, ()), name)
        self.header.show_connection(INFO, CALLER, "", read_only=True)
        self.table.set_rows(list(self.keys))
        self.table.set_sorted("alias", descending=False)
        self.table.set_marks(list(self.keys)[1:3])
        self.table.focus()
        if self.dialog is not None:
            await self.push_screen(self.dialog)


@pytest.mark.parametrize(
    ("name", "size", "theme", "dialog"),
    [
        ("keys-80x14-dark", (80, 14), "kmstui-dark", None),
        ("keys-160x14-light", (160, 14), "kmstui-light", None),
        ("menu-80x14", (80, 14), "kmstui-dark", MENU),
        ("confirm-80x14", (80, 14), "kmstui-dark", CONFIRM),
    ],
)
async def test_looks_as_it_did(name, size, theme, dialog):
    app = Table(theme, dialog)
    async with app.run_test(size=size) as pilot:
        await pilot.press("j", "j")
        await pilot.pause()
        picture = re.sub(r"terminal-\d+", "terminal", app.export_screenshot())
    kept = PICTURES / f"{name}.svg"
    if os.environ.get("KEEP_PICTURES"):
        PICTURES.mkdir(exist_ok=True)
        kept.write_text(picture, encoding="utf-8")
    assert picture == kept.read_text(encoding="utf-8"), "look at it, then keep it (see above)"
