"""The copy menu."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kmstui.model import visible
from kmstui.ui.commands import Context, aws_command
from kmstui.ui.dialogs import Menu, MenuItem, TextDialog
from kmstui.ui.main.navigation import main_of
from kmstui.ui.main.policy_view import PolicyView
from kmstui.ui.terminal import CopyError, copy_to_tmux, inside_tmux, osc_52


@dataclass(frozen=True, slots=True)
class Copyable:
    """One text that can be copied."""

    id: str
    name: str
    key: str
    """The letter that chooses it in the menu."""
    text: str


def copyables(context: Context) -> Iterator[Copyable]:
    """What can be copied of the chosen key and of what is shown."""
    main, store, info = main_of(context.app), context.store, context.store.info
    key_id = context.chosen
    if main.focused_pane is main.key_pane:
        for name, letter, text in main.key_pane.view.copies():
            yield Copyable(f"view-{letter}", name, letter, text)
    if key_id is not None and (key := store.keys.get(key_id)) is not None:
        yield Copyable("id", "Key ID", "i", key.id)
        yield Copyable("arn", "Key ARN", "r", key.arn)
        aliases = store.aliases_of(key_id)
        if aliases:
            yield Copyable("alias", "Alias", "a", aliases[0])
        policy = _policy(context, key_id)
        if policy:
            yield Copyable("policy", "Policy", "p", policy)
        if key.tags:
            lines = "\n".join(f"{tag.key}={tag.value}" for tag in key.tags)
            yield Copyable("tags", "Tags", "t", lines)
        targets = main.targets
        if len(targets) > 1:
            yield Copyable("ids", f"IDs of {len(targets)} marked keys", "m", "\n".join(targets))
        yield Copyable(
            "describe", "AWS CLI: describe", "d",
            aws_command(info, "describe-key", "--key-id", key.id),
        )  # fmt: skip
        yield Copyable(
            "get-policy", "AWS CLI: policy", "c",
            aws_command(
                info, "get-key-policy", "--key-id", key.id, "--policy-name", "default",
                "--output", "text", "--query", "Policy",
            ),
        )  # fmt: skip
        yield Copyable(
            "list-tags", "AWS CLI: tags", "g",
            aws_command(info, "list-resource-tags", "--key-id", key.id),
        )  # fmt: skip
    if main.focused_pane is main.aliases_pane and main.aliases_pane.chosen:
        yield Copyable("this-alias", "This alias", "s", main.aliases_pane.chosen)
    listing = "list-aliases" if main.focused_pane is main.aliases_pane else "list-keys"
    yield Copyable("list", f"AWS CLI: {listing}", "l", aws_command(info, listing))
    if context.app.last_change_command:
        yield Copyable("change", "AWS CLI: the last change", "x", context.app.last_change_command)


def _policy(context: Context, key_id: str) -> str:
    view = main_of(context.app).key_pane.view
    if isinstance(view, PolicyView) and view.policy is not None and view.key_id == key_id:
        return view.viewer.text if not view.policy.problem else ""
    policies = context.store.policies.get(key_id, ())
    return policies[0].text if policies else ""


def open_copy_menu(context: Context) -> None:
    """Let the person choose what to copy."""
    offered = {each.id: each for each in copyables(context)}
    items = [
        MenuItem(each.id, each.name, key=each.key, detail=visible(each.text))
        for each in offered.values()
    ]

    def copy(chosen: str | None) -> None:
        if chosen is not None:
            each = offered[chosen]
            context.app.work(
                lambda: copy_text(context, each.text, each.name), group="copy", what="copying"
            )

    context.app.push_screen(Menu("Copy", items), copy)


async def copy_text(context: Context, text: str, name: str) -> None:
    """Copy a text the way that works here, or show it to be selected."""
    app = context.app
    try:
        if inside_tmux():
            await copy_to_tmux(text)
            where = "tmux's buffer and the terminal's clipboard"
        else:
            app.write_escape(osc_52(text))
            where = "the terminal's clipboard, if it allows that"
    except CopyError as error:
        app.push_screen(TextDialog(f"{error} Here it is to select:", text))
        return
    context.session.notify(f"{name} sent to {where}: {_short(text)}")


def _short(text: str) -> str:
    line = visible(text.split("\n", 1)[0])
    return line if len(line) <= 60 and "\n" not in text else line[:60] + "…"
