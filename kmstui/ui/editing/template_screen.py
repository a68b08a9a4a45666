"""Choosing a template, and writing the statements that several keys shall get."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType

from kmstui.policy.authoring import (
    Facts,
    Template,
    fields_of,
    fill,
    unsuitable,
    whole_policy,
)
from kmstui.service.editing import read_library
from kmstui.ui.commands import bound
from kmstui.ui.dialogs import FullScreen
from kmstui.ui.style import Part, Symbols
from kmstui.ui.widgets import Block, Column, LineTable, Row, Rows, TextTable, code_lines


@dataclass(frozen=True, slots=True)
class ChosenTemplate:
    """A template, and whether it takes the place of the whole policy."""

    template: Template
    whole: bool


class TemplateScreen(FullScreen[ChosenTemplate]):
    """Returns the choice; None: none."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bound("template.add", "add", "add its statements"),
        bound("template.whole", "whole", "as the whole policy"),
        Binding("escape,q", "leave", "leave", show=False),
    ]

    def __init__(
        self, facts: Facts, symbols: Symbols, *, heading: str = "Template", whole: bool = True
    ) -> None:
        """`whole`: a whole policy may be chosen."""
        super().__init__(symbols)
        self._facts = facts
        self._whole = whole
        self._heading = heading
        self._by_id: dict[str, Template] = {}
        columns = (
            Column("group", "FROM", 8, rank=1),
            Column("title", "TEMPLATE", 24, rank=0, most=44),
            Column("note", "", 10, rank=2, most=80),
        )
        self.table = TextTable(columns, self._cells, symbols=symbols, id="templates")
        self.text = Rows(symbols=symbols, id="template-text")
        self.body = (self.table, self.text)

    def on_mount(self) -> None:
        """Fill the list."""
        self.title_line.show([(f" {self._heading} ", "title")])
        whole = [("template.whole", "As the whole policy")] if self._whole else []
        self.key_bar.show_keys(
            [("template.add", "Add to the policy"), *whole, ("Tab", "Read on"), ("Esc", "Back")]
        )
        self.table.focus()
        library = read_library(self.program.options.templates_directory)
        self._by_id = {each.id: each for each in library.templates}
        self.table.set_rows(list(self._by_id))
        if library.problems:
            self.notice.tell(" ".join(library.problems), "warn")
        self._describe()

    def on_line_table_moved(self, event: LineTable.Moved) -> None:
        """Say what the chosen one does."""
        if event.table is self.table:
            self._describe()

    def on_line_table_chosen(self, event: LineTable.Chosen) -> None:
        """Clicked twice."""
        if event.table is self.table:
            self.action_add()

    @property
    def chosen(self) -> Template | None:
        """The template under the cursor."""
        return self._by_id.get(self.table.cursor_row or "")

    def action_add(self) -> None:
        """Add its statements to the policy at hand."""
        template = self.chosen
        if template is None:
            return
        if not template.statements:
            self.action_whole()
        else:
            self.dismiss(ChosenTemplate(template, whole=False))

    def action_whole(self) -> None:
        """Put it in place of the whole policy."""
        if self.chosen is not None and self._whole:
            self.dismiss(ChosenTemplate(self.chosen, whole=True))

    def _cells(self, row: str, _: Sequence[str]) -> Mapping[str, Part]:
        template = self._by_id[row]
        off = unsuitable(template, self._facts)
        return {
            "group": (template.group, "dim"),
            "title": (template.title, "dim" if off else ""),
            "note": (off, "warn"),
        }

    def _describe(self) -> None:
        template = self.chosen
        self.text.forget_place()
        self.text.show(self._rows(template) if template is not None else ())

    def _rows(self, template: Template) -> Iterator[Row]:
        yield Block(template.does)
        if template.corrects:
            yield Block(template.corrects, "warn", "The workshop: ")
        off = unsuitable(template, self._facts)
        if off:
            yield Block(off, "warn")
        unknown = [
            name
            for name in fields_of([dict(each) for each in template.statements])
            if not self._facts.fields.get(name)
        ]
        if unknown:
            yield Block(f"To fill in, with Tab: {', '.join(unknown)}.", "accent")
        if template.source:
            yield Block(template.source, "dim")
        yield Block("")
        yield from code_lines(self._preview(template))

    def _preview(self, template: Template) -> str:
        if not template.statements:
            return whole_policy(template, self._facts)
        statements = fill(template, self._facts)
        return ",\n".join(json.dumps(each, indent=2, ensure_ascii=False) for each in statements)
