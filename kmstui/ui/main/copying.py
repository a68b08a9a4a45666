"""The copy menu."""

from __future__ import annotations

from collections.abc import Iterator

from kmstui.model import visible
from kmstui.policy.iam import Principal
from kmstui.service.uses import alarm_commands
from kmstui.ui.commands import Context, aws_command
from kmstui.ui.dialogs import Menu, MenuItem, TextDialog
from kmstui.ui.main.navigation import main_of
from kmstui.ui.main.policy_view import PolicyView
from kmstui.ui.terminal import CopyError, copy_to_tmux, inside_tmux, osc_52


def copyables(context: Context) -> Iterator[MenuItem]:
    """What can be copied of the chosen key and of what is shown; the text is the detail."""
    main, store, info = main_of(context.app), context.store, context.connection.info
    key_id = context.chosen
    if main.focused_pane is main.key_pane:
        for name, letter, text in main.key_pane.view.copies():
            yield MenuItem(f"view-{letter}", name, letter, text)
    if key_id is not None and (key := store.keys.get(key_id)) is not None:
        yield MenuItem("id", "Key ID", "i", key.bare_id)
        yield MenuItem("arn", "Key ARN", "r", key.arn)
        aliases = store.aliases_of(key_id)
        if aliases:
            yield MenuItem("alias", "Alias", "a", aliases[0])
        policy = _policy(context, key_id)
        if policy:
            yield MenuItem("policy", "Policy", "p", policy)
        if key.tags:
            lines = "\n".join(f"{tag.key}={tag.value}" for tag in key.tags)
            yield MenuItem("tags", "Tags", "t", lines)
        targets = main.targets
        if len(targets) > 1:
            yield MenuItem("ids", f"IDs of {len(targets)} marked keys", "m", "\n".join(targets))
        yield MenuItem("describe", "AWS CLI: describe", "d",
            aws_command(info, "describe-key", "--key-id", key.id),
        )  # fmt: skip
        yield MenuItem("get-policy", "AWS CLI: policy", "c",
            aws_command(
                info, "get-key-policy", "--key-id", key.id, "--policy-name", "default",
                "--output", "text", "--query", "Policy",
            ),
        )  # fmt: skip
        yield MenuItem("list-tags", "AWS CLI: tags", "g",
            aws_command(info, "list-resource-tags", "--key-id", key.id),
        )  # fmt: skip
        yield MenuItem("alarm", "AWS CLI: alarm on attempts to use it", "w", alarm_commands(key))
    for letter, name, text in identifiers(context):
        yield MenuItem(name, name, letter, text)
    if main.focused_pane is main.aliases_pane and main.aliases_pane.chosen:
        yield MenuItem("this-alias", "This alias", "s", main.aliases_pane.chosen)
    listing = "list-aliases" if main.focused_pane is main.aliases_pane else "list-keys"
    yield MenuItem("list", f"AWS CLI: {listing}", "l", aws_command(info, listing))
    if context.app.last_change_command:
        yield MenuItem("change", "AWS CLI: the last change", "x", context.app.last_change_command)


def identifiers(context: Context) -> Iterator[tuple[str, str, str]]:
    """What names the connection in use: letter that chooses it, what it is called, and the text."""
    caller, info = context.connection.caller, context.connection.info
    if caller is not None:
        yield "u", "My ARN", caller.arn
        if caller.role_name:
            role = Principal.parse(caller.arn)
            yield (
                "o",
                "My role's ARN" if role.path_known else "My role's ARN, if it has no path",
                role.role_arn,
            )
        yield "n", "Account", caller.account
    if info is not None:
        yield "e", "Region", info.region


def _policy(context: Context, key_id: str) -> str:
    view = main_of(context.app).key_pane.view
    if isinstance(view, PolicyView) and view.policy is not None and view.key_id == key_id:
        return view.viewer.text if not view.policy.problem else ""
    policies = context.store.policies.get(key_id, ())
    return policies[0].text if policies else ""


def open_copy_menu(context: Context) -> None:
    """Let the person choose what to copy."""
    offered = {each.id: each for each in copyables(context)}

    def copy(chosen: str) -> None:
        each = offered[chosen]
        context.app.work(
            lambda: copy_text(context, each.detail, each.text), group="copy", what="copying"
        )

    context.app.ask(Menu("Copy", tuple(offered.values())), copy)


async def copy_text(context: Context, text: str, name: str) -> None:
    """Copy a text the way that works here, or show it to be selected."""
    app, info = context.app, context.connection.info
    if info is not None and info.is_demo and name.startswith("AWS CLI"):
        text = f"# Of the demo of kmstui: no account has these keys.\n{text}"
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
