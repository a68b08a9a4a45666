"""A new inline policy of a role: its name, and what it begins with."""

from __future__ import annotations

import re

from kmstui.model.key import Key
from kmstui.model.role import Identity
from kmstui.policy.authoring.templates_roles import role_templates
from kmstui.ui.commands.context import Context
from kmstui.ui.dialogs.menu import Menu, MenuItem
from kmstui.ui.dialogs.prompt import Prompt
from kmstui.ui.editing.role_choice import PolicyChoice

_NAME = re.compile(r"[\w+=,.@-]{1,128}", re.ASCII)
"""What PutRolePolicy takes as PolicyName (IAM API Reference)."""


async def create_policy(
    context: Context, identity: Identity, key: Key | None
) -> PolicyChoice | None:
    """Ask for name and beginning; nothing is sent before it was edited and reviewed."""
    taken = {each.name for each in identity.policies if each.inline}
    name = await context.app.push_screen_wait(
        Prompt(
            f"A new inline policy of role {identity.name}",
            "Its name. It is made when you have reviewed and saved it.",
            value="" if "kms" in taken else "kms",
            placeholder="kms-2",
            check=lambda typed: _trouble(typed, taken, identity.name),
        )
    )
    if name is None:
        return None
    metadata = key.metadata if key is not None else None
    templates = role_templates(
        metadata.usage if metadata else "", metadata.spec if metadata else ""
    )
    items = [
        MenuItem(
            each.id,
            each.title,
            detail=", ".join(action.removeprefix("kms:") for action in each.actions),
        )
        for each in templates
    ]
    chosen = await context.app.push_screen_wait(Menu(f"What may the role do, by {name}?", items))
    found = next((each for each in templates if each.id == chosen), None)
    if found is None:
        return None
    return PolicyChoice(name, found.text(key.arn if key is not None else "*"))


def _trouble(typed: str, taken: set[str], role: str) -> str:
    if not _NAME.fullmatch(typed):
        return "A name has 1 to 128 of the letters a-z and A-Z, digits, and + = , . @ _ -"
    if typed in taken:
        return f"Role {role} has an inline policy {typed} already: choose it to edit it."
    return ""
