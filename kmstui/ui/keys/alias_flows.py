"""Creating, moving and deleting aliases, each shown before it is sent."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kmstui.model import Alias, Key, bare_name
from kmstui.service.inventory import Store
from kmstui.service.keys import (
    Aliases,
    alias_creation_problem,
    change_problem,
    full_name,
    move_problem,
)
from kmstui.ui.commands import Context
from kmstui.ui.dialogs import KeyPicker, Line, Menu, MenuItem
from kmstui.ui.keys.change_dialog import Proposal, propose


def described(store: Store, key_id: str) -> str:
    """A key in a sentence: its name, state, spec and description."""
    key = store.keys.get(key_id)
    words = [store.name_of(key_id)]
    if key is not None and key.metadata is not None:
        words += [key.metadata.state, key.metadata.spec]
        if key.metadata.description:
            words.append(f"“{key.metadata.description}”")
    return ", ".join(words)


def create_alias(context: Context, key: Key) -> None:
    """Ask for a name and create the alias."""
    store = context.store

    def preview(name: str) -> str:
        if not name:
            return "A program that uses the alias need not know the key's ID."
        return f"{full_name(name)} will name this key. Nothing else changes."

    names = store.aliases_of(key.id)
    proposal = Proposal(
        title=f"Create an alias of {store.name_of(key.id)}",
        words=f"It has {', '.join(names)}." if names else "It has no alias yet.",
        yes="Create",
        subject=key.id,
        doing=lambda name: f"Creating {full_name(name)} of {key.bare_id}",
        send=lambda name: Aliases(context.session).create(full_name(name), key.id),
        command=lambda name: (
            "create-alias", "--alias-name", full_name(name), "--target-key-id", key.id
        ),
        line=Line(
            "The name; alias/ may be left out:",
            placeholder="letters, digits, / _ -",
            check=lambda name: alias_creation_problem(store, name, key),
            preview=preview,
        ),
    )  # fmt: skip
    propose(context, proposal)


def move_alias(context: Context, alias: Alias) -> None:
    """Let the person pick the other key, show from which to which, and move the alias."""
    store = context.store

    title = f"Move {alias.bare_name} to which key?"
    picker = KeyPicker(title, store, lambda key: move_problem(store, alias, key))
    context.app.ask(picker, lambda key_id: propose(context, _move(context, alias, key_id)))


def _move(context: Context, alias: Alias, key_id: str) -> Proposal:
    store = context.store
    return Proposal(
        title=f"Move {alias.bare_name} to another key?",
        words=(
            f"From: {described(store, alias.key_id)}\n"
            f"To:   {described(store, key_id)}\n"
            f"Everything that uses {alias.bare_name} uses the other key from then on. What was "
            "encrypted before is still decrypted by the key that encrypted it. Policies that "
            "decide by kms:ResourceAliases or kms:RequestAlias may let in others than before."
        ),
        yes="Move",
        subject=alias.name,
        doing=f"Moving {alias.bare_name} to {bare_name(key_id)}",
        send=lambda _: Aliases(context.session).move(alias.name, key_id),
        command=lambda _: (
            "update-alias", "--alias-name", alias.bare_name, "--target-key-id", key_id
        ),
        style="warn",
    )  # fmt: skip


def delete_alias(context: Context, alias: Alias) -> None:
    """Say what stops working, ask for the name, and delete the alias."""
    store = context.store
    others = [name for name in store.aliases_of(alias.key_id) if name != alias.bare_name]
    left = f"It keeps {', '.join(others)}." if others else "It has no other alias."
    proposal = Proposal(
        title=f"Delete {alias.bare_name}?",
        words=(
            f"It names {described(store, alias.key_id)}\n"
            f"The key stays as it is. {left} Whatever calls KMS by {alias.bare_name} fails from"
            " then on, until an alias of this name exists again."
        ),
        yes="Delete",
        subject=alias.name,
        doing=f"Deleting {alias.bare_name}",
        send=lambda _: Aliases(context.session).delete(alias.name),
        command=lambda _: ("delete-alias", "--alias-name", alias.bare_name),
        style="bad",
        word=alias.bare_name,
    )
    propose(context, proposal)


def pick_alias(
    context: Context, aliases: Sequence[Alias], title: str, job: Callable[[Context, Alias], None]
) -> None:
    """Do something to one of these aliases: to the only one at once, else to the one chosen."""
    if len(aliases) == 1:
        job(context, aliases[0])
        return

    def picked(name: str) -> None:
        alias = context.store.aliases.get(name)
        if alias is not None:
            job(context, alias)

    items = [MenuItem(each.name, each.name, off=change_problem(each)) for each in aliases]
    context.app.ask(Menu(title, items), picked)
