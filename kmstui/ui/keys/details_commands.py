"""Commands of the details view."""

from __future__ import annotations

from collections.abc import Awaitable

from kmstui.ui.commands.command import DETAILS, Command
from kmstui.ui.commands.context import Context, needs_key
from kmstui.ui.main.navigation import main_of


def _last_use(context: Context) -> Awaitable[None]:
    async def run() -> None:
        from kmstui.ui.keys.details_view import DetailsView

        main = main_of(context.app)
        await main.key_pane.open_view(DETAILS)
        view = main.key_pane.view
        if isinstance(view, DetailsView):
            await view.read_last_usage()

    return run()


COMMANDS = (
    Command(
        id="details.last-use",
        label="Last use",
        help="Ask KMS when the key was last used",
        keys=("enter",),
        scope=DETAILS,
        available=needs_key,
        run=_last_use,
        bar=10,
    ),
)
