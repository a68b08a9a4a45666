"""Commands of what is read in pane 3: search in any view's text, and the findings of the policy."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from kmstui.ui.commands import POLICY, TEXT, Command, Context
from kmstui.ui.main.navigation import main_of
from kmstui.ui.widgets import Searchable

if TYPE_CHECKING:
    from kmstui.ui.policy import PolicyViewer


def _text(context: Context) -> Searchable | None:
    view = main_of(context.app).key_pane.view
    focused = context.app.focused or view.focus_target
    around = (focused, *focused.ancestors, *view.walk_children())
    return next((each for each in around if isinstance(each, Searchable)), None)


def _search(context: Context) -> None:
    text = _text(context)
    if text is not None:
        text.action_search()


def _again(by: int) -> Callable[[Context], None]:
    def run(context: Context) -> None:
        text = _text(context)
        if text is not None and not text.search_again(by):
            context.session.notify("Nothing was looked for yet: / asks what to look for.")

    return run


def _viewer(context: Context) -> PolicyViewer | None:
    from kmstui.ui.main.policy_view import PolicyView

    view = main_of(context.app).key_pane.view
    return view.viewer if isinstance(view, PolicyView) and view.viewer.display else None


def _no_text(context: Context) -> str | None:
    return None if _viewer(context) is not None else "There is no policy here to read."


def _reading(act: Callable[[PolicyViewer], None]) -> Callable[[Context], None]:
    def run(context: Context) -> None:
        viewer = _viewer(context)
        if viewer is not None:
            act(viewer)

    return run


COMMANDS = (
    Command(
        id="text.search", label="Search", help="Search in the text; n and N go on and back",
        keys=("slash",), scope=TEXT, run=_search, bar=20,
    ),
    Command(
        id="text.next", label="Next match", help="Go to the next match", keys=("n",), scope=TEXT,
        run=_again(1),
    ),
    Command(
        id="text.previous", label="Match before", help="Go to the match before", keys=("N",),
        scope=TEXT, run=_again(-1),
    ),
    Command(
        id="policy.next-finding", label="Next finding", help="Go to the next finding in the text",
        keys=("f8", "alt+n"), scope=POLICY, available=_no_text,
        run=_reading(lambda viewer: viewer.action_next_finding()),
    ),
    Command(
        id="policy.previous-finding", label="Finding before", help="Go to the finding before",
        keys=("shift+f8", "f20", "alt+p"), scope=POLICY, available=_no_text,
        run=_reading(lambda viewer: viewer.action_previous_finding()),
    ),
    Command(
        id="policy.why", label="Why", help="Tell why the linter says so, of the finding here",
        keys=("f1", "alt+w"), scope=POLICY, available=_no_text,
        run=_reading(lambda viewer: viewer.action_why()),
    ),
    Command(
        id="policy.findings", label="Findings", help="List all findings of the text",
        keys=("f2", "alt+l"), scope=POLICY, available=_no_text,
        run=_reading(lambda viewer: viewer.action_toggle_findings()),
    ),
    Command(
        id="policy.wrap", label="Wrap", help="Wrap long lines, or let them run out of sight again",
        keys=("f5", "alt+z"), scope=POLICY, available=_no_text,
        run=_reading(lambda viewer: viewer.action_toggle_wrap()),
    ),
    Command(
        id="policy.line", label="Go to line", help="Go to a line by its number", keys=("ctrl+g",),
        scope=POLICY, available=_no_text,
        run=_reading(lambda viewer: viewer.action_go_to_line()),
    ),
)  # fmt: skip
