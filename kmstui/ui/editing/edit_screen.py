"""The editor of one policy: what leads away from the text, to a review, the history, templates."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from textual.binding import BindingType
from textual.widgets.text_area import Selection

from kmstui.policy.authoring import Facts, fill, first_field, whole_policy, with_statements
from kmstui.service.editing import HistorySource
from kmstui.ui.commands import bound
from kmstui.ui.editing.history_screen import HistoryScreen
from kmstui.ui.editing.policy_screen import PolicyScreen
from kmstui.ui.editing.saving import review_and_save
from kmstui.ui.editing.template_screen import ChosenTemplate, TemplateScreen
from kmstui.ui.policy import PolicyEditor, changed_range


class EditScreen(PolicyScreen):
    """A policy with all that can be done with its text."""

    BINDINGS: ClassVar[list[BindingType]] = [
        # Before the text area, for which F6 selects a line.
        bound("edit.history", "history", tooltip="Versions of this policy", priority=True),
    ]

    def on_policy_editor_save_requested(self, event: PolicyEditor.SaveRequested) -> None:
        """Ctrl-s."""
        event.stop()
        if self.is_open:
            review_and_save(self)

    def action_history(self) -> None:
        """The versions of this policy."""
        if not self.is_open:
            return
        source = HistorySource(
            self.session,
            self.target.location.subject,
            self.target.key_arn,
            self.target.compare_access,
            self.learned.wait,
        )
        may_restore = self.editor is not None
        screen = HistoryScreen(source, self.target.title, self.symbols, may_restore=may_restore)
        self.program.ask(screen, self._bring_back)

    def _bring_back(self, text: str) -> None:
        self.put_text(text)
        self.notice.tell("The old version stands here; Ctrl-s reviews it, Ctrl-z undoes.")

    # Templates

    def on_policy_editor_template_requested(self, event: PolicyEditor.TemplateRequested) -> None:
        """Ctrl-t."""
        event.stop()
        facts = self.target.template_facts()
        if not self.is_open:
            return
        if facts is None:
            self.notice.tell("The templates are for key policies; this is a role's policy.", "warn")
            return
        insert = partial(self._insert_template, event.editor, facts)
        self.program.ask(TemplateScreen(facts, self.symbols), insert)

    def _insert_template(self, editor: PolicyEditor, facts: Facts, chosen: ChosenTemplate) -> None:
        try:
            text = _with_template(editor.text, chosen, facts)
        except ValueError as error:
            self.notice.tell(f"{error} Press w in the list to take it as the whole policy.", "warn")
            return
        if text == editor.text:
            self.notice.tell("The policy says that already.")
            return
        start, *_ = changed_range(editor.text, text)
        editor.replace_text(text, offset=start)
        self.keep(text)
        self._go_to_first_field(start)

    def _go_to_first_field(self, start: int) -> None:
        area = self.viewer.area
        found = first_field(self.viewer.text[start:])
        if found is not None:
            area.selection = Selection(*(area.location_of(start + each) for each in found))
            self.notice.tell("Type over what is selected; Tab goes to the next field.")
        area.scroll_cursor_visible(center=True)


def _with_template(text: str, chosen: ChosenTemplate, facts: Facts) -> str:
    if chosen.whole or not text.strip():
        return whole_policy(chosen.template, facts)
    return with_statements(text, fill(chosen.template, facts))
