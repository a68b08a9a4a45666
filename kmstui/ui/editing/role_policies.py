"""A role and its inline policies: which one to edit, a new one, one action taken from it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass

from kmstui.model import Arn, Identity, IdentityPolicy, Key
from kmstui.policy.access import possible_actions
from kmstui.policy.authoring import CannotTakeError, allows, role_templates, without_action
from kmstui.service.editing import RolePolicyTarget, role_subject, roles_to_offer
from kmstui.service.errors import ServiceError, unless_refused
from kmstui.ui.commands import Context, no_changes
from kmstui.ui.dialogs import Line, Menu, MenuItem, QuestionDialog
from kmstui.ui.editing.reading_dialog import read_in_front

_SOON = ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:Sign")
"""What is taken most often, so that it stands first."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What is left of an inline policy once an action is taken from it."""

    policy: str
    text: str
    elsewhere: tuple[str, ...]
    """Names of the role's other policies that allow the action still."""


async def choose_role(context: Context, key: Key | None, heading: str) -> Identity | None:
    """Let the person choose a role, and read it.

    Raises:
        ServiceError: it cannot be read, or the person stopped the reading.
    """
    chosen = await ask_for_role(context, key, heading)
    if chosen is None:
        return None
    reading = context.session.of(chosen).gateway.identity(chosen)
    return await read_in_front(context, f"role {_role_name(chosen)}", reading)


async def ask_for_role(context: Context, key: Key | None, heading: str) -> str | None:
    """The ARN of a role: the caller's, one that the key policy names, or another of the account.

    Raises:
        CancelledByPersonError: the person stopped the reading, or the connection is gone.
    """
    session = context.session.of(key.id if key is not None else "")

    def refused(error: ServiceError) -> tuple[str, ...]:
        # The caller's own role and those of the key policy can still be offered.
        session.notify(error.sentence, "warning")
        return ()

    def read() -> Awaitable[tuple[str, ...]]:
        return read_in_front(context, "the roles of the account", session.gateway.role_names())

    others = await unless_refused(read, refused)
    roles = roles_to_offer(session, key, others)
    if not roles:
        session.notify(
            "No role is known: you are not using one, the key policy names none, and the"
            " account's roles may not be listed.",
            "warning",
        )
        return None
    account = session.scope.account if session.scope is not None else ""
    return await context.app.push_screen_wait(
        Menu(heading, [_role_item(arn, account) for arn in roles])
    )


def _role_item(arn: str, account: str) -> MenuItem:
    """A role of another account is off: IAM would be asked for this account's of that name."""
    parsed = Arn.maybe(arn)
    off = ""
    if parsed is not None and account and parsed.account != account:
        off = f"It belongs to account {parsed.account}: read and edit its policies there."
    return MenuItem(arn, _role_name(arn), detail=arn, off=off)


def _role_name(arn: str) -> str:
    parsed = Arn.maybe(arn)
    return arn if parsed is None else parsed.name.rsplit("/", 1)[-1]


async def choose_action(context: Context, identity: Identity, key: Key | None) -> str | None:
    """One of the KMS actions that some policy of the role allows."""
    allowed = [
        action
        for action in possible_actions(*_usage_and_spec(key))
        if any(allows(each.text, action) for each in identity.policies)
    ]
    if not allowed:
        context.session.notify(f"No policy of role {identity.name} allows any KMS action.")
        return None
    allowed.sort(
        key=lambda action: (_SOON.index(action) if action in _SOON else len(_SOON), action)
    )
    items = [MenuItem(action, action.removeprefix("kms:")) for action in allowed]
    return await context.app.push_screen_wait(
        Menu(f"Take which action from role {identity.name}? Type to narrow", items)
    )


def _usage_and_spec(key: Key | None) -> tuple[str, str]:
    metadata = key.metadata if key is not None else None
    return (metadata.usage, metadata.spec) if metadata else ("", "")


def take_action(identity: Identity, action: str) -> Taken:
    """Take an action from the first inline policy of a role that allows it.

    Raises:
        CannotTakeError: it cannot be done by editing an inline policy; says why.
    """
    holders = [each for each in identity.policies if allows(each.text, action)]
    inline = next((each for each in holders if each.inline), None)
    if inline is None:
        names = ", ".join(each.name for each in holders)
        raise CannotTakeError(
            f"{action} is allowed by the managed policy {names}, which is shared with others:"
            " edit it in IAM, or take it from the role there."
        )
    return Taken(
        inline.name,
        without_action(inline.text, action),
        tuple(each.name for each in holders if each is not inline),
    )


def target_for(
    context: Context, identity: Identity, policy: str, key: Key | None
) -> RolePolicyTarget:
    """The inline policy as something to edit."""
    disabled: Sequence[str] = context.app.options.disable
    return RolePolicyTarget(context.session, identity, policy, key, disabled)


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
        return await create_policy(context, identity, key)
    return None if chosen is None else PolicyChoice(chosen)


async def _begun(context: Context, identity: Identity, inline: list[str]) -> list[str]:
    """Names of policies that were typed and never saved, and are not among the role's."""
    session = context.session.of(identity.arn)
    scope = session.scope
    if scope is None:
        return []
    start = role_subject(identity.name, "")
    drafts = await session.journal.drafts(scope)
    names = (each.subject.removeprefix(start) for each in drafts if each.subject.startswith(start))
    return [name for name in names if name not in inline]


def _policy_item(policy: IdentityPolicy) -> MenuItem:
    off = "" if policy.inline else "A managed policy is shared with others: edit it in IAM."
    return MenuItem(policy.name, policy.name, detail="inline" if policy.inline else "", off=off)


_NAME = re.compile(r"[\w+=,.@-]{1,128}", re.ASCII)
"""What PutRolePolicy takes as PolicyName (IAM API Reference)."""


async def create_policy(
    context: Context, identity: Identity, key: Key | None
) -> PolicyChoice | None:
    """Ask for name and beginning; nothing is sent before it was edited and reviewed."""
    taken = {each.name for each in identity.policies if each.inline}
    name = await context.app.push_screen_wait(
        QuestionDialog(
            f"A new inline policy of role {identity.name}",
            "Its name. It is made when you have reviewed and saved it.",
            yes="Go on",
            no="Leave",
            style="title",
            line=Line(
                value="" if "kms" in taken else "kms",
                placeholder="kms-2",
                check=lambda typed: _trouble(typed, taken, identity.name),
            ),
        )
    )
    if name is None:
        return None
    templates = role_templates(*_usage_and_spec(key))
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
