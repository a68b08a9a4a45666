"""One policy on a screen: opening it, linting and keeping what is typed, and leaving it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.worker import Worker

from kmstui.policy.iam import same_meaning
from kmstui.policy.lint import Finding, Severity
from kmstui.policy.syntax import Span
from kmstui.service.changes import ChangeScope
from kmstui.service.editing import EditTarget, PolicyEditing, SaveResult
from kmstui.service.errors import CREDENTIALS_REFUSED, JournalError, ServiceError
from kmstui.service.session import Session
from kmstui.ui.dialogs import DraftKeeper, FullScreen
from kmstui.ui.editing.drafts import ask_about_draft, ask_to_leave, kept_words
from kmstui.ui.editing.edited_files import take_in
from kmstui.ui.editing.external_editor import edit_outside
from kmstui.ui.editing.fixing import judge_and_fix
from kmstui.ui.policy import PolicyEditor, PolicyViewer, pretty
from kmstui.ui.style import Part, Symbols
from kmstui.ui.widgets import Sentences

_URL = "https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html"


def findings_of(refused: SaveResult, text: str) -> Iterator[Finding]:
    """The refusal's words at each place that still stands in `text` as it was sent."""
    for place in refused.parts:
        fragment = refused.sent[place.span.start : place.span.end]
        at = place.span.start if text == refused.sent else text.find(fragment)
        if at < 0 or (text != refused.sent and text.count(fragment) != 1):
            continue
        guess = "" if place.certain else "perhaps here: "
        yield Finding(
            rule="AWS",
            severity=Severity.ERROR,
            title="The save was refused",
            message=f"Refused ({guess}{place.reason}): {refused.refusal}",
            why=refused.error.sentence if refused.error else "",
            url=_URL,
            span=Span(at, at + len(fragment)),
        )


_KEYS = (
    ("edit.save", "Review"),
    ("policy.next-finding", "Next"),
    ("edit.fix", "Fix"),
    ("edit.fix-alike", "Fix alike"),
    ("policy.why", "Why, keys"),
    ("edit.template", "Template"),
    ("edit.history", "History"),
    ("edit.outside", "$EDITOR"),
    ("find.open", "Find"),
    ("edit.format", "Format"),
    ("Esc", "Close"),
)
_VIEWING_KEYS = (
    ("policy.next-finding", "Next finding"),
    ("policy.why", "Why"),
    ("program.help", "Keys"),
    ("policy.findings", "Findings"),
    ("text.search", "Search"),
    ("edit.history", "History"),
    ("Esc", "Close"),
)


