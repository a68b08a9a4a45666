"""Commands that move between panes and views."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from kmstui.ui.commands.command import Command
from kmstui.ui.commands.context import Context
from kmstui.ui.main.navigation import main_of


def _open(index: int) -> Callable[[Context], None]:
    def run(context: Context) -> None:
        main_of(context.app).open_pane(main_of(context.app).panes[index])

    return run


def _turn(steps: int) -> Callable[[Context], None]:
    return lambda context: main_of(context.app).turn_pane(steps)


def _zoom(steps: int) -> Callable[[Context], None]:
    return lambda context: main_of(context.app).change_zoom(steps)


def _view(steps: int) -> Callable[[Context], Awaitable[None]]:
    def run(context: Context) -> Awaitable[None]:
        main = main_of(context.app)
        main.open_pane(main.key_pane)
        return main.key_pane.turn(steps)

    return run


def _back(context: Context) -> None:
    main = main_of(context.app)
    # From the innermost outwards: a filter that is out of sight is not what a person means.
    pane = main.keys_pane
    if main.notice.close() or (pane.is_typing and pane.close_filter(clear=True)):
        return
    if not (main.back() or pane.close_filter(clear=True)):
        context.app.stop_reading()


COMMANDS = (
    Command(id="pane.keys", label="Keys", help="Go to the keys", keys=("1",), run=_open(0)),
    Command(
        id="pane.aliases", label="Aliases", help="Go to the aliases", keys=("2",), run=_open(1)
    ),
    Command(
        id="pane.key", label="Policy", help="Go to the policy and the other views of the key",
        keys=("3",), run=_open(2),
    ),
    Command(id="pane.tags", label="Tags", help="Go to the tags", keys=("4",), run=_open(3)),
    Command(
        id="pane.next", label="Next", help="Go to the next pane", keys=("tab", "l", "right"),
        run=_turn(1),
    ),
    Command(
        id="pane.previous", label="Previous", help="Go to the pane before",
        keys=("shift+tab", "h", "left"), run=_turn(-1),
    ),
    Command(
        id="pane.widen", label="Widen", help="Give the pane more room, up to the whole screen",
        keys=("plus", "equals_sign"), run=_zoom(1),
    ),
    Command(
        id="pane.narrow", label="Narrow", help="Give the pane less room, down to its share",
        keys=("underscore", "minus"), run=_zoom(-1),
    ),
    Command(
        id="view.next", label="Next view", help="Show the next view of the key in pane 3",
        keys=("right_square_bracket",), run=_view(1), opens=True, bar=60,
    ),
    Command(
        id="view.previous", label="Previous view", help="Show the view before in pane 3",
        keys=("left_square_bracket",), run=_view(-1), opens=True,
    ),
    Command(
        id="pane.back", label="Back",
        help="Close the notice, go back to the keys, clear the filter, or stop reading",
        keys=("escape",), run=_back,
    ),
)  # fmt: skip
