"""The way from a finding to what it is about."""

from __future__ import annotations

from dataclasses import dataclass

from kmstui.ui.commands import POLICY, Context
from kmstui.ui.main import bring_forward, go_to_offset, main_of
from kmstui.ui.tags import TagController


@dataclass(frozen=True, slots=True)
class GoTo:
    """What the person wants to see of a key."""

    key_id: str
    offset: int = 0
    """In its policy."""
    view: str = POLICY
    """The scope of the view."""
    tag: bool = False
    """Whether tags are to be put on it."""


async def go_to_finding(context: Context, place: GoTo) -> None:
    """Choose the key and show the place in its policy, or another view of it.

    Raises:
        ServiceError: the policy cannot be read.
    """
    main = main_of(context.app)
    if place.view == POLICY:
        await context.session.read_policies(place.key_id)
    if not await main.go_to_key(place.key_id, open_keys=False):
        context.session.notify(
            f"{place.key_id} is not among the keys listed. Press r to read again.", "warning"
        )
        return
    main.key_pane.show_key(place.key_id)
    if place.view == POLICY:
        await go_to_offset(context.app, place.offset)
        return
    await bring_forward(context, place.view)
    if place.tag:
        context.app.part(TagController).put([place.key_id])
