"""Writing the statements that several keys shall get."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

from textual.binding import Binding, BindingType

from kmstui.policy.authoring import Facts, fill, first_field, with_statements
from kmstui.policy.lint import Finding, Severity
from kmstui.service.changes import STATEMENTS, ChangeScope, TypedText
from kmstui.service.editing import EditTarget, statements_in
from kmstui.service.errors import JournalError
from kmstui.ui.dialogs import DraftKeeper, FullScreen
from kmstui.ui.editing.drafts import ask_about_typed, ask_to_leave, kept_words
from kmstui.ui.editing.fixing import judge_and_fix
from kmstui.ui.editing.template_screen import ChosenTemplate, TemplateScreen
from kmstui.ui.policy import PolicyEditor
from kmstui.ui.style import Symbols

_BEGINNING = '{\n  "Version": "2012-10-17",\n  "Statement": [\n  ]\n}'

_OF_A_WHOLE_POLICY = frozenset({"KMS105", "KMS506", "KMS507", "KMS508", "KMS520", "KMS602"})
"""Rules about what a whole policy must have, which statements to be added need not."""

Statements = tuple[Mapping[str, Any], ...]


class StatementScreen(FullScreen[Statements]):
    """Returns the statements; None: none."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "leave", show=False),
    ]

    def __init__(
        self, target: EditTarget, number: int, scope: ChangeScope, symbols: Symbols
    ) -> None:
        """Lint and complete as for `target`, the first of `number` keys."""
        super().__init__(symbols)
        self._typed = TypedText(scope, STATEMENTS)
        self.drafts = DraftKeeper(self._typed.keep_draft, scope.journal, self._tell_kept)
        self._target = target
        self._number = number
        self._kept_on_leaving = True
        self.editor = PolicyEditor(
            _BEGINNING, lint=self._lint, complete=target.complete, judged=True, symbols=symbols
        )
        self.body = (self.editor,)

    def on_mount(self) -> None:
        """Offer what was typed before, or else the templates: they are what is mostly added."""
        self._write_title()
        self.editor.area.soft_wrap = self.program.memory.recall("wrap", everywhere=True) is True
        self.key_bar.show_keys(
            [
                ("edit.save", "Go on"),
                ("edit.template", "Template"),
                ("policy.next-finding", "Next finding"),
                ("Esc", "Leave"),
            ]
        )
        self.editor.focus()
        self.program.unsaved.append(self.unsaved_words)
        self.program.keepers.append(self._keep_last)
        self.program.work(self._begin, group="edit", what="opening statements", exclusive=False)

    async def on_unmount(self) -> None:
        """Nothing is unsaved here any more; what was typed since the last pause is kept."""
        if self.unsaved_words in self.program.unsaved:
            self.program.unsaved.remove(self.unsaved_words)
        await self._keep_last()

    async def _keep_last(self) -> None:
        if self._keep_last in self.program.keepers:
            self.program.keepers.remove(self._keep_last)
            if self._kept_on_leaving and self.changed:
                await self.drafts.keep(self.editor.text)

    @property
    def changed(self) -> bool:
        """Whether anything was typed."""
        return self.editor.text != _BEGINNING

    def unsaved_words(self) -> str:
        """What would be lost if the program ended now."""
        if not self.changed:
            return ""
        what = "kept nowhere" if self.drafts.problem else "not sent; they are kept as a draft"
        return f"The statements for {self._number} keys are {what}."

    async def _begin(self) -> None:
        try:
            text, age = await self._typed.stored()
        except JournalError as error:
            text, age = "", ""
            self.notice.tell(error.sentence, "warn")
        choice = None
        if text:
            question = ask_about_typed("Statements for several keys", age)
            choice = await self.app.push_screen_wait(question)
        if choice == "take":
            self.editor.replace_text(text)
            return
        if choice == "discard":
            await self._typed.close()
        self._choose_template()

    def on_policy_editor_text_changed(self, event: PolicyEditor.TextChanged) -> None:
        """Keep what is typed."""
        event.stop()
        self._keep(event.text)

    def _keep(self, text: str) -> None:
        self.program.work(
            lambda: self.drafts.keep(text), group="draft", what="keeping a draft", exclusive=False
        )

    def _lint(self, text: str) -> Sequence[Finding]:
        return [
            each for each in self._target.rules.lint(text) if each.rule not in _OF_A_WHOLE_POLICY
        ]

    def on_policy_editor_fix_requested(self, event: PolicyEditor.FixRequested) -> None:
        """F4."""
        judge_and_fix(self, self._target, event)

    def on_policy_editor_template_requested(self, event: PolicyEditor.TemplateRequested) -> None:
        """Ctrl-t."""
        event.stop()
        self._choose_template()

    def _choose_template(self) -> None:
        facts = self._target.template_facts()
        if facts is None:
            return
        heading = "Which statement? Esc writes one by hand"
        screen = TemplateScreen(facts, self.symbols, heading=heading, whole=False)
        self.program.ask(screen, partial(self._insert, facts))

    def _insert(self, facts: Facts, chosen: ChosenTemplate) -> None:
        try:
            text = with_statements(self.editor.text, fill(chosen.template, facts))
        except ValueError as error:
            self.notice.tell(str(error), "warn")
            return
        found = first_field(text)
        self.editor.replace_text(text, offset=found[0] if found else 0)
        self._keep(text)

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

    def action_leave(self) -> None:
        """Close; with anything typed, ask first."""
        if not self.changed:
            self.dismiss(None)
            return
        self._keep(self.editor.text)
        self.program.ask(
            ask_to_leave("the statements", self.drafts.problem, demo=self.program.session.demo),
            self._leave,
        )

    def _leave(self, choice: str) -> None:
        if choice == "discard":
            self._kept_on_leaving = False
            self.program.work(self._typed.close, group="draft", what="discarding", exclusive=False)
        if choice in ("discard", "keep"):
            self.dismiss(None)

    def _tell_kept(self) -> None:
        self._write_title()
        if self.drafts.problem:
            self.notice.tell(f"What you type is not kept. {self.drafts.problem}", "bad")

    def _write_title(self) -> None:
        keys = "1 key" if self._number == 1 else f"{self._number} keys"
        if self.drafts.problem:
            state = [("NOT KEPT ", "bad")]
        else:
            state = (
                [(f"{kept_words(demo=self.program.session.demo)} ", "dim")]
                if self.drafts.kept
                else []
            )
        self.title_line.show([(" Statements to add ", "title"), (f"to {keys}", "accent")], state)
