"""The program on the terminal."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.actions import SkipAction
from textual.binding import Binding, BindingType
from textual.filter import LineFilter
from textual.message import Message
from textual.screen import ModalScreen, Screen
from textual.widgets import Input

from kmstui.gc_tuning import RestCollection
from kmstui.model import ConnectionInfo
from kmstui.service.inventory import Topic
from kmstui.service.ports import ChangeRecord, Scope
from kmstui.service.session import Session
from kmstui.ui.commands import Context, Program
from kmstui.ui.editing import tell_overwritten_puts, tell_unfinished_changes
from kmstui.ui.main import Arrangement, MainScreen
from kmstui.ui.runs import RunController
from kmstui.ui.runtime import UiOptions, write_fault
from kmstui.ui.style import TEXT_STYLE_CLASSES, THEMES, style_sheets, theme_for
from kmstui.ui.tags import TagController
from kmstui.ui.terminal import AsciiFilter, ending_in_order
from kmstui.ui.textual_internals import patch_textual
from kmstui.ui.widgets import TextTable

if TYPE_CHECKING:
    from kmstui.ui.policy import PolicyViewer
    from kmstui.ui.runs import ShownKind


class KmsApp(Program):
    """The program with its screens: from the first frame to the end.

    Attributes:
        ended_by: The signal that ended the program, if one did.
    """

    TITLE = "kmstui"
    ENABLE_COMMAND_PALETTE = False
    COMPONENT_CLASSES: ClassVar[set[str]] = set(TEXT_STYLE_CLASSES)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c", "cancel", show=False, priority=True),
        Binding("ctrl+z", "to_shell", show=False, priority=True, id="program.suspend"),
        # Wherever the credentials are refused.
        Binding("f12,alt+s", "sign_in", show=False, priority=True, id="session.sign_in"),
        Binding("question_mark,f1", "help", show=False, id="program.help"),
    ]

    def __init__(self, session: Session, options: UiOptions | None = None) -> None:
        patch_textual()
        self.ended_by: signal.Signals | None = None
        self._mfa_codes: set[Future[str]] = set()
        self._ascii_filter = AsciiFilter()
        self._garbage = RestCollection()
        self._event_loop: asyncio.AbstractEventLoop | None = None
        self._main: MainScreen | None = None
        self._examined: set[ConnectionInfo | None] = set()
        self._arrangement: Arrangement | None = None
        # Without colours Textual would draw shades of grey, unless the terminal's own are used.
        no_color = "NO_COLOR" in os.environ or None
        super().__init__(
            session,
            options or UiOptions(),
            css_path=[str(sheet) for sheet in style_sheets()],
            ansi_color=no_color,
        )
        self.animation_level = "none"
        # An empty text would leave Textual's usual keys: a key that is none takes them away.
        self.set_keymap({name: ",".join(keys or ("none",)) for name, keys in self.options.keys})
        for theme in (*THEMES, *self.options.own_themes):
            self.register_theme(theme)
        own = self.options.own_theme_names
        self.theme = theme_for(self.options.theme, self.console.color_system, own=own)
        for topic in (Topic.SESSION, Topic.PROGRESS):
            session.store.subscribe(topic, self._connection_changed)

    @property
    def main(self) -> MainScreen:
        """The screen with the panes."""
        if self._main is None:
            self._main = MainScreen(self.session, self.options, self.slices, self.symbols)
        return self._main

    def get_default_screen(self) -> Screen[Any]:
        """The panes are the first screen; nothing is pushed before the first frame."""
        return self.main

    def get_line_filters(self) -> Sequence[LineFilter]:
        """As Textual's, and ASCII forms where they were asked for."""
        filters = super().get_line_filters()
        return [*filters, self._ascii_filter] if self.options.ascii else filters

    async def run_async(self, **how: Any) -> int | None:
        """As Textual's; a signal to end gives the terminal back and keeps what was typed."""
        with ending_in_order(self._end_by):
            return await super().run_async(**how)

    def _end_by(self, number: signal.Signals) -> None:
        self.ended_by = number
        self.exit(128 + number)

    def on_mount(self) -> None:
        """Connect at once: while the first frame is drawn, the first keys are on their way."""
        self._event_loop = asyncio.get_running_loop()
        self._arrangement = Arrangement(self.memory, self.main)
        self.connect(self.options.target)

    def refresh_css(self, animate: bool = True) -> None:
        """As Textual's, but setting the theme does not parse the sheets before there is a screen.

        What was parsed then would be thrown away.
        """
        if self.screen_stack:
            super().refresh_css(animate)
        else:
            self.stylesheet.set_variables(self.get_css_variables())

    def ask_mfa_code(self, serial: str) -> str:
        """Ask the person for a code; called on a worker thread, which waits for the answer."""
        if self._event_loop is None:
            return ""
        code: Future[str] = Future()
        self._mfa_codes.add(code)
        try:
            self._event_loop.call_soon_threadsafe(self._show_mfa_question, serial, code)
            return code.result().replace(" ", "")
        except (CancelledError, RuntimeError):
            # The program ends, or has ended and closed the loop: nobody can answer.
            return ""
        finally:
            self._mfa_codes.discard(code)

    def _show_mfa_question(self, serial: str, code: Future[str]) -> None:
        from kmstui.ui.dialogs import mfa_question

        # Called by the loop itself; the dialog belongs into the app's own task.
        self.call_later(
            self.push_screen, mfa_question(serial), lambda typed: code.set_result(typed or "")
        )

    def _connection_changed(self, _: frozenset[str]) -> None:
        """Look once for each connection, when the account is known, at what earlier runs left."""
        connections = self.session.each
        # Those of another target are gone.
        self._examined &= {each.info for each in connections}
        for each in connections:
            if each.info is None or each.info in self._examined or each.scope is None:
                continue
            if not self._examined:
                self._first_connected(each.scope)
            self._examined.add(each.info)
            self._look_at_what_was_left(each)

    def _first_connected(self, scope: Scope) -> None:
        target = self.session.target
        self.memory.remember("connection", [target.profile, target.region], everywhere=True)
        if self._arrangement is not None:
            place = f"{scope.account} {scope.region}"
            if len(self.session.each) > 1:
                place = f"{target.profile} {target.region} {target.role} {target.accounts}"
            enter = partial(self._arrangement.enter, place)
            self.call_later(self.work, enter, group="arrangement", what="arranging the screen")

    def _look_at_what_was_left(self, session: Session) -> None:
        self.call_later(self.main.look_for_drafts)
        left = partial(self.part(RunController).look_for_unfinished, kinds=self._run_kinds)
        for look, what in (
            (tell_unfinished_changes, "looking for unfinished saves"),
            (tell_overwritten_puts, "looking for puts that were overwritten"),
            (left, "looking for interrupted changes"),
        ):
            # A switch ends those of the connections before it.
            group = f"{what} {session.info}"
            self.call_later(self.work, partial(look, session), group=group, what=what)

    def undo_change(self, record: ChangeRecord, closed: Callable[[bool | None], None]) -> str:
        """Show what takes a change back that can be; returns why not, or ""."""
        from kmstui.service.keys import primary_before

        if primary_before(record):
            from kmstui.ui.keys import undo_primary

            return undo_primary(Context(self, self.screen), record, closed)
        return self.part(RunController).undo_entry(record, self._run_kinds(), closed)

    def _run_kinds(self) -> Sequence[ShownKind[Any]]:
        """The kinds of change of which there are runs over many keys."""
        from kmstui.ui.keys import shown_keys

        return (self.part(TagController).kind, self.part(shown_keys))

    def last_words(self, error: Exception) -> str:
        """What to print when a widget has failed: a sentence, and where what was typed is."""
        told = write_fault(self.options.fault_log, "the screen", error)
        kept = ""
        # Whoever is asked may be what has failed.
        with suppress(Exception):
            kept = self.unsaved_words()
        return f"{told} kmstui had to stop. {kept}".rstrip()

    def frame_failed(self, error: Exception) -> None:
        """As the painter's; the details are kept, and the person goes on working."""
        super().frame_failed(error)
        write_fault(self.options.fault_log, "drawing", error)

    def on_policy_viewer_wrap_toggled(self, event: PolicyViewer.WrapToggled) -> None:
        """Wrap the lines of policies so from now on."""
        self.memory.remember("wrap", event.viewer.area.soft_wrap, everywhere=True)

    # Keys

    def post_message(self, message: Message) -> bool:
        """Let background reads and long work step back as soon as a key arrives.

        Until the app comes to it, several of them could have had their turn.
        """
        if isinstance(message, events.Key | events.Paste) and not message.is_forwarded:
            self.session.key_pressed()
        return super().post_message(message)

    async def on_event(self, event: events.Event) -> None:
        """Keys and pastes go one after the other, each when what the one before opened is there."""
        if not isinstance(event, events.Key | events.Paste):
            await super().on_event(event)
        elif event.is_forwarded:
            await super().on_event(event)
            self.type_ahead.returned(event)
        else:
            self.slices.pressed()
            self._garbage.key_pressed()
            self.main.notice.fade()
            await self.type_ahead.take(event)

    def action_help(self) -> None:
        """Tell the keys of a screen that has no help of its own."""
        from kmstui.ui.dialogs import Help, screen_help

        self.push_screen(Help(screen_help(self.screen, self.options.keys)))

    def action_cancel(self) -> None:
        """Ctrl-c leaves what Esc leaves, down to the panes; then it says how to quit."""
        focused, main = self.focused, self.main
        if getattr(focused, "selected_text", ""):
            # What is typed into copies it.
            raise SkipAction
        asked = isinstance(self.screen, ModalScreen) or isinstance(focused, Input)
        if isinstance(focused, TextTable):
            asked = asked or focused.is_asking
        if asked or (self.screen is main and main.has_filter):
            self.simulate_key("escape")
        elif self.screen is main:
            self.session.notify("q quits; Ctrl-q quits from anywhere.")
        else:
            self.session.notify("Esc goes back; Ctrl-q quits from anywhere.")

    def action_sign_in(self) -> None:
        """Sign in to the profile on the terminal, from whatever screen."""
        from kmstui.ui.main import sign_in

        self.work(partial(sign_in, self), group="sign-in", what="signing in")

    async def action_quit(self) -> None:
        """End the program; asks when something is unsaved."""
        from kmstui.ui.dialogs import QuestionDialog

        words = self.unsaved_words()
        if not words:
            self.exit(0)
            return
        self.ask(QuestionDialog("Quit?", words, yes="Quit"), lambda _: self.exit(0))

    async def on_unmount(self) -> None:
        """Cancel everything in flight, and let no thread wait for an answer."""
        if self._arrangement is not None:
            self._arrangement.keep()
        for keep in tuple(self.keepers):
            try:
                await keep()
            except Exception as error:
                # What has failed may fail again; the others are kept.
                write_fault(self.options.fault_log, "keeping a draft", error)
        for code in tuple(self._mfa_codes):
            code.cancel()
        self.session.close()
        await asyncio.sleep(0)
