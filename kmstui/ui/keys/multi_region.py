"""A multi-Region set changed as a whole: another replica, another primary key."""

from __future__ import annotations

from collections.abc import Callable

from kmstui.model import Key, KeyMetadata
from kmstui.service.errors import ServiceError
from kmstui.service.keys import (
    KeyAction,
    Keys,
    Lifecycle,
    PrimaryRegion,
    RelatedKeys,
    off_reason,
    primary_before,
    primary_problem,
    replica_regions,
)
from kmstui.service.ports import ChangeRecord
from kmstui.ui.commands import READ_ONLY, Context
from kmstui.ui.dialogs import Menu, MenuItem
from kmstui.ui.keys.change_dialog import Proposal, propose


def act_on_set(
    context: Context, key_id: str, action: KeyAction, ended: Callable[[], object]
) -> str:
    """Replicate a key's set, or change its primary key, from whichever of its keys.

    Returns why that cannot be, as a sentence, or ""; `ended` is called once it was sent.
    """
    key = context.store.keys.get(key_id)
    if key is None:
        return "The key is not among those listed any more."
    if action is KeyAction.REPLICATE:
        replicate(context, key, ended)
        return ""
    reason = off_reason(key, action)
    if not reason:
        change_primary(context, key, ended)
    return reason


def replicate(context: Context, key: Key, ended: Callable[[], object] = lambda: None) -> None:
    """Let the person pick a Region, and replicate the key into it; `ended` is called then."""
    info = context.connection.info
    taken = replica_regions(key.metadata) if key.metadata else ()

    async def ask() -> None:
        regions = await context.session.connector.regions(info.partition if info else "aws")
        items = [
            MenuItem(
                region, region, off="A key of this set is there already." if region in taken else ""
            )
            for region in regions
        ]
        title = f"Replicate {context.store.name_of(key.id)} into which Region?"
        menu = Menu(title, items)
        context.app.ask(
            menu, lambda region: propose(context, _replica(context, key, region, ended))
        )

    app = context.app
    app.type_ahead.opens(app.work(ask, group="replicate", what="offering Regions"), app.screen)


def _replica(context: Context, key: Key, region: str, ended: Callable[[], object]) -> Proposal:
    # KMS replicates the primary key, in its own Region.
    primary = next(iter(replica_regions(key.metadata)), "") if key.metadata else ""
    own = context.session.of(key.id)

    async def send(_: str) -> str:
        session, key_id = own, key.id
        if primary and primary != key.region:
            session = await own.shared(RelatedKeys).session_in(primary)
            key_id = session.handle(key.bare_id)
        try:
            return await Lifecycle(session).replicate(key_id, region)
        finally:
            ended()

    name = context.store.name_of(key.id)
    description = key.metadata.description if key.metadata else ""
    described = ("--description", description) if description else ()
    return Proposal(
        title=f"Replicate {name} into {region}?",
        words=(
            f"A key with the same ID and key material will exist in {region}: what is encrypted "
            "in one Region can be decrypted in the other. It takes over the description. It gets "
            "KMS's default key policy, no aliases and no tags: none of these are shared, so set "
            "them there. It is a key of its own on the bill."
        ),
        yes="Replicate",
        doing=f"Replicating {name} into {region}",
        send=send,
        command=lambda _: (
            "replicate-key", "--key-id", key.bare_id, "--replica-region", region, *described
        ),
        subject=key.id,
        region=primary,
        style="warn",
    )  # fmt: skip


def change_primary(context: Context, key: Key, ended: Callable[[], object] = lambda: None) -> None:
    """Let the person pick a Region of the set, and make its key the primary one."""
    regions = replica_regions(key.metadata) if key.metadata else ()
    items = [
        MenuItem(
            region,
            region,
            off="" if number else "Its key is the primary one now.",
        )
        for number, region in enumerate(regions)
    ]
    # The first is the primary one.
    title = f"Which Region's key of {context.store.name_of(key.id)} shall be primary?"
    menu = Menu(title, items, chosen=regions[1] if len(regions) > 1 else "")
    context.app.ask(menu, lambda region: propose(context, primary(context, key, region, ended)))


def primary(
    context: Context, key: Key, region: str, ended: Callable[[], object] = lambda: None
) -> Proposal:
    """Say what is different once a Region's key is the primary one; `ended` is called then."""
    name = context.store.name_of(key.id)
    old = next(iter(replica_regions(key.metadata)), "") if key.metadata else ""
    changes = PrimaryRegion(context.session)

    async def facts(_: Callable[[str], None]) -> str:
        return _states(await changes.read(key.id, region), region)

    async def send(_: str) -> str:
        try:
            return await changes.change(key.id, region)
        finally:
            ended()

    return Proposal(
        title=f"Make the key in {region} the primary one of {name}?",
        words=(
            f"Primary: {old or 'unknown'} → {region}. The new primary key alone can be replicated "
            "then, rotation is set on it, new imported material goes into it first, and it cannot "
            "be deleted while there are replicas. Key ID, material and rotation stay as they are. "
            "Each key keeps its own policy, aliases, tags and grants: none of these are copied.\n"
            "For some seconds both keys are Updating: what is encrypted and decrypted goes on, but "
            "they cannot be enabled, disabled or replicated until they are Enabled again.\n"
            f"Needs kms:UpdatePrimaryRegion on both keys, in {old or 'the Region of the primary'} "
            f"and in {region}. It can be changed back in the same way."
        ),
        yes="Make it primary",
        doing=f"Making the key in {region} the primary one of {name}",
        send=send,
        command=lambda _: (
            "update-primary-region", "--key-id", key.bare_id, "--primary-region", region
        ),
        subject=key.id,
        region=old,
        style="warn",
        facts=facts,
    )  # fmt: skip


def _states(keys: Keys, region: str) -> str:
    told = [f"{place} {_state(key)}" for place, key in keys.items()]
    problem = primary_problem(keys, region)
    return f"Now: {'; '.join(told)}." + (f" KMS will refuse: {problem}." if problem else "")


def _state(key: KeyMetadata | ServiceError) -> str:
    if isinstance(key, ServiceError):
        return f"not read ({key.reason})"
    return f"{key.multi_region.lower()}, {key.state}"


def undo_primary(
    context: Context, record: ChangeRecord, closed: Callable[[bool | None], None]
) -> str:
    """Show what makes the former key the primary one again; returns why not, or ""."""
    key = context.store.keys.get(record.subject)
    region = primary_before(record)
    if context.session.read_only:
        return READ_ONLY
    if key is None or not region:
        return "The key is not among those listed, so its primary key cannot be changed back here."
    if key.metadata and replica_regions(key.metadata)[:1] == (region,):
        return f"The key in {region} is the primary one already."
    propose(context, primary(context, key, region, lambda: closed(True)))
    return ""
