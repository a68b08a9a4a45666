"""Which inline policy of a role to edit: one that is there, one that was begun, or a new one."""

from __future__ import annotations

from dataclasses import dataclass

from kmstui.model.key import Key
from kmstui.model.role import Identity, IdentityPolicy
from kmstui.service.editing.location import role_subject
from kmstui.ui.commands.context import Context, no_changes
from kmstui.ui.dialogs.menu import Menu, MenuItem

_NEW = "/new"
"""The id of the menu's line for a new policy; no name of a policy holds a slash."""


@dataclass(frozen=True, slots=True)
class PolicyChoice:
    """The policy that a person wants to edit."""

    name: str
    begin_with: str = ""
    """What a new one begins with."""


async def choose_policy(
    context: Context, identity: Identity, key: Key | None
) -> PolicyChoice | None:
    """Let the person choose, where there is anything to choose.

    Raises:
        JournalError: it cannot be read, and may hold the draft of a policy that is not made yet.
    """
    inline = [each.name for each in identity.policies if each.inline]
    if not inline and identity.problem:
        context.session.notify(identity.problem, "warning")
        return None
    begun = await _begun(context, identity, inline)
    if len(inline) == 1 and not begun:
        return PolicyChoice(inline[0])
    return await _ask(context, identity, key, begun)


async def _ask(
    context: Context, identity: Identity, key: Key | None, begun: list[str]
) -> PolicyChoice | None:
    items = [_policy_item(each) for each in identity.policies if each.inline]
    items += [MenuItem(name, name, detail="a draft; not made yet") for name in begun]
    items.append(MenuItem(_NEW, "New inline policy…", off=no_changes(context) or ""))
    items += [_policy_item(each) for each in identity.policies if not each.inline]
    title = f"Policies of role {identity.name}"
    if not any(each.inline for each in identity.policies):
        title = f"Role {identity.name} has no inline policy"
    chosen = await context.app.push_screen_wait(Menu(title, items))
    if chosen == _NEW:
        from kmstui.ui.editing.role_creation import create_policy

        return await create_policy(context, identity, key)
    return None if chosen is None else PolicyChoice(chosen)


async def _begun(context: Context, identity: Identity, inline: list[str]) -> list[str]:
    """Names of policies that were typed and never saved, and are not among the role's."""
    scope = context.session.scope
    if scope is None:
        return []
    start = role_subject(identity.name, "")
    drafts = await context.session.journal.drafts(scope)
    names = (each.subject.removeprefix(start) for each in drafts if each.subject.startswith(start))
    return [name for name in names if name not in inline]


def _policy_item(policy: IdentityPolicy) -> MenuItem:
    off = "" if policy.inline else "A managed policy is shared with others: edit it in IAM."
    return MenuItem(policy.name, policy.name, detail="inline" if policy.inline else "", off=off)
