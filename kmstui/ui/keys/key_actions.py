"""What the actions on one key would do, and how each is sent."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from datetime import timedelta

from kmstui.model import Key, Rotation, Tag, visible
from kmstui.service.changes import DESCRIPTION
from kmstui.service.keys import (
    DEFAULT_ROTATION_DAYS,
    DEFAULT_WINDOW_DAYS,
    MOST_ROTATIONS_ON_DEMAND,
    ROTATION_DAYS,
    WINDOW_DAYS,
    KeyAction,
    Lifecycle,
    days_in,
    description_problem,
    replica_regions,
)
from kmstui.ui.commands import Context, key_of
from kmstui.ui.dialogs import Facts, Line
from kmstui.ui.keys.change_dialog import Proposal, propose
from kmstui.ui.keys.import_form import ImportForm
from kmstui.ui.keys.material_actions import delete_material, waiting_words
from kmstui.ui.keys.multi_region import change_primary, replicate

_PRODUCTION = ("prod", "prd", "live")
"""Beginnings of words in a tag that say that people depend on the key."""


def change_description(context: Context, key: Key) -> Proposal:
    """Ask for the description and send it."""
    name = context.store.name_of(key.id)
    old = key.metadata.description if key.metadata else ""
    shown = visible(old)
    hidden = (
        " It holds characters that do not print: they are written as codes here, and would be "
        "stored as these codes."
    )
    line = Line(
        "The description is no secret: everybody who may describe the key reads it.",
        shown,
        check=lambda text: (
            description_problem(text) or ("It is the same as now." if text == old else "")
        ),
        preview=lambda text: "" if text == shown else f"Then: {text or 'none'}",
        keeps=DESCRIPTION,
    )
    return Proposal(
        title=f"Description of {name}",
        words=f"Now: {shown or 'none'}.{hidden if shown != old else ''}",
        yes="Change",
        doing=f"Changing the description of {name}",
        send=lambda text: Lifecycle(context.session).set_description(key.id, text),
        command=lambda text: ("update-key-description", "--key-id", key.id, "--description", text),
        line=line,
    )


def enable(context: Context, key: Key) -> Proposal:
    """Enable the key."""
    name = context.store.name_of(key.id)
    return Proposal(
        title=f"Enable {name}?",
        words=f"State: {_state(key)} → Enabled. Whoever may use the key can use it again.",
        yes="Enable",
        doing=f"Enabling {name}",
        send=lambda _: Lifecycle(context.session).enable(key.id),
        command=lambda _: ("enable-key", "--key-id", key.id),
    )


def disable(context: Context, key: Key) -> Proposal:
    """Disable the key."""
    name = context.store.name_of(key.id)

    return Proposal(
        title=f"Disable {name}?",
        words=(
            f"State: {_state(key)} → Disabled. Until it is enabled again nothing can be encrypted, "
            "decrypted, signed or verified with it, by AWS services neither: volumes do not "
            "attach and objects are not read. A service that keeps a data key in memory may go "
            "on for a while. Nothing is lost."
        ),
        yes="Disable",
        doing=f"Disabling {name}",
        send=lambda _: Lifecycle(context.session).disable(key.id),
        command=lambda _: ("disable-key", "--key-id", key.id),
        style="warn",
        facts=_uses_facts(context, key),
    )


def rotation_on(context: Context, key: Key) -> Proposal:
    """Ask for the period and turn automatic rotation on."""
    name = context.store.name_of(key.id)

    def preview(text: str) -> str:
        first = context.session.clock() + timedelta(days=int(text or 0))
        return text and f"Then: every {int(text)} days, first about {first:%Y-%m-%d}."

    line = _days_line(
        "Period in days", "A period is", ROTATION_DAYS, DEFAULT_ROTATION_DAYS, preview
    )
    return Proposal(
        title=f"Automatic rotation of {name}",
        words=(
            "KMS makes new key material of its own each period, and keeps the old for decrypting: "
            "ID, aliases and policy stay, and nothing has to be encrypted again. Each of the first "
            "two rotations adds to the key's monthly price."
        ),
        yes="Turn on",
        doing=f"Turning on the rotation of {name}",
        send=lambda days: Lifecycle(context.session).set_rotation(key.id, int(days)),
        command=lambda days: (
            "enable-key-rotation", "--key-id", key.id, "--rotation-period-in-days", str(int(days))
        ),
        facts=_rotation_facts(context, key),
        line=line,
    )  # fmt: skip


def rotation_off(context: Context, key: Key) -> Proposal:
    """Turn automatic rotation off."""
    name = context.store.name_of(key.id)
    return Proposal(
        title=f"Turn off the automatic rotation of {name}?",
        words=(
            "The key material of today stays in use. What was encrypted under older material is "
            "still decrypted. Rules of your organisation may ask for rotation."
        ),
        yes="Turn off",
        doing=f"Turning off the rotation of {name}",
        send=lambda _: Lifecycle(context.session).set_rotation(key.id, None),
        command=lambda _: ("disable-key-rotation", "--key-id", key.id),
        style="warn",
        facts=_rotation_facts(context, key),
    )


def rotate_now(context: Context, key: Key) -> Proposal:
    """Rotate the key material once."""
    name = context.store.name_of(key.id)

    def so_far(rotation: Rotation) -> str:
        if rotation.materials_problem:
            return f" How often it was rotated on demand is not read: {rotation.materials_problem}"
        used = f" Rotated on demand so far: {len(rotation.on_demand)} of"
        waits = waiting_words(rotation) if imported else ""
        return f"{used} {MOST_ROTATIONS_ON_DEMAND} times.{waits}"

    imported = key.metadata is not None and key.metadata.origin == "EXTERNAL"
    material = "Its key material is imported: the one that waits for rotation comes into use. "
    return Proposal(
        title=f"Rotate {name} now?",
        words=(
            "KMS encrypts with new key material from then on and keeps the old for decrypting: "
            f"ID, aliases and policy stay. {material if imported else ''}It cannot be taken back, "
            f"and KMS allows it {MOST_ROTATIONS_ON_DEMAND} times in a key's life."
        ),
        yes="Rotate",
        doing=f"Rotating {name}",
        send=lambda _: Lifecycle(context.session).rotate_now(key.id),
        command=lambda _: ("rotate-key-on-demand", "--key-id", key.id),
        style="warn",
        facts=_rotation_facts(context, key, so_far),
    )


def schedule_deletion(context: Context, key: Key) -> Proposal:
    """Say what would be lost, ask for the waiting period and the alias, and schedule it."""
    from kmstui.service.uses import deletion_facts

    replicas = replica_regions(key.metadata)[1:] if key.metadata else ()
    documented = deletion_facts(key, replicas)
    store = context.store
    name = store.name_of(key.id)
    aliases = store.aliases_of(key.id)

    def preview(text: str) -> str:
        when = context.session.clock() + timedelta(days=int(text or 0))
        return text and f"Deleted about {when:%Y-%m-%d %H:%M} UTC; {menu} cancels it until then."

    menu = key_of("key.menu", context.app)
    asked = ("Waiting period in days", "The waiting period is")
    return Proposal(
        title=f"Schedule the deletion of {name}?",
        words=_what_is_lost(context, key, aliases),
        yes="Schedule deletion",
        doing=f"Scheduling the deletion of {name}",
        send=lambda days: Lifecycle(context.session).schedule_deletion(key.id, int(days)),
        command=lambda days: (
            "schedule-key-deletion", "--key-id", key.id, "--pending-window-in-days", str(int(days))
        ),
        style="bad",
        facts=_uses_facts(context, key, documented),
        line=_days_line(*asked, WINDOW_DAYS, DEFAULT_WINDOW_DAYS, preview),
        word=aliases[0] if aliases else key.bare_id,
    )  # fmt: skip


def cancel_deletion(context: Context, key: Key) -> Proposal:
    """Cancel a scheduled deletion."""
    name = context.store.name_of(key.id)
    metadata = key.metadata
    when = f" on {metadata.deletion:%Y-%m-%d %H:%M} UTC" if metadata and metadata.deletion else ""
    return Proposal(
        title=f"Cancel the deletion of {name}?",
        words=(
            f"State: {_state(key)}{when} → Disabled. KMS leaves the key disabled; enable it with x "
            "afterwards to use it again."
        ),
        yes="Cancel the deletion",
        doing=f"Cancelling the deletion of {name}",
        send=lambda _: Lifecycle(context.session).cancel_deletion(key.id),
        command=lambda _: ("cancel-key-deletion", "--key-id", key.id),
    )


def _state(key: Key) -> str:
    return (key.metadata.state if key.metadata else "") or "unknown"


def _days_line(
    ask: str, rule: str, days: range, default: int, preview: Callable[[str], str]
) -> Line:
    """A line that takes a number of days in a range."""
    span = f"{days[0]} to {days[-1]}"
    return Line(
        f"{ask} ({span}):",
        str(default),
        check=lambda text: "" if days_in(text, days) is not None else f"{rule} {span} whole days.",
        preview=preview,
        replaced=True,
    )


def _rotation_facts(
    context: Context, key: Key, more: Callable[[Rotation], str] = lambda rotation: ""
) -> Facts:
    async def facts(_: Callable[[str], None]) -> str:
        rotation = await context.session.gateway.rotation(key.id)
        return f"Now: {_rotation_words(rotation)}.{more(rotation)}"

    return facts


def _rotation_words(rotation: Rotation) -> str:
    if not rotation.enabled:
        return "no automatic rotation"
    every = f"every {rotation.period_days} days" if rotation.period_days else "on"
    following = rotation.next_rotation
    return f"{every}, next on {following:%Y-%m-%d}" if following else every


_USES_SECONDS = 20.0
"""So long the sources are waited for: a person wants to answer."""


def _uses_facts(context: Context, key: Key, documented: Sequence[str] = ()) -> Facts:
    """What is known of a key's use, told as it is read, and what is documented besides."""
    from kmstui.service.uses import UsesReader, in_short

    reader = context.session.of(key.id).shared(UsesReader)

    def known() -> str:
        return "\n".join((in_short(reader.of(key.id)), *documented))

    async def facts(tell: Callable[[str], None]) -> str:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_USES_SECONDS):
                await reader.read(key, told=lambda: tell(known()))
        return known()

    return facts


