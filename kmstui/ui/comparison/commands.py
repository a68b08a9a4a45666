"""What a key is compared with: another marked one, its replicas, the same alias elsewhere."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from kmstui.model import bare_name, place_in
from kmstui.ui.commands import Command, Context, needs_key

if TYPE_CHECKING:
    from kmstui.model import Key
    from kmstui.service.keys import KeyPicture

_MARKED, _SET, _OTHER = "marked", "set", "other"


def _not_two(context: Context) -> str | None:
    if len(context.targets) == 2:
        return None
    return "Mark the two keys first (Space on each)."


def _no_set(context: Context) -> str | None:
    reason = needs_key(context)
    if reason is not None:
        return reason
    metadata = context.key.metadata if context.key else None
    if metadata is None or not metadata.multi_region:
        return "It is no multi-Region key: there is none of its set in another Region."
    if len(metadata.replicas) < 2:
        return "It has no replica yet: x, p replicates it into another Region."
    return None


def _same_alias(context: Context) -> dict[str, str]:
    """Keys of other open connections that have an alias of the chosen one, with that alias."""
    store, key_id = context.store, context.chosen or ""
    found: dict[str, str] = {}
    for name in store.alias_ids_of(key_id):
        for each in context.session.each:
            alias = store.aliases.get(each.handle(bare_name(name)))
            if alias is not None and alias.key_id and alias.key_id != key_id:
                found.setdefault(alias.key_id, alias.bare_name)
    return found


def _compare(context: Context) -> None:
    """Two marked keys at once; else a choice of what the chosen one is compared with."""
    from kmstui.ui.dialogs import Menu, MenuItem

    if len(context.targets) == 2:
        _compare_two(context, *context.targets)
        return
    key_id = context.chosen or ""
    alike = _same_alias(context)
    items = [
        MenuItem(_SET, "With its replicas in other Regions", key="r", off=_no_set(context) or ""),
        *(
            MenuItem(other, f"With {alias} in {place_in(other)}", key=str(number))
            if number < 10
            else MenuItem(other, f"With {alias} in {place_in(other)}")
            for number, (other, alias) in enumerate(alike.items(), 1)
        ),
        MenuItem(_OTHER, "With another key…", key="k"),
        MenuItem(_MARKED, "The two marked keys", key="m", off=_not_two(context) or ""),
    ]

    def go(chosen: str) -> None:
        if chosen == _SET:
            _compare_set(context)
        elif chosen == _OTHER:
            _pick_other(context, key_id)
        else:
            _compare_two(context, key_id, chosen)

    first = _SET if not items[0].off else items[1].id
    context.app.ask(Menu(f"Compare {context.store.name_of(key_id)}", items, chosen=first), go)


def _pick_other(context: Context, key_id: str) -> None:
    from kmstui.ui.dialogs import KeyPicker

    def problem(key: Key) -> str:
        return "It is the key itself." if key.id == key_id else ""

    title = f"Compare {context.store.bare_name(key_id)} with which key?"
    picker = KeyPicker(title, context.store, problem)
    context.app.ask(picker, lambda other: _compare_two(context, key_id, other))


def _compare_two(context: Context, one: str, other: str) -> None:
    from kmstui.service.keys import read_pictures

    store = context.store
    names = [store.bare_name(each) for each in (one, other)]
    title = " beside ".join(names)
    if names[0] == names[1]:
        # Of one name in two places, the places tell them apart.
        names = [place_in(each) or each for each in (one, other)]
        title = f"{store.bare_name(one)} in {' and in '.join(names)}"
    named = dict(zip((one, other), names, strict=True))
    _show(context, title, lambda: read_pictures(context.session, named))


def _compare_set(context: Context) -> None:
    from kmstui.service.keys import read_set

    key_id, session = context.chosen or "", context.session
    title = f"{context.store.bare_name(key_id)} in all its Regions, the primary first"
    _show(context, title, lambda: read_set(session, key_id), set_of=key_id)


def _show(
    context: Context,
    title: str,
    read: Callable[[], Awaitable[Sequence[KeyPicture]]],
    set_of: str = "",
) -> None:
    from kmstui.ui.comparison.screen import CompareScreen

    context.app.push_screen(CompareScreen(context, title, read, set_of))


COMMANDS = (
    Command(
        id="key.compare", label="Compare", help="Compare two marked keys, or a key with its"
        " replicas, with the same alias elsewhere or another key: policy by meaning and access,"
        " aliases, tags, rotation, grants", keys=("B",), available=needs_key, run=_compare,
    ),
    Command(
        id="key.regions", label="All Regions", help="Compare a multi-Region key with its replicas,"
        " bring them in line, replicate it, or make another Region primary", available=_no_set,
        run=_compare_set,
    ),
)  # fmt: skip
