"""Keys beside each other: what differs first, and what is alike folded into a line."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from kmstui.service.editing import Weight
from kmstui.service.errors import CancelledByPersonError, ServiceError
from kmstui.service.keys import (
    Fact,
    KeyPicture,
    PolicyDifference,
    compare_policies,
    compared,
)
from kmstui.ui.commands import Context
from kmstui.ui.dialogs import FullScreen
from kmstui.ui.policy import pretty
from kmstui.ui.widgets import Block, Hunk, Row, Rows

_STYLES = {Weight.BAD: "bad", Weight.GOOD: "good", Weight.DOUBT: "warn"}


class CompareScreen(FullScreen[None]):
    """Two keys or more; each is named, and read when the screen opens."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "fold", "what is alike", show=False),
        Binding("p", "texts", "the policies' texts", show=False),
        Binding("r", "read", "read again", show=False),
        Binding("escape,q", "leave", "close", show=False),
    ]

    def __init__(
        self, context: Context, title: str, read: Callable[[], Awaitable[Sequence[KeyPicture]]]
    ) -> None:
        super().__init__(context.app.symbols)
        self._heading = title
        self._read = read
        self._pictures: Sequence[KeyPicture] = ()
        self._policies: Sequence[PolicyDifference] | None = None
        self._folded, self._with_texts = True, False
        self.rows = Rows()
        self.body = (self.rows,)

    def on_mount(self) -> None:
        """Read the keys."""
        self.rows.focus()
        self.action_read()

    def action_read(self) -> None:
        """Read all of them again."""
        self.title_line.show([(f" {self._heading}", "title"), "  reading…"])
        self.program.work(self._load, group="compare", what="comparing keys")

    async def _load(self) -> None:
        try:
            self._pictures = await self._read()
        except CancelledByPersonError:
            return
        except ServiceError as error:
            if self.is_running:
                self.rows.show([Block(f"{self.symbols.error} {error.sentence}", "bad")])
            return
        self._policies = None
        self._show()
        # Two long policies take a moment, and nobody waits for it with the keyboard.
        self._policies = await asyncio.to_thread(compare_policies, self._pictures)
        self._show()

    def _show(self) -> None:
        if not self.is_running:
            return
        self.title_line.show([(f" {self._heading}", "title")])
        self.key_bar.show_keys(
            (
                ("f", "Show what is alike" if self._folded else "Hide what is alike"),
                ("p", "Hide texts" if self._with_texts else "Policies as text"),
                ("r", "Read again"),
                ("/", "Search"),
                ("Esc", "Close"),
            )
        )
        self.rows.show(list(self._lines()))

    def action_fold(self) -> None:
        """Show what is alike too, or leave it out again."""
        self._folded = not self._folded
        self._show()

    def action_texts(self) -> None:
        """Show the policies' texts, or leave them out again."""
        self._with_texts = not self._with_texts
        self._show()

    def _lines(self) -> Iterator[Row]:
        read = [each for each in self._pictures if each.facts]
        for each in self._pictures:
            if each.problem:
                yield Block(f"{each.name}: {each.problem}", "bad", f"{self.symbols.error} ")
        if len(read) < 2:
            yield Block("There are no two keys that could be read, so there is nothing to compare.")
            return
        facts = compared(self._pictures)
        yield from self._policy_lines()
        yield from self._different(read, [fact for fact in facts if fact.differs])
        alike = [fact for fact in facts if not fact.differs]
        yield Block("")
        if self._folded:
            names = ", ".join(fact.label for fact in alike) or "nothing"
            yield Block(f"Alike: {names}", "dim")
        else:
            yield Block("Alike", "title")
            for fact in alike:
                yield Block(f"{fact.label}: {fact.values[0]}", lead="  ")

    def _different(self, read: Sequence[KeyPicture], facts: Sequence[Fact]) -> Iterator[Row]:
        width = max(len(each.name) for each in read)
        for fact in facts:
            yield Block(fact.label, "title")
            for each, value in zip(read, fact.values, strict=True):
                yield Block(value, lead=f"  {each.name:<{width}}  ")
        if not facts:
            yield Block("Beside their policies they differ in nothing that was read.")

    def _policy_lines(self) -> Iterator[Row]:
        if self._policies is None:
            yield Block("The policies are being compared…", "dim")
            return
        for each in self._policies:
            first, other = each.first.name, each.other.name
            if each.same_meaning:
                yield Block(f"Policy: {other} means the same as {first}", "good")
            else:
                yield Block(f"Policy: under that of {other}, beside that of {first}", "title")
                for line in each.access:
                    yield Block(line.sentence, _STYLES.get(line.weight, ""), lead="  ")
                if not each.access:
                    yield Block("Nobody may do more or less; the texts differ.", lead="  ")
            if self._with_texts:
                old, new = (pretty(one.policy or "") for one in (each.first, each.other))
                yield Hunk(old.splitlines(), new.splitlines())