def production_tags(tags: tuple[Tag, ...]) -> tuple[Tag, ...]:
    """The tags that look as if the key were in production."""
    return tuple(
        tag
        for tag in tags
        if any(
            word.startswith(_PRODUCTION)
            for part in (tag.key, tag.value)
            for word in part.casefold().replace("-", " ").replace("_", " ").split()
        )
    )


def _what_is_lost(context: Context, key: Key, aliases: tuple[str, ...]) -> str:
    menu, copy = key_of("key.menu", context.app), key_of("program.copy", context.app)
    lines = [
        "At once nothing can be encrypted or decrypted with it. After the waiting period it is "
        "gone for ever, and with it whatever is encrypted under it. GENTLER FIRST: disable it "
        f"({menu}, b), set an alarm on attempts to use it ({copy}, w), and wait longer than its"
        " rarest use.",
        f"Aliases that go with it: {', '.join(aliases) or 'none'}.",
    ]
    if tags := production_tags(key.tags or ()):
        shown = ", ".join(f"{tag.key}={tag.value}" for tag in tags)
        lines.append(f"ITS TAGS SAY PRODUCTION: {shown}.")
    elif key.tags is None:
        lines.append("Its tags are not known.")
    return "\n".join(lines)


PROPOSALS: dict[KeyAction, Callable[[Context, Key], Proposal]] = {
    KeyAction.DESCRIPTION: change_description,
    KeyAction.ENABLE: enable,
    KeyAction.DISABLE: disable,
    KeyAction.ROTATION_ON: rotation_on,
    KeyAction.ROTATION_OFF: rotation_off,
    KeyAction.ROTATE_NOW: rotate_now,
    KeyAction.SCHEDULE_DELETION: schedule_deletion,
    KeyAction.CANCEL_DELETION: cancel_deletion,
}


def act(context: Context, key: Key, action: KeyAction) -> None:
    """Show what an action would do to the key, and do it once the person agrees."""
    if action is KeyAction.REPLICATE:
        replicate(context, key)
    elif action is KeyAction.PRIMARY_REGION:
        change_primary(context, key)
    elif action is KeyAction.IMPORT_MATERIAL:
        context.app.push_screen(ImportForm(context, key))
    elif action is KeyAction.DELETE_MATERIAL:
        delete_material(context, key)
    else:
        propose(context, PROPOSALS[action](context, key))
