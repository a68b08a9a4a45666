"""Writing the statements that several keys shall get."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from textual.binding import Binding, BindingType

from kmstui.policy.authoring import Facts, fill, first_field, with_statements
from kmstui.policy.lint import Finding, Severity
from kmstui.service.editing import EditTarget, statements_in
from kmstui.ui.dialogs import FullScreen
from kmstui.ui.editing.template_screen import ChosenTemplate, TemplateScreen
from kmstui.ui.policy import PolicyEditor
from kmstui.ui.style import Symbols

_BEGINNING = '{\n  "Version": "2012-10-17",\n  "Statement": [\n  ]\n}'

_OF_A_WHOLE_POLICY = frozenset({"KMS105", "KMS506", "KMS507", "KMS508", "KMS520", "KMS602"})
"""Rules about what a whole policy must have, which statements to be added need not."""

Statements = tuple[Mapping[str, Any], ...]


class StatementScreen(FullScreen[Statements | None]):
    """Returns the statements; None: none."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "leave", show=False),
    ]

    def __init__(self, target: EditTarget, number: int, symbols: Symbols) -> None:
        """Lint and complete as for `target`, the first of `number` keys."""
        super().__init__(symbols)
        self._target = target
        self._number = number
        self.editor = PolicyEditor(
            _BEGINNING, lint=self._lint, complete=target.complete, symbols=symbols
        )
        self.body = (self.editor,)

    def on_mount(self) -> None:
        """Offer the templates first: they are what is mostly added."""
        self.title_line.show(
            [(" Statements to add ", "title"), (f"to {self._number} keys", "accent")]
        )
        self.key_bar.show_keys(
            [("Ctrl-s", "Go on"), ("Ctrl-t", "Template"), ("F8", "Next finding"), ("Esc", "Leave")]
        )
        self.editor.focus()
        self._choose_template()

    def _lint(self, text: str) -> Sequence[Finding]:
        return [
            each for each in self._target.rules.lint(text) if each.rule not in _OF_A_WHOLE_POLICY
        ]

    def on_policy_editor_template_requested(self, event: PolicyEditor.TemplateRequested) -> None:
        """Ctrl-t."""
        event.stop()
        self._choose_template()

    def _choose_template(self) -> None:
        facts = self._target.template_facts()
        if facts is None:
            return
        known = facts
        screen = TemplateScreen(
            facts,
            self.symbols,
            heading="Which statement? Esc writes one by hand",
            whole=False,
        )
        self.app.push_screen(screen, lambda chosen: self._insert(chosen, known))

    def _insert(self, chosen: ChosenTemplate | None, facts: Facts) -> None:
        if chosen is None:
            return
        try:
            text = with_statements(self.editor.text, fill(chosen.template, facts))
        except ValueError as error:
            self.notice.tell(str(error), "warn")
            return
        found = first_field(text)
        self.editor.replace_text(text, offset=found[0] if found else 0)

    def on_policy_editor_save_requested(self, event: PolicyEditor.SaveRequested) -> None:
        """Ctrl-s: go on, unless something must be put right first."""
        event.stop()
        errors = [each for each in self._lint(event.text) if each.severity is Severity.ERROR]
        if errors:
            self.notice.tell(f"{errors[0].rule}: {errors[0].message}. Fix it first.", "bad")
            self.editor.area.move_cursor(self.editor.area.location_of(errors[0].span.start))
            return
        try:
            statements = statements_in(event.text)
        except ValueError as error:
            self.notice.tell(str(error), "bad")
            return
        self.dismiss(statements)

    def on_policy_editor_close_requested(self, event: PolicyEditor.CloseRequested) -> None:
        """Esc."""
        event.stop()
        self.action_leave()
