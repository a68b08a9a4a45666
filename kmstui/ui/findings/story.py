"""What a finding of a key itself means, what asks for it, and the keys that mend it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType

from kmstui.service.findings import RULES, KeyFinding, Remedy, controls_of
from kmstui.ui.findings.rows import FindingRow
from kmstui.ui.policy import ReadingBox
from kmstui.ui.style import Symbols
from kmstui.ui.widgets import Block

REMEDIES: Mapping[Remedy, tuple[str, str]] = {
    Remedy.ROTATE: ("o", "key.rotation-on"),
    Remedy.IMPORT: ("m", "key.import-material"),
    Remedy.CANCEL: ("C", "key.cancel-deletion"),
    Remedy.ENABLE: ("e", "key.enable"),
    Remedy.DISABLE: ("b", "key.disable"),
    Remedy.DELETE: ("D", "key.schedule-deletion"),
    Remedy.ALIAS: ("c", "alias.create"),
    Remedy.TAG: ("t", ""),
    Remedy.POLICY: ("v", ""),
    Remedy.GRANTS: ("T", ""),
    Remedy.USES: ("U", ""),
}
"""The key of each, as in the panes and in the menus of keys and aliases, and the command that it
stands for; without one the screen knows what to do."""
_MOST_KEYS = 100


class KeyStory(ReadingBox):
    """Closes with Esc; a key that it names closes it too and does what it says."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "go", "go to the key", show=False)]

    def __init__(
        self, finding: KeyFinding, name: str, go: Callable[[Remedy | None], None], symbols: Symbols
    ) -> None:
        """`go` is called with what was chosen; with None for the key itself."""
        super().__init__(name, _story(finding, symbols), "Enter goes to the key", symbols=symbols)
        self._go = go
        self._offered = {REMEDIES[each][0]: each for each in finding.remedies}

    def action_go(self) -> None:
        """Go to the key."""
        self.dismiss()
        self._go(None)

    def on_key(self, event: events.Key) -> None:
        """Do what the key stands for."""
        remedy = self._offered.get(event.character or "")
        if remedy is not None and not self.rows.is_asking:
            event.stop()
            self.dismiss()
            self._go(remedy)


def _story(finding: KeyFinding, symbols: Symbols) -> Iterator[Block]:
    word = finding.severity.word
    lead = f"{symbols.for_severity(word)} {word} {finding.rule}  "
    yield Block(finding.title, "title", lead)
    yield Block("")
    yield Block(f"{finding.message}.")
    yield Block("")
    yield Block(finding.why)
    yield Block("")
    for remedy in finding.remedies:
        key, _ = REMEDIES[remedy]
        yield Block(f"{remedy.capitalize()}", lead=f"{key:>3}  ", lead_style="key")
    yield Block("")
    yield from _controls(finding.rule)
    yield Block(finding.url, "dim")


def _controls(rule: str) -> Iterator[Block]:
    controls = controls_of(rule)
    if not controls:
        yield Block("No control of CIS, PCI DSS or AWS Security Hub asks for it. AWS's page:")
        return
    for number, each in enumerate(controls):
        yield Block(each.words, lead="Serves  " if not number else "        ", lead_style="dim")
    for url in dict.fromkeys(each.url for each in controls):
        yield Block(url, "dim")


def not_known_story(row: FindingRow, name_of: Callable[[str], str]) -> Iterator[Block]:
    """Of which keys something is not known, and why."""
    rule = RULES.get(row.rule_not_known)
    title = rule.title if rule else "All that the rules about keys would say"
    yield Block(title, "title", f"? not known {row.rule_not_known}  ")
    yield Block("")
    if rule is not None:
        yield Block(rule.flags)
        yield Block("")
    for key_id, why in row.unknown_of[:_MOST_KEYS]:
        yield Block(why, lead=f"{name_of(key_id)}: ", lead_style="accent")
    if row.unknown_of[_MOST_KEYS:]:
        yield Block(f"and {len(row.unknown_of) - _MOST_KEYS:,} more.")
