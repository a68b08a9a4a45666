"""Key materials of one key: which of them is deleted, and which waits for a rotation."""

from __future__ import annotations

from kmstui.model import Key, KeyMaterial, Rotation
from kmstui.service.errors import ServiceError
from kmstui.service.keys import Materials
from kmstui.ui.commands import Context
from kmstui.ui.dialogs import Menu, MenuItem
from kmstui.ui.keys.change_dialog import Proposal, propose

_WORDS = {
    "CURRENT": "in use",
    "NON_CURRENT": "earlier, for decrypting",
    "PENDING_ROTATION": "waits for rotation",
    "PENDING_MULTI_REGION_IMPORT_AND_ROTATION": "waits for the replicas, then rotation",
}
_NO_MATERIAL = KeyMaterial("")


def delete_material(context: Context, key: Key) -> None:
    """Let the person say which of several imported materials, and delete it.

    Where they cannot be listed, or the key's kind has one alone, it is the current one.
    """

    async def ask() -> None:
        held = await _held(context, key)
        if held is None:
            propose(context, _deletion(context, key, _NO_MATERIAL))
        elif not held:
            name = context.store.name_of(key.id)
            context.session.notify(f"{name} holds no imported key material now.", "warning")
        elif len(held) == 1:
            propose(context, _deletion(context, key, held[0]))
        else:
            by_id = {each.id: each for each in held}
            items = [
                MenuItem(each.id, _is_for(each), detail=_detail(each)) for each in by_id.values()
            ]
            title = f"Delete which imported key material of {context.store.name_of(key.id)}?"
            context.app.ask(
                Menu(title, items),
                lambda chosen: propose(context, _deletion(context, key, by_id[chosen])),
            )

    app = context.app
    job = app.work(ask, group="materials", what="reading key materials")
    app.type_ahead.opens(job, app.screen)


async def _held(context: Context, key: Key) -> list[KeyMaterial] | None:
    """The imported materials, the one in use first; None where they are not listed."""
    if key.metadata is None or key.metadata.spec != "SYMMETRIC_DEFAULT":
        return None
    try:
        rotation = await context.session.of(key.id).gateway.rotation(key.id)
    except ServiceError:
        return None
    materials = rotation.materials
    told = materials or key.metadata.state == "PendingImport"
    if rotation.materials_problem or not told or not all(each.id for each in materials):
        return None
    held = [each for each in materials if each.import_state == "IMPORTED"]
    return sorted(held, key=lambda each: each.state != "CURRENT")


def _is_for(material: KeyMaterial) -> str:
    return _WORDS.get(material.state, material.state.lower() or "KMS did not tell its state")


def _detail(material: KeyMaterial) -> str:
    expires = f"expires {material.valid_to:%Y-%m-%d %H:%M}" if material.valid_to else ""
    parts = (expires, f'"{material.description}"' if material.description else "")
    return "  ".join(filter(None, (*parts, material.id)))


def _deletion(context: Context, key: Key, material: KeyMaterial) -> Proposal:
    """Say what deleting a material does, and ask for the alias where the key stops working."""
    store, name = context.store, context.store.name_of(key.id)
    aliases = store.aliases_of(key.id)
    materials = Materials(context.session.of(key.id))
    named = ("--key-material-id", material.id) if material.id else ()
    which = f"{material.id}, {_is_for(material)}" if material.id else "the current one"
    multi = key.metadata.multi_region if key.metadata else ""
    return Proposal(
        title=f"Delete imported key material of {name}?",
        words=f"Material: {which}.\n{_what_ends(material, multi)}",
        yes="Delete",
        doing=f"Deleting key material of {name}",
        send=lambda _: materials.delete(key.id, material.id),
        command=lambda _: ("delete-imported-key-material", "--key-id", key.id, *named),
        style="warn" if material.is_pending else "bad",
        word="" if material.is_pending else (aliases[0] if aliases else key.bare_id),
    )


def _what_ends(material: KeyMaterial, multi_region: str) -> str:
    """Source: KMS Developer Guide, "Delete imported key material"."""
    if material.is_pending:
        everywhere = (
            " It is deleted from the replica keys too." if multi_region == "PRIMARY" else ""
        )
        return (
            "Nothing is encrypted under it yet, and the key goes on working. Other new material "
            f"can be imported in its place.{everywhere}"
        )
    others = " Related keys of other Regions keep theirs." if multi_region else ""
    earlier = (
        " That holds for earlier material too: the key needs all of it."
        if material.state == "NON_CURRENT"
        else ""
    )
    return (
        "At once nothing can be encrypted or decrypted with the key, by AWS services neither; "
        f"it waits as PendingImport.{earlier} Policy, aliases and grants stay. Only the very same "
        "material, imported again, brings it back: without your copy, everything encrypted "
        f"under it is lost for ever.{others}"
    )


def waiting_words(rotation: Rotation) -> str:
    """Which imported material a rotation on demand would bring into use, as sentences.

    Source: KMS API Reference, RotateKeyOnDemand.
    """
    if rotation.materials_problem:
        return ""
    waiting = next((each for each in rotation.materials if each.is_pending), None)
    if waiting is None:
        return (
            "\nNo new material waits: KMS refuses until some is imported (x, m, "
            '"new material, for a rotation").'
        )
    about = f' "{waiting.description}"' if waiting.description else ""
    words = f"\nWaits: {waiting.id}{about}."
    if waiting.state != "PENDING_ROTATION":
        words += " KMS refuses until the same material is imported into each replica key too."
    elif waiting.import_state == "PENDING_IMPORT":
        words += " It is not in KMS any more: import it again first."
    return words