class PolicyScreen(FullScreen[None]):
    """Opens a policy, keeps what is typed, and asks before it is left.

    Attributes:
        session: The connection it was opened over.
        target: What is edited.
        editing: The safe edit behind it.
        drafts: Keeps what is typed.
        viewer: The text; an editor where it can be changed.
        refused: The refusal of the text that was sent last.
        is_open: Whether the text is there.
        learned: Set once what the account tells is known.
    """

    AUTO_FOCUS = None  # The text gets the keys once it is there.

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "leave", show=False),
        Binding("q", "leave_viewer", "leave", show=False),
    ]

    def __init__(
        self,
        session: Session,
        target: EditTarget,
        scope: ChangeScope,
        symbols: Symbols,
        *,
        outside: bool = False,
        begin_with: str = "",
    ) -> None:
        """`outside`: in the person's own editor at once; `begin_with`: a text to go on with."""
        super().__init__(symbols)
        self._outside = outside
        self._begin_with = begin_with
        self._opened_as = ""
        self.is_open = False
        self._signed_out = False
        self.learned = asyncio.Event()
        self.refused: SaveResult | None = None
        self._learning: Worker[None] | None = None
        self.session = session
        self.target = target
        self._scope = scope
        self.editing = PolicyEditing(target.location, scope)
        self.drafts = DraftKeeper(self.editing.keep_draft, scope.journal, self._tell_kept)
        self.words = Sentences(most_lines=6, classes="edit--words")
        self.viewer = self._make_viewer()
        self.body = (self.words, self.viewer)

    def _make_viewer(self) -> PolicyViewer:
        if self.target.why_not:
            return PolicyViewer(lint=self.lint, symbols=self.symbols)
        return PolicyEditor(
            lint=self.lint, complete=self.target.complete, judged=True, symbols=self.symbols
        )

    @property
    def editor(self) -> PolicyEditor | None:
        """The editor; None where the policy can be looked at only."""
        return self.viewer if isinstance(self.viewer, PolicyEditor) else None

    @property
    def changed(self) -> bool:
        """Whether the text can be saved and means something else than the one it is a change of."""
        text = self.viewer.text
        if self.editor is None or not self.is_open:
            return False
        return text != self._opened_as and not same_meaning(text, self.editing.base)

    def on_mount(self) -> None:
        """Read the policy."""
        self.viewer.display = False
        self.viewer.area.soft_wrap = self.program.memory.recall("wrap", everywhere=True) is True
        self.words.say("Reading…", "dim")
        self._write_title()
        self.key_bar.show_keys(_KEYS if self.editor else _VIEWING_KEYS)
        self.program.unsaved.append(self.unsaved_words)
        self.program.keepers.append(self._keep_last)
        work = self.program.work(self._open, group="edit", what="opening a policy", exclusive=False)
        # What is typed meanwhile is meant for the text; but nobody is kept where no answer comes.
        self.program.type_ahead.opens(work, self, leaves=("escape", "ctrl+q", "ctrl+c"))

    async def on_unmount(self) -> None:
        """Nothing is unsaved here any more; what was typed since the last pause is kept."""
        if self.unsaved_words in self.program.unsaved:
            self.program.unsaved.remove(self.unsaved_words)
        if self._learning is not None:
            # CloudTrail answers twice a second: what nobody looks at any more would pile up.
            self._learning.cancel()
        await self._keep_last()

    async def _keep_last(self) -> None:
        if self._keep_last in self.program.keepers:
            self.program.keepers.remove(self._keep_last)
            if self.changed:
                await self.drafts.keep(self.viewer.text)

    def unsaved_words(self) -> str:
        """What would be lost if the program ended now."""
        if self.editing.is_saving:
            return (
                f"The policy of {self.target.title} is still being saved; how that ended is told at"
                " the next start."
            )
        if not self.changed:
            return ""
        kept = "not saved; they are kept as a draft"
        what = "kept nowhere" if self.drafts.problem else kept
        return f"The policy of {self.target.title} has changes that are {what}."

    # Opening

    async def _open(self) -> None:
        left: list[str] = []
        with suppress(JournalError):  # Which opening tells of.
            left = await take_in(self._scope, self.target.location.subject)
        try:
            text = await self.editing.open()
        except ServiceError as error:
            self._signed_out = isinstance(error, CREDENTIALS_REFUSED)
            await self._could_not_open(error)
            return
        self._learning = self.program.work(
            self._learn, group="learn", what="reading the account", exclusive=False
        )
        if self.editor is not None:
            text = await self._choose_beginning(text)
        self._opened_as = pretty(self.editing.base)
        self.is_open = True
        told = (self.target.why_not, self.editing.warning, *left)
        self.words.say(" ".join(filter(None, told)), "warn")
        self._show_text(pretty(text))
        if self._begin_with:
            await self.drafts.keep(self.viewer.text)
        if self._outside and self.editor is not None:
            self._edit_outside(self.editor)

    def go_on(self) -> None:
        """Open it, if the credentials were refused before."""
        if self._signed_out:
            self._signed_out = False
            self.viewer.area.read_only = self.editor is None
            self.program.work(self._open, group="edit", what="opening a policy", exclusive=False)

    async def _choose_beginning(self, stored: str) -> str:
        """The stored text, or the draft that the person wants to go on with."""
        draft = self.editing.draft
        if self._begin_with:
            if draft is not None:
                await self.editing.discard_draft()
            return self._begin_with
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
            self._show_text(draft.text)
        self.words.say(words, "bad")

    async def _learn(self) -> None:
        try:
            await self.target.learn()
        finally:
            self.learned.set()

    # The text

    def lint(self, text: str) -> Sequence[Finding]:
        """What is wrong with a text, and what the service has said of it."""
        refused = findings_of(self.refused, text) if self.refused is not None else ()
        return (*self.target.rules.lint(text), *refused)

    def put_text(self, text: str) -> None:
        """Make this the text, as one step of undo, and keep it."""
        if self.editor is not None:
            self.editor.replace_text(pretty(text))
            self.keep(self.editor.text)

    def select(self, span: Span) -> None:
        """Put the cursor at a place of the text."""
        area = self.viewer.area
        area.move_cursor(area.location_of(span.start), center=True)
        self.viewer.focus()

    def on_policy_editor_text_changed(self, event: PolicyEditor.TextChanged) -> None:
        """Keep what is typed."""
        event.stop()
        self.notice.fade()
        self.keep(event.text)

    def keep(self, text: str) -> None:
        """Keep this text as a draft."""
        if self.is_open:
            self.program.work(
                lambda: self.drafts.keep(text),
                group="draft",
                what="keeping a draft",
                exclusive=False,
            )

    def on_policy_editor_fix_requested(self, event: PolicyEditor.FixRequested) -> None:
        """F4."""
        judge_and_fix(self, self.target, event)

    async def ready_for_review(self, text: str) -> None:
        """Wait until the text is kept and what the account tells is known."""
        await self.drafts.keep(text)
        await self.learned.wait()

    # Leaving

    def on_policy_editor_close_requested(self, event: PolicyEditor.CloseRequested) -> None:
        """Esc."""
        event.stop()
        self.action_leave()

    def action_leave_viewer(self) -> None:
        """The letter q closes what is only looked at."""
        if self.editor is None or not self.is_open:
            self.action_leave()

    def action_leave(self) -> None:
        """Close; with changes, ask first."""
        if not self.changed:
            self.dismiss(None)
            return
        self.keep(self.viewer.text)
        question = ask_to_leave(
            self.target.title, self.drafts.problem, demo=self.program.session.demo
        )
        self.app.push_screen(question, self._leave)

    def _leave(self, choice: str | None) -> None:
        if choice == "discard":
            self.is_open = False
            self.program.work(
                self.editing.discard_draft, group="draft", what="discarding", exclusive=False
            )
        if choice in ("discard", "keep"):
            self.dismiss(None)

    def on_policy_editor_external_editor_requested(
        self, event: PolicyEditor.ExternalEditorRequested
    ) -> None:
        """Ctrl-o."""
        event.stop()
        if self.is_open:
            self._edit_outside(event.editor)

    def _edit_outside(self, editor: PolicyEditor) -> None:
        edit = edit_outside(self.program, editor.text, self.editing, self._scope)
        if edit.text != editor.text:
            editor.replace_text(edit.text)
            self.keep(edit.text)
        if edit.trouble:
            self.notice.tell(edit.trouble, "warn")

    # Drawing

    def _tell_kept(self) -> None:
        self._write_title()
        if self.drafts.problem:
            self.notice.tell(f"What you type is not kept. {self.drafts.problem}", "bad")

    def _write_title(self) -> None:
        verb = " Edit " if self.editor else " View "
        parts: list[Part] = [(verb, "title"), (self.target.title, "accent")]
        subject = self.target.location.subject
        if subject != self.target.title:
            parts.append((f"  {subject}", "dim"))
        self.title_line.show(parts, self._state())

    def _state(self) -> list[Part]:
        if self.target.why_not:
            return [("READ-ONLY ", "warn")]
        if self.drafts.problem:
            return [("NOT KEPT ", "bad")]
        return (
            [(f"{kept_words(demo=self.program.session.demo)} ", "dim")] if self.drafts.kept else []
        )
