"""Commands of the connection: profile, Region, reading again."""

from __future__ import annotations

from dataclasses import replace

from kmstui.service.ports import Target
from kmstui.ui.commands.command import Command
from kmstui.ui.commands.context import Context


def switch(context: Context, target: Target) -> None:
    """Connect to another target; asks first when something is unsaved."""
    from kmstui.ui.dialogs.confirm import Confirm

    words = context.app.unsaved_words()
    if not words:
        context.app.connect(target)
        return

    def go(sure: bool | None) -> None:
        if sure:
            context.app.connect(target)

    context.app.push_screen(Confirm("Switch?", words, yes="Switch"), go)


def switch_profile(context: Context, profile: str) -> None:
    """Connect with another profile, in the Region that the profile names."""
    switch(context, replace(context.session.target, profile=profile, region=""))


def switch_region(context: Context, region: str) -> None:
    """Connect to another Region with the same profile."""
    switch(context, replace(context.session.target, region=region))


async def _profile(context: Context) -> None:
    from kmstui.ui.dialogs.menu import Menu, MenuItem

    profiles = await context.session.connector.profiles()
    if not profiles:
        context.session.notify(
            "No profiles are configured: ~/.aws/config and ~/.aws/credentials name none.",
            "warning",
        )
        return

    def go(profile: str | None) -> None:
        if profile is not None:
            switch_profile(context, profile)

    items = [MenuItem(name, name) for name in profiles]
    context.app.push_screen(Menu("Switch to profile", items, context.session.target.profile), go)


async def _region(context: Context) -> None:
    from kmstui.ui.dialogs.menu import Menu, MenuItem

    info = context.store.info
    regions = await context.session.connector.regions(info.partition if info else "aws")

    def go(region: str | None) -> None:
        if region is not None:
            switch_region(context, region)

    items = [MenuItem(name, name) for name in regions]
    context.app.push_screen(Menu("Switch to Region", items, info.region if info else ""), go)


def _refresh(context: Context) -> None:
    context.app.refresh_session()


COMMANDS = (
    Command(
        id="session.profile", label="Profile", help="Switch to another profile", keys=("P",),
        run=_profile, opens=True,
    ),
    Command(
        id="session.region", label="Region", help="Switch to another Region", keys=("R",),
        run=_region, opens=True,
    ),
    Command(
        id="session.refresh", label="Refresh", help="Read everything again", keys=("r",),
        run=_refresh,
    ),
)  # fmt: skip
