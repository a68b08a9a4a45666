"""Commands of the grants view."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kmstui.model.grant import Grant
from kmstui.ui.commands.command import GRANTS, Command
from kmstui.ui.commands.context import Context, no_changes
from kmstui.ui.main.navigation import main_of

if TYPE_CHECKING:
    from kmstui.ui.keys.grants_view import GrantsView


def _view(context: Context) -> GrantsView | None:
    from kmstui.ui.keys.grants_view import GrantsView

    view = main_of(context.app).key_pane.view
    return view if isinstance(view, GrantsView) else None


def _grant(context: Context) -> Grant | None:
    view = _view(context)
    return view.chosen if view is not None else None


def _no_grant(context: Context) -> str | None:
    return None if _grant(context) is not None else "There is no grant here to act on."


def _revoke_off(context: Context) -> str | None:
    return no_changes(context) or _no_grant(context)


def _open(context: Context) -> None:
    from kmstui.ui.dialogs.text_dialog import TextDialog
    from kmstui.ui.keys.grants_view import grant_lines

    grant = _grant(context)
    if grant is not None:
        context.app.push_screen(TextDialog("Grant", "\n".join(grant_lines(grant))))


def _revoke(context: Context) -> None:
    from kmstui.service.keys.grants import Grants
    from kmstui.ui.keys.change_dialog import ChangeDialog, Proposal
    from kmstui.ui.keys.grants_view import constraint_words
    from kmstui.ui.keys.sending import Change, send_change

    view, grant = _view(context), _grant(context)
    key_id = view.key_id if view is not None else None
    if grant is None or key_id is None:
        return
    name = context.store.name_of(key_id)
    proposal = Proposal(
        title=f"Revoke a grant of {name}?",
        words=(
            f"Who: {grant.grantee}\n"
            f"Loses: {', '.join(grant.operations)}\n"
            f"Given with: {constraint_words(grant) or 'any encryption context'}\n"
            "What it may do by the key policy or by other grants stays. A service that holds this "
            "grant, as EBS does for a volume, fails where it needs it. A grant cannot be brought "
            "back, only made anew."
        ),
        yes="Revoke",
        role="warn",
    )

    def go(sure: str | None) -> None:
        if sure is not None:
            change = Change(
                f"Revoking a grant of {name}",
                lambda: Grants(context.session).revoke(key_id, grant),
                ("revoke-grant", "--key-id", key_id, "--grant-id", grant.id),
            )
            send_change(context, change)

    context.app.push_screen(ChangeDialog(proposal), go)


COMMANDS = (
    Command(
        id="grant.open", label="Grant", help="Show everything of the grant", keys=("enter",),
        scope=GRANTS, available=_no_grant, run=_open, bar=10, palette=False,
    ),
    Command(
        id="grant.revoke", label="Revoke", help="Revoke the grant, after a question", keys=("D",),
        scope=GRANTS, available=_revoke_off, run=_revoke, bar=12, palette=False,
    ),
)  # fmt: skip
