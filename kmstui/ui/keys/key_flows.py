"""The everyday actions on one key, each shown before it is sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from kmstui.model.key import Key, Rotation
from kmstui.model.visible import visible
from kmstui.service.keys.allowed import (
    DEFAULT_ROTATION_DAYS,
    MOST_ROTATIONS_ON_DEMAND,
    ROTATION_DAYS,
    KeyAction,
    days_in,
)
from kmstui.service.keys.creation import description_problem
from kmstui.service.keys.lifecycle import Lifecycle, replica_regions
from kmstui.ui.commands.context import Context
from kmstui.ui.dialogs.menu import Menu, MenuItem
from kmstui.ui.keys.change_dialog import ChangeDialog, Line, Proposal
from kmstui.ui.keys.sending import Change, send_change

Flow = Callable[[Context, Key], None]


def _propose(context: Context, proposal: Proposal, make: Callable[[str], Change]) -> None:
    def go(typed: str | None) -> None:
        if typed is not None:
            send_change(context, make(typed))

    context.app.push_screen(ChangeDialog(proposal), go)


def change_description(context: Context, key: Key) -> None:
    """Ask for the description and send it."""
    name = context.store.name_of(key.id)
    old = key.metadata.description if key.metadata else ""
    shown = visible(old)

    def check(text: str) -> str:
        return description_problem(text) or ("It is the same as now." if text == old else "")

    def preview(text: str) -> str:
        return "" if text == shown else f"Then: {text or 'none'}"

    hidden = (
        " It holds characters that do not print: they are written as codes here, and would be "
        "stored as these codes."
    )
    proposal = Proposal(
        title=f"Description of {name}",
        words=f"Now: {shown or 'none'}.{hidden if shown != old else ''}",
        yes="Change",
        line=Line(
            "The description is no secret: everybody who may describe the key reads it.",
            shown,
            check=check,
            preview=preview,
        ),
    )

    def make(text: str) -> Change:
        return Change(
            f"Changing the description of {name}",
            lambda: Lifecycle(context.session).set_description(key.id, text),
            ("update-key-description", "--key-id", key.id, "--description", text),
        )

    _propose(context, proposal, make)


def enable(context: Context, key: Key) -> None:
    """Enable the key."""
    name = context.store.name_of(key.id)
    state = key.metadata.state if key.metadata else "?"
    proposal = Proposal(
        title=f"Enable {name}?",
        words=f"State: {state} → Enabled. Whoever may use the key can use it again.",
        yes="Enable",
    )
    change = Change(
        f"Enabling {name}",
        lambda: Lifecycle(context.session).enable(key.id),
        ("enable-key", "--key-id", key.id),
    )
    _propose(context, proposal, lambda _: change)


def disable(context: Context, key: Key) -> None:
    """Disable the key."""
    name = context.store.name_of(key.id)
    state = key.metadata.state if key.metadata else "?"
    proposal = Proposal(
        title=f"Disable {name}?",
        words=(
            f"State: {state} → Disabled. Until it is enabled again nothing can be encrypted, "
            "decrypted, signed or verified with it, by AWS services neither: volumes do not "
            "attach and objects are not read. A service that keeps a data key in memory may go "
            "on for a while. Nothing is lost."
        ),
        yes="Disable",
        role="warn",
        facts=_last_use(context, key),
    )
    change = Change(
        f"Disabling {name}",
        lambda: Lifecycle(context.session).disable(key.id),
        ("disable-key", "--key-id", key.id),
    )
    _propose(context, proposal, lambda _: change)


def rotation_on(context: Context, key: Key) -> None:
    """Ask for the period and turn automatic rotation on."""
    name = context.store.name_of(key.id)

    def check(text: str) -> str:
        if days_in(text, ROTATION_DAYS) is not None:
            return ""
        return f"A period is {ROTATION_DAYS[0]} to {ROTATION_DAYS[-1]} whole days."

    def preview(text: str) -> str:
        if not text:
            return ""
        first = context.session.clock() + timedelta(days=int(text))
        return f"Then: every {int(text)} days, first about {first:%Y-%m-%d}."

    async def facts() -> str:
        rotation = await context.session.gateway.rotation(key.id)
        return f"Now: {_rotation_words(rotation)}."

    proposal = Proposal(
        title=f"Automatic rotation of {name}",
        words=(
            "KMS makes new key material of its own each period, and keeps the old for decrypting: "
            "ID, aliases and policy stay, and nothing has to be encrypted again. Each of the first "
            "two rotations adds to the key's monthly price."
        ),
        yes="Turn on",
        facts=facts,
        line=Line(
            f"Period in days ({ROTATION_DAYS[0]} to {ROTATION_DAYS[-1]}):",
            str(DEFAULT_ROTATION_DAYS),
            check=check,
            preview=preview,
            replaced=True,
        ),
    )

    def make(text: str) -> Change:
        days = int(text)
        return Change(
            f"Turning on the rotation of {name}",
            lambda: Lifecycle(context.session).set_rotation(key.id, days),
            ("enable-key-rotation", "--key-id", key.id, "--rotation-period-in-days", str(days)),
        )

    _propose(context, proposal, make)


def rotation_off(context: Context, key: Key) -> None:
    """Turn automatic rotation off."""
    name = context.store.name_of(key.id)

    async def facts() -> str:
        rotation = await context.session.gateway.rotation(key.id)
        return f"Now: {_rotation_words(rotation)}."

    proposal = Proposal(
        title=f"Turn off the automatic rotation of {name}?",
        words=(
            "The key material of today stays in use. What was encrypted under older material is "
            "still decrypted. Rules of your organisation may ask for rotation."
        ),
        yes="Turn off",
        role="warn",
        facts=facts,
    )
    change = Change(
        f"Turning off the rotation of {name}",
        lambda: Lifecycle(context.session).set_rotation(key.id, None),
        ("disable-key-rotation", "--key-id", key.id),
    )
    _propose(context, proposal, lambda _: change)


def rotate_now(context: Context, key: Key) -> None:
    """Rotate the key material once."""
    name = context.store.name_of(key.id)

    async def facts() -> str:
        rotation = await context.session.gateway.rotation(key.id)
        used = sum(kind == "ON_DEMAND" for _, kind in rotation.past)
        return (
            f"Now: {_rotation_words(rotation)}. Rotated on demand so far: {used} of "
            f"{MOST_ROTATIONS_ON_DEMAND} times."
        )

    imported = key.metadata is not None and key.metadata.origin == "EXTERNAL"
    material = (
        "Its key material is imported: KMS refuses unless new material that waits for rotation "
        "has been imported before. "
    )
    proposal = Proposal(
        title=f"Rotate {name} now?",
        words=(
            "KMS encrypts with new key material from then on and keeps the old for decrypting: "
            f"ID, aliases and policy stay. {material if imported else ''}It cannot be taken back, "
            f"and KMS allows it {MOST_ROTATIONS_ON_DEMAND} times in a key's life."
        ),
        yes="Rotate",
        role="warn",
        facts=facts,
    )
    change = Change(
        f"Rotating {name}",
        lambda: Lifecycle(context.session).rotate_now(key.id),
        ("rotate-key-on-demand", "--key-id", key.id),
    )
    _propose(context, proposal, lambda _: change)


def replicate(context: Context, key: Key) -> None:
    """Let the person pick a Region, and replicate the key into it."""
    info = context.store.info
    taken = replica_regions(key.metadata) if key.metadata else ()

    def picked(region: str | None) -> None:
        if region is not None:
            _confirm_replica(context, key, region)

    async def ask() -> None:
        regions = await context.session.connector.regions(info.partition if info else "aws")
        items = [
            MenuItem(
                region, region, off="A key of this set is there already." if region in taken else ""
            )
            for region in regions
        ]
        title = f"Replicate {context.store.name_of(key.id)} into which Region?"
        context.app.push_screen(Menu(title, items), picked)

    app = context.app
    app.type_ahead.opens(app.work(ask, group="replicate", what="offering Regions"), app.screen)


def _confirm_replica(context: Context, key: Key, region: str) -> None:
    name = context.store.name_of(key.id)
    description = key.metadata.description if key.metadata else ""
    proposal = Proposal(
        title=f"Replicate {name} into {region}?",
        words=(
            f"A key with the same ID and key material will exist in {region}: what is encrypted "
            "in one Region can be decrypted in the other. It takes over the description. It gets "
            "KMS's default key policy, no aliases and no tags: none of these are shared, so set "
            "them there. It is a key of its own on the bill."
        ),
        yes="Replicate",
        role="warn",
    )
    described = ("--description", description) if description else ()
    change = Change(
        f"Replicating {name} into {region}",
        lambda: Lifecycle(context.session).replicate(key.id, region),
        ("replicate-key", "--key-id", key.id, "--replica-region", region, *described),
    )
    _propose(context, proposal, lambda _: change)


def _last_use(context: Context, key: Key) -> Callable[[], Awaitable[str]]:
    from kmstui.ui.keys.deletion import last_use_words

    async def facts() -> str:
        return last_use_words(await context.session.gateway.last_usage(key.id))

    return facts


def _rotation_words(rotation: Rotation) -> str:
    if not rotation.enabled:
        return "no automatic rotation"
    every = f"every {rotation.period_days} days" if rotation.period_days else "on"
    following = rotation.next_rotation
    return f"{every}, next on {following:%Y-%m-%d}" if following else every


FLOWS: dict[KeyAction, Flow] = {
    KeyAction.DESCRIPTION: change_description,
    KeyAction.ENABLE: enable,
    KeyAction.DISABLE: disable,
    KeyAction.ROTATION_ON: rotation_on,
    KeyAction.ROTATION_OFF: rotation_off,
    KeyAction.ROTATE_NOW: rotate_now,
    KeyAction.REPLICATE: replicate,
}
"""What asks and sends, by action; deletion has a module of its own."""
