"""The editor of one policy, from opening it to saving it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.document._document import Selection

from kmstui.policy.canonical import same_meaning
from kmstui.policy.completion import Completions
from kmstui.policy.findings import Finding
from kmstui.policy.nodes import Span
from kmstui.policy.templates import Facts, fill, first_field, whole_policy, with_statements
from kmstui.service.conflicts import Conflict
from kmstui.service.edit_targets import EditTarget
from kmstui.service.editing import PolicyEditing
from kmstui.service.errors import JournalError, ServiceError
from kmstui.service.putting import Desk
from kmstui.service.save_results import (
    Refused,
    Saved,
    SavedStillPropagating,
    SavedUnread,
    SaveResult,
    Unchanged,
)
from kmstui.service.session import Session
from kmstui.service.template_library import read_library
from kmstui.ui.edit.base import EditingScreen
from kmstui.ui.edit.conflict import ConflictScreen
from kmstui.ui.edit.drafts import DraftKeeper
from kmstui.ui.edit.leaving import ask_about_draft, ask_to_leave
from kmstui.ui.edit.outside import edit_outside
from kmstui.ui.edit.put_command import put_command
from kmstui.ui.edit.refusal import Refusal
from kmstui.ui.edit.review import Confirmed, GoTo, ReviewScreen
from kmstui.ui.edit.saving import SaveEnd, SavingScreen
from kmstui.ui.edit.template_screen import Chosen, TemplateScreen
from kmstui.ui.editor.changes import changed_range
from kmstui.ui.editor.editor import PolicyEditor
from kmstui.ui.editor.viewer import PolicyViewer
from kmstui.ui.marks import PLAIN, Marks
from kmstui.ui.views.policy import pretty
from kmstui.ui.widgets.frame_lines import Sentences
from kmstui.ui.widgets.roles import Part

_KEYS = (
    ("Ctrl-s", "Review"),
    ("F8", "Next"),
    ("F4", "Fix"),
    ("F1", "Why"),
    ("Ctrl-t", "Template"),
    ("F6", "History"),
    ("Esc", "Close"),
    ("Ctrl-o", "$EDITOR"),
    ("Ctrl-f", "Find"),
    ("F9", "Format"),
)
_VIEWING_KEYS = (
    ("F8", "Next finding"),
    ("F1", "Why"),
    ("F2", "Findings"),
    ("Ctrl-f", "Find"),
    ("Esc", "Close"),
)


class EditScreen(EditingScreen[None]):
    """Opens a policy, keeps what is typed, and leads it through review and save."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "leave", show=False),
        Binding("q", "leave_viewer", "leave", show=False),
        Binding("f6", "history", "history", show=False),
    ]

    def __init__(
        self,
        session: Session,
        target: EditTarget,
        desk: Desk,
        signs: Marks,
        *,
        outside: bool = False,
        begin_with: str = "",
    ) -> None:
        """`outside`: in the person's own editor at once; `begin_with`: a text to go on with."""
        super().__init__(session.store)
        self._session = session
        self._signs = signs
        self._outside = outside
        self._begin_with = begin_with
        self._opened_as = ""
        self._refusal: Refusal | None = None
        self._learned = asyncio.Event()
        self._flowing = False
        self.target = target
        self.editing = PolicyEditing(target.place, desk)
        self.drafts = DraftKeeper(self.editing, self._write_title)
        self.words = Sentences(most_lines=6, classes="edit--words")
        self.body = Container()
        self.viewer: PolicyViewer = self._make_viewer()

    def _make_viewer(self) -> PolicyViewer:
        plain = self._signs is PLAIN
        if self.target.why_not:
            return PolicyViewer(lint=self._lint, ascii_marks=plain)
        return PolicyEditor(lint=self._lint, complete=self._complete, ascii_marks=plain)

    @property
    def editor(self) -> PolicyEditor | None:
        """The editor; None where the policy can be looked at only."""
        return self.viewer if isinstance(self.viewer, PolicyEditor) else None

    @property
    def changed(self) -> bool:
        """Whether the text is another than the one that was opened."""
        text = self.viewer.text
        return text not in (self._opened_as, self.editing.base) and not same_meaning(
            text, self.editing.base
        )

    def compose(self) -> ComposeResult:
        """Title, why not or what is wrong, text, notices, keys."""
        yield self.title_line
        yield self.words
        yield self.viewer
        yield self.notice
        yield self.key_bar

    def on_mount(self) -> None:
        """Read the policy."""
        self.viewer.display = False
        self.words.say("Reading…", "dim")
        self._write_title()
        self.show_keys(_KEYS if self.editor else _VIEWING_KEYS)
        self.kms.unsaved.append(self.unsaved_words)
        self.kms.work(self._open, group="edit", what="opening a policy", exclusive=False)

    def on_unmount(self) -> None:
        """Nothing is unsaved here any more."""
        if self.unsaved_words in self.kms.unsaved:
            self.kms.unsaved.remove(self.unsaved_words)

    def unsaved_words(self) -> str:
        """What would be lost if the program ended now."""
        if self.editor is None or not self.viewer.display or not self.changed:
            return ""
        if self.drafts.problem:
            return f"The policy of {self.target.title} has changes that are kept nowhere."
        return (
            f"The policy of {self.target.title} has changes that are not saved; they are kept as"
            " a draft."
        )

    # Opening

    async def _open(self) -> None:
        try:
            text = await self.editing.open()
        except ServiceError as error:
            await self._could_not_open(error)
            return
        self.kms.work(self._learn, group="learn", what="reading the account", exclusive=False)
        if self.editor is not None:
            text = await self._choose_beginning(text)
        self._opened_as = pretty(self.editing.base)
        self.words.say(self.target.why_not or self.editing.warning, "warn")
        self._show_text(pretty(text))
        if self._outside and self.editor is not None:
            await self._edit_outside(self.editor)

    async def _choose_beginning(self, stored: str) -> str:
        """The stored text, or the draft that the person wants to go on with."""
        if self._begin_with:
            return self._begin_with
        draft = self.editing.draft
        if draft is None:
            return stored
        choice = await self.app.push_screen_wait(ask_about_draft(draft, self.target.title))
        if choice == "take":
            self.drafts.kept = True
            return self.editing.take_draft()
        if choice == "discard":
            await self.editing.discard_draft()
        return stored

    def _show_text(self, text: str) -> None:
        self.viewer.display = True
        self.viewer.load(text)
        self.viewer.focus()
        self._write_title()

    async def _could_not_open(self, error: ServiceError) -> None:
        self._learned.set()
        words = error.sentence
        draft = None
        try:
            draft = await self.editing.stored_draft()
        except JournalError as problem:
            words = f"{words} {problem.sentence}"
        if draft is not None:
            # Nothing can be saved now, but what was typed can be read and copied.
            words = f"{words} Below is the draft that you have not saved."
            self.viewer.area.read_only = True
            self._opened_as = draft.text
            self._show_text(draft.text)
        self.words.say(words, "bad")

    async def _learn(self) -> None:
        try:
            await self.target.learn()
        finally:
            self._learned.set()

    # The editor asks

    def _lint(self, text: str) -> Sequence[Finding]:
        refused = self._refusal.findings(text) if self._refusal is not None else ()
        return (*self.target.lint(text), *refused)

    def _complete(self, text: str, offset: int) -> Completions:
        return self.target.complete(text, offset)

    def on_policy_editor_text_changed(self, event: PolicyEditor.TextChanged) -> None:
        """Keep what is typed."""
        event.stop()
        self.notice.fade()
        self._keep(event.text)

    def _keep(self, text: str) -> None:
        self.kms.work(
            lambda: self.drafts.keep(text), group="draft", what="keeping a draft", exclusive=False
        )

    def on_policy_editor_save_requested(self, event: PolicyEditor.SaveRequested) -> None:
        """Ctrl-s."""
        event.stop()
        self._flow(self._review_and_save, "the review")

    def on_policy_editor_close_requested(self, event: PolicyEditor.CloseRequested) -> None:
        """Esc."""
        event.stop()
        self._flow(self._leave, "leaving the editor")

    def on_policy_editor_external_editor_requested(
        self, event: PolicyEditor.ExternalEditorRequested
    ) -> None:
        """Ctrl-o."""
        event.stop()
        editor = event.editor
        self._flow(lambda: self._edit_outside(editor), "the external editor")

    def on_policy_editor_template_requested(self, event: PolicyEditor.TemplateRequested) -> None:
        """Ctrl-t."""
        event.stop()
        editor = event.editor
        self._flow(lambda: self._insert_template(editor), "a template")

    def _flow(self, job: object, what: str) -> None:
        """Run one of the flows that lead through other screens; one at a time."""
        if self._flowing:
            return
        self._flowing = True

        async def run() -> None:
            try:
                await job()  # type: ignore[operator]
            finally:
                self._flowing = False

        self.kms.work(run, group="edit-flow", what=what, exclusive=False)

    # Leaving

    def action_leave(self) -> None:
        """Esc outside the text, or in a viewer."""
        self._flow(self._leave, "leaving the editor")

    def action_leave_viewer(self) -> None:
        """The letter q closes what is only looked at."""
        if self.editor is None or not self.viewer.display:
            self.action_leave()

    async def _leave(self) -> None:
        if self.editor is not None and self.viewer.display and self.changed:
            await self.drafts.keep(self.viewer.text)
            choice = await self.app.push_screen_wait(
                ask_to_leave(self.target.title, self.drafts.problem)
            )
            if choice is None:
                return
            if choice == "discard":
                await self.editing.discard_draft()
        self.dismiss(None)

    # Templates

    async def _insert_template(self, editor: PolicyEditor) -> None:
        facts = self.target.template_facts()
        if facts is None:
            self.notice.tell("The templates are for key policies; this is a role's policy.", "warn")
            return
        library = await asyncio.to_thread(read_library, self.kms.options.templates_directory)
        screen = TemplateScreen(self._session.store, library, facts, self._signs)
        chosen = await self.app.push_screen_wait(screen)
        if chosen is None:
            return
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
        self._go_to_first_field(start)

    def _go_to_first_field(self, start: int) -> None:
        found = first_field(self.viewer.text[start:])
        if found is not None:
            area = self.viewer.area
            area.selection = Selection(*(area.location_of(start + each) for each in found))
            self.notice.tell("Type over what is selected; Tab goes to the next field.")
        self.viewer.area.scroll_cursor_visible(center=True)

    # The person's own editor

    async def _edit_outside(self, editor: PolicyEditor) -> None:
        edit = edit_outside(self.kms, editor.text, self.editing)
        if edit.text != editor.text:
            editor.replace_text(edit.text)
            await self.drafts.keep(edit.text)
        if edit.trouble:
            self.notice.tell(edit.trouble, "warn")

    # History

    def action_history(self) -> None:
        """The versions of this policy."""

    # Review and save

    async def _review_and_save(self) -> None:
        while (text := self.viewer.text) is not None:
            await self.drafts.keep(text)
            review = ReviewScreen(
                self._session.store,
                self.target,
                self.editing,
                text,
                self._signs,
                learned=self._wait_learned,
                refused=self._refusal is not None and self._refusal.result.locks_out,
            )
            answer = await self.app.push_screen_wait(review)
            if isinstance(answer, Conflict):
                if not await self._merge(answer):
                    return
            elif isinstance(answer, Confirmed):
                end = await self._save(text, answer.bypass_alias)
                if not isinstance(end, Conflict):
                    await self._after_save(end, text, answer.bypass_alias)
                    return
                if not await self._merge(end):
                    return
            else:
                if isinstance(answer, GoTo):
                    self._select(answer.span)
                return

    async def _wait_learned(self) -> None:
        await self._learned.wait()

    async def _merge(self, conflict: Conflict) -> bool:
        """Whether the person has a text to go on with."""
        screen = ConflictScreen(self._session.store, self.target.title, conflict, self._signs)
        text = await self.app.push_screen_wait(screen)
        if text is None or self.editor is None:
            return False
        self.editing.rebase(conflict)
        if text != self.editor.text:
            self.editor.replace_text(pretty(text))
        await self.drafts.keep(self.editor.text)
        return True

    async def _save(self, text: str, bypass_alias: str) -> SaveEnd | None:
        review = self.editing.review(text)
        screen = SavingScreen(self.editing, review, self._signs, bypass_alias=bypass_alias)
        return await self.app.push_screen_wait(screen)

    async def _after_save(self, end: SaveEnd | None, text: str, bypass_alias: str) -> None:
        if isinstance(end, Refused):
            self._take_refusal(end)
        if not isinstance(end, Saved | Unchanged | SavedStillPropagating | SavedUnread):
            return
        self._tell_saved(end)
        if not isinstance(end, Unchanged):
            self.kms.last_change_command = put_command(
                self._session.store.info, self.target.place, text, bypass=bool(bypass_alias)
            )
        await self.target.show_stored()
        self.dismiss(None)

    def _tell_saved(self, end: SaveResult) -> None:
        severity = "information" if isinstance(end, Saved | Unchanged) else "warning"
        self._session.notify(end.sentence, severity)

    def _take_refusal(self, refused: Refused) -> None:
        self._refusal = Refusal(refused)
        self.viewer.set_lint(self._lint)
        self.notice.tell(refused.sentence, "bad")
        if refused.places:
            self._select(refused.places[0].span)

    def _select(self, span: Span) -> None:
        area = self.viewer.area
        area.selection = Selection(area.location_of(span.start), area.location_of(span.start))
        area.scroll_cursor_visible(center=True)
        self.viewer.focus()

    # Drawing

    def _write_title(self) -> None:
        verb = " Edit " if self.editor else " View "
        parts: list[Part] = [(verb, "title"), (self.target.title, "accent")]
        label = self.target.place.subject
        if label != self.target.title:
            parts.append((f"  {label}", "dim"))
        self.title_line.show(parts, self._state())

    def _state(self) -> list[Part]:
        if self.target.why_not:
            return [("READ-ONLY ", "warn")]
        if self.drafts.problem:
            return [("NOT KEPT ", "bad")]
        return [("draft kept ", "dim")] if self.drafts.kept else []


def _with_template(text: str, chosen: Chosen, facts: Facts) -> str:
    if chosen.whole:
        return whole_policy(chosen.template, facts)
    return with_statements(text, fill(chosen.template, facts))
