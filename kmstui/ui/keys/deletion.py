"""Scheduling the deletion of a key, and cancelling it."""

from __future__ import annotations

from datetime import timedelta

from kmstui.model.key import Key, LastUsage
from kmstui.model.tag import Tag
from kmstui.service.errors import CancelledByPersonError, ServiceError
from kmstui.service.keys.allowed import DEFAULT_WINDOW_DAYS, WINDOW_DAYS, days_in
from kmstui.service.keys.lifecycle import Lifecycle, replica_regions
from kmstui.ui.commands.context import Context
from kmstui.ui.keys.change_dialog import ChangeDialog, Line, Proposal
from kmstui.ui.keys.sending import Change, send_change

_PRODUCTION = ("prod", "prd", "live")
"""Beginnings of words in a tag that say that people depend on the key."""


def last_use_words(usage: LastUsage) -> str:
    """When a key was last used, as a sentence."""
    since = f" since {usage.tracking_since:%Y-%m-%d}" if usage.tracking_since else ""
    if usage.at is None:
        return f"No use of it was recorded{since}."
    return f"Last used on {usage.at:%Y-%m-%d %H:%M} UTC ({usage.operation or 'unknown'})."


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


def schedule_deletion(context: Context, key: Key) -> None:
    """Say what would be lost, ask for the waiting period and the alias, and schedule it."""
    store = context.store
    name = store.name_of(key.id)
    aliases = store.aliases_of(key.id)

    def check(text: str) -> str:
        if days_in(text, WINDOW_DAYS) is not None:
            return ""
        return f"The waiting period is {WINDOW_DAYS[0]} to {WINDOW_DAYS[-1]} whole days."

    def preview(text: str) -> str:
        if not text:
            return ""
        when = context.session.clock() + timedelta(days=int(text))
        return f"Deleted about {when:%Y-%m-%d %H:%M} UTC; x cancels it until then."

    async def facts() -> str:
        try:
            return last_use_words(await context.session.gateway.last_usage(key.id))
        except CancelledByPersonError:
            raise
        except ServiceError as error:
            return f"When it was last used is not known. {error.sentence}"

    proposal = Proposal(
        title=f"Schedule the deletion of {name}?",
        words=_what_is_lost(key, aliases),
        yes="Schedule deletion",
        role="bad",
        facts=facts,
        line=Line(
            f"Waiting period in days ({WINDOW_DAYS[0]} to {WINDOW_DAYS[-1]}):",
            str(DEFAULT_WINDOW_DAYS),
            check=check,
            preview=preview,
            replaced=True,
        ),
        word=aliases[0] if aliases else key.id,
    )

    def go(typed: str | None) -> None:
        if typed is None:
            return
        days = int(typed)
        change = Change(
            f"Scheduling the deletion of {name}",
            lambda: Lifecycle(context.session).schedule_deletion(key.id, days),
            ("schedule-key-deletion", "--key-id", key.id, "--pending-window-in-days", str(days)),
        )
        send_change(context, change)

    context.app.push_screen(ChangeDialog(proposal), go)


def _what_is_lost(key: Key, aliases: tuple[str, ...]) -> str:
    lines = [
        "At once nothing can be encrypted or decrypted with it. After the waiting period it is "
        "gone for ever, and with it whatever is encrypted under it. To try what depends on it, "
        "disable it first.",
        f"Aliases that go with it: {', '.join(aliases) or 'none'}.",
    ]
    if tags := production_tags(key.tags or ()):
        shown = ", ".join(f"{tag.key}={tag.value}" for tag in tags)
        lines.append(f"ITS TAGS SAY PRODUCTION: {shown}.")
    elif key.tags is None:
        lines.append("Its tags are not known.")
    metadata = key.metadata
    if metadata is not None and metadata.multi_region == "PRIMARY":
        others = replica_regions(metadata)[1:]
        if others:
            lines.append(
                f"It is a primary key with replicas in {', '.join(others)}: it waits until "
                "they are deleted, and its waiting period begins then."
            )
    if metadata is not None and metadata.origin == "EXTERNAL":
        lines.append("Its key material is imported: a copy of yours cannot bring the key back.")
    return "\n".join(lines)


def cancel_deletion(context: Context, key: Key) -> None:
    """Cancel a scheduled deletion."""
    name = context.store.name_of(key.id)
    metadata = key.metadata
    when = f" on {metadata.deletion:%Y-%m-%d %H:%M} UTC" if metadata and metadata.deletion else ""
    state = metadata.state if metadata else "?"
    proposal = Proposal(
        title=f"Cancel the deletion of {name}?",
        words=(
            f"State: {state}{when} → Disabled. KMS leaves the key disabled; enable it with x "
            "afterwards to use it again."
        ),
        yes="Cancel the deletion",
    )
    change = Change(
        f"Cancelling the deletion of {name}",
        lambda: Lifecycle(context.session).cancel_deletion(key.id),
        ("cancel-key-deletion", "--key-id", key.id),
    )

    def go(sure: str | None) -> None:
        if sure is not None:
            send_change(context, change)

    context.app.push_screen(ChangeDialog(proposal), go)
