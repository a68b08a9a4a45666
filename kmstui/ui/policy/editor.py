"""The policy to change: all of the viewer, and what writing needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import TextArea

from kmstui.policy.lint import Finding
from kmstui.policy.syntax import Edit, apply_edits
from kmstui.ui.commands import bound
from kmstui.ui.policy.debounce import Debounce
from kmstui.ui.policy.editing_area import Complete, EditingArea
from kmstui.ui.policy.layout import detect_indent, format_json
from kmstui.ui.policy.statements import (
    ChangedText,
    NoStatementError,
    delete_statement,
    duplicate_statement,
    move_statement,
)
from kmstui.ui.policy.viewer import Lint, PolicyViewer
from kmstui.ui.style import FANCY, Symbols

DRAFT_PAUSE = 0.15
DRAFT_AT_MOST = 1.0
"""Seconds that a typed text may wait to be told to whoever keeps drafts."""


@dataclass
class EditorMessage(Message):
    """Something that the editor does not do itself."""

    editor: PolicyEditor
    text: str
    """The whole text as it stands."""


class PolicyEditor(PolicyViewer):
    """Edits one policy text; posts what should happen with it, and does none of that itself."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bound("edit.save", "save", "Review & save", tooltip="Review the change, then save it"),
        Binding("escape", "close", "Close", tooltip="Leave the editor"),
        bound("edit.fix", "fix", "Fix", tooltip="Apply the fix of the finding at the cursor"),
        bound("edit.fix-alike", "fix_all", "Fix alike", tooltip="Fix all of the same rule"),
        bound("edit.template", "template", "Template", tooltip="Insert a template"),
        bound("edit.complete", "complete", tooltip="Propose what to write"),
        bound("edit.replace", "replace", "Replace", tooltip="Find and replace"),
        bound("edit.format", "format", "Format", tooltip="Lay the JSON out anew"),
        bound("edit.outside", "edit_externally", "$EDITOR", tooltip="Edit in your own editor"),
        Binding("alt+up", "move_statement(-1)", tooltip="Move the statement up", show=False),
        Binding("alt+down", "move_statement(1)", tooltip="Move the statement down", show=False),
        Binding("alt+shift+down", "duplicate_statement", tooltip="Write the statement once more",
                show=False),
        Binding("ctrl+delete", "delete_statement", tooltip="Delete the statement", show=False),
    ]  # fmt: skip

    class TextChanged(EditorMessage):
        """The text is another now; posted after a short pause, for whoever keeps drafts."""

    class SaveRequested(EditorMessage):
        """Ctrl-s."""

    class CloseRequested(EditorMessage):
        """Esc, with nothing open that it would close first."""

    @dataclass
    class FixRequested(EditorMessage):
        """F4 or Ctrl-F4, where somebody looks first at what a fix does."""

        findings: tuple[Finding, ...]
        """Each with a fix, of the text as it stands."""
        alike: bool
        """Whether they are all that one rule found."""

    class ExternalEditorRequested(EditorMessage):
        """Ctrl-o."""

    class TemplateRequested(EditorMessage):
        """Ctrl-t."""

    area: EditingArea

    def __init__(
        self,
        text: str = "",
        *,
        lint: Lint | None = None,
        complete: Complete | None = None,
        judged: bool = False,
        symbols: Symbols = FANCY,
        id: str | None = None,
    ) -> None:
        """`judged`: a fix is made by whoever takes `FixRequested`, not at once."""
        self._complete = complete
        self._judged = judged
        super().__init__(text, lint=lint, symbols=symbols, id=id)
        self._draft_soon = Debounce(self, DRAFT_PAUSE, self._tell_draft, at_most=DRAFT_AT_MOST)
        self._told = text

    def _make_area(self, text: str) -> EditingArea:
        return EditingArea(text, complete=self._complete, symbols=self._symbols)

    def alike(self, finding: Finding) -> Sequence[Finding]:
        """All findings of the same rule whose fixes can be made here."""
        if self.area.read_only:
            return ()
        return [each for each in self.findings if each.rule == finding.rule and each.fix]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While the area is read-only only the viewer's commands work, and those that leave it."""
        is_viewers = hasattr(PolicyViewer, f"action_{action}")
        if self.area.read_only and action != "save" and not is_viewers:
            return False
        return super().check_action(action, parameters)

    def load(self, text: str, *, offset: int = 0) -> None:
        """Begin with another text; undo does not go back behind it."""
        super().load(text, offset=offset)
        self._told = self.text
        self._draft_soon.cancel()

    def replace_text(self, text: str, *, offset: int | None = None) -> None:
        """Make the whole text `text` as one step of undo, as a template or a merge does."""
        self.area.replace_text(text, offset)
        self._text_changed(at_once=True)

    # What happens to the text

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """Somebody types, or a command has changed the text."""
        super().on_text_area_changed(event)
        self._draft_soon.poke()

    def _settled(self) -> None:
        super()._settled()
        self.area.update_proposals()

    def _tell_draft(self) -> None:
        text = self.text
        if text != self._told:
            self._told = text
            self.post_message(self.TextChanged(self, text))

    def flush(self) -> None:
        """Tell the text now if it is not told yet; call it before the editor is taken away."""
        self._draft_soon.flush()

    # Requests

    def action_save(self) -> None:
        """Ask for the review."""
        self.flush()
        self.post_message(self.SaveRequested(self, self.text))

    def action_close(self) -> None:
        """Close what is open here, else ask to leave."""
        if self.area.popup is not None:
            self.area.popup = None
        elif not self.close_part():
            self.flush()
            self.post_message(self.CloseRequested(self, self.text))

    def action_edit_externally(self) -> None:
        """Ask for the person's own editor."""
        self.flush()
        self.post_message(self.ExternalEditorRequested(self, self.text))

    def action_template(self) -> None:
        """Ask for a template."""
        self.post_message(self.TemplateRequested(self, self.text))

    # Fixes

    def action_fix(self) -> None:
        """Apply the fix of the finding at hand."""
        finding = self.finding_at_hand()
        if finding is not None and finding.fix is None:
            self._say_unfixable(finding)
        elif finding is not None:
            self._ask_or_fix([finding], alike=False)

    def action_fix_all(self) -> None:
        """Apply the fixes of all findings of the same rule."""
        finding = self.finding_at_hand()
        if finding is None:
            return
        if alike := list(self.alike(finding)):
            self._ask_or_fix(alike, alike=True)
        else:
            self._say_unfixable(finding)

    def _ask_or_fix(self, findings: list[Finding], *, alike: bool) -> None:
        if self.counts is None:
            self.say("The text has changed since it was checked; try again in a moment.")
        elif self._judged:
            self.post_message(self.FixRequested(self, self.text, tuple(findings), alike))
        else:
            fixed = self.fix(findings)
            if alike:
                rule = findings[0].rule
                self.say(f"{fixed} of {len(findings)} findings {rule} fixed; Ctrl-z undoes.")

    def _say_unfixable(self, finding: Finding) -> None:
        self.say(f"{finding.rule} has no fix that can be made for you; F1 says why.")

    def fix(self, findings: Sequence[Finding]) -> int:
        """Apply the fixes that do not overlap, as one step of undo; how many those were."""
        edits: list[Edit] = []
        fixed = 0
        for finding in findings:
            wanted = finding.fix.edits if finding.fix else ()
            if not any(_overlap(one, other) for one in wanted for other in edits):
                edits += wanted
                fixed += 1
        self.replace_text(apply_edits(self.text, tuple(edits)))
        return fixed

    # Format, replace, statements

    def action_format(self) -> None:
        """Lay the JSON out anew; the cursor stays at its token."""
        text, offset = self.text, self.area.cursor_offset
        indent = detect_indent(text)
        formatted = format_json(text, indent)
        self.replace_text(formatted, offset=_same_place(text, offset, formatted))

    def action_replace(self) -> None:
        """Ask what to replace by what."""
        self._bar.open("replace")

    def action_move_statement(self, by: int) -> None:
        """Swap the statement at the cursor with the one above (-1) or below (1)."""
        self._change_statement(lambda text, offset: move_statement(text, offset, by))

    def action_duplicate_statement(self) -> None:
        """Write the statement at the cursor once more, below itself."""
        self._change_statement(duplicate_statement)

    def action_delete_statement(self) -> None:
        """Take the statement at the cursor out."""
        self._change_statement(delete_statement)

    def _change_statement(self, change: Callable[[str, int], ChangedText]) -> None:
        try:
            changed = change(self.text, self.area.cursor_offset)
        except NoStatementError as error:
            self.say(str(error))
        else:
            self.replace_text(changed.text, offset=changed.cursor)

    def action_complete(self) -> None:
        """Propose what could be written here."""
        if not self.area.propose():
            self.say("Nothing to propose here.")


def _overlap(one: Edit, other: Edit) -> bool:
    if one.span == other.span:
        return True
    return one.span.start < other.span.end and other.span.start < one.span.end


def _same_place(text: str, offset: int, formatted: str) -> int:
    """The offset behind as many characters that are not white space."""
    wanted = sum(not character.isspace() for character in text[:offset])
    for place, character in enumerate(formatted):
        if wanted == 0:
            return place
        wanted -= not character.isspace()
    return len(formatted)
