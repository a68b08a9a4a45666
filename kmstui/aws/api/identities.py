"""Who is asking, and roles and users with the IAM policies that apply to them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import unquote

from kmstui.aws.api.base import IAM, ApiBase, Listing
from kmstui.aws.calls import Calls, Response
from kmstui.aws.calls import operations as op
from kmstui.model import Arn, Caller, Identity, IdentityPolicy
from kmstui.service.errors import (
    FailedError,
    InvalidInputError,
    NotFoundError,
)

T = TypeVar("T")

_PAGE = 1000


class IdentityApi(ApiBase):
    """Reads of identities, and the change of a role's inline policy."""

    async def caller(self) -> Caller:
        return await self._calls.send(op.GET_CALLER_IDENTITY, {}, _caller)

    async def role_names(self) -> tuple[str, ...]:
        return await self._arns(op.LIST_ROLES, "Roles")

    async def user_names(self) -> tuple[str, ...]:
        return await self._arns(op.LIST_USERS, "Users")

    async def identity(self, arn: str) -> Identity:
        """See `IdentityGateway`.

        Raises:
            InvalidInputError: `arn` is not of a role or user.
            NotFoundError: there is no such identity.
        """
        kind, name = _kind_and_name(arn)
        reader = _IdentityReader(self._calls)
        detail = op.GET_ROLE if kind == "role" else op.GET_USER
        member = kind.capitalize()
        (own, boundary_arn), inline, attached, of_groups = await asyncio.gather(
            reader.part(
                "its permissions boundary",
                self._calls.send(detail, {f"{member}Name": name}, _arn_and_boundary(member)),
                (arn, ""),
                all_of_it=True,
            ),
            reader.inline(_OWN[kind], {f"{member}Name": name}),
            reader.attached(_OWN[kind], {f"{member}Name": name}),
            reader.of_groups(name) if kind == "user" else _none(),
        )
        boundary = await reader.managed((boundary_arn,)) if boundary_arn else ()
        return Identity(
            # IAM finds by name: what was asked for may lack the path, or be of another account.
            own,
            name,
            kind,
            _once(inline + attached + of_groups),
            boundary[0] if boundary else None,
            reader.problem,
        )

    async def put_role_policy(self, role_name: str, policy_name: str, text: str) -> None:
        await self._change(
            op.PUT_ROLE_POLICY, RoleName=role_name, PolicyName=policy_name, PolicyDocument=text
        )

    async def get_role_policy(self, role_name: str, policy_name: str) -> IdentityPolicy:
        params = {"RoleName": role_name, "PolicyName": policy_name}
        return await self._calls.send(op.GET_ROLE_POLICY, params, _inline)

    async def _arns(self, operation: op.Operation, member: str) -> tuple[str, ...]:
        listing = Listing(
            operation,
            {"MaxItems": _PAGE},
            IAM,
            lambda response: response.readable(member, lambda each: each.text("Arn")),
        )
        return tuple(sorted(set(await listing.everything(self._calls))))


@dataclass(frozen=True, slots=True)
class _Holder:
    """The operations that read the policies of a kind of identity."""

    list_inline: op.Operation
    get_inline: op.Operation
    list_attached: op.Operation


_OWN = {
    "role": _Holder(op.LIST_ROLE_POLICIES, op.GET_ROLE_POLICY, op.LIST_ATTACHED_ROLE_POLICIES),
    "user": _Holder(op.LIST_USER_POLICIES, op.GET_USER_POLICY, op.LIST_ATTACHED_USER_POLICIES),
}
_GROUP = _Holder(op.LIST_GROUP_POLICIES, op.GET_GROUP_POLICY, op.LIST_ATTACHED_GROUP_POLICIES)


@dataclass(slots=True)
class _IdentityReader:
    """One identity being read; a part that is refused becomes a problem and hides no other."""

    calls: Calls
    _problems: dict[str, None] = field(default_factory=dict)

    @property
    def problem(self) -> str:
        """What could not be read, each cause once."""
        return " ".join(self._problems)

    async def part(
        self, what: str, reading: Awaitable[T], otherwise: T, *, all_of_it: bool = False
    ) -> T:
        """A part of the identity, or `otherwise` with the reason kept.

        Args:
            what: The part's name in the reason.
            reading: What to wait for.
            otherwise: What stands for a part that is refused.
            all_of_it: Whether there is no identity where this part does not exist.
        """
        try:
            return await reading
        except FailedError as error:
            if all_of_it and isinstance(error, NotFoundError):
                raise
            self._problems[f"Not read: {what} ({error.sentence.rstrip('.')})."] = None
            return otherwise

    async def inline(self, holder: _Holder, who: dict[str, str]) -> tuple[IdentityPolicy, ...]:
        """The inline policies of a role, user or group."""
        names = await self._listed(
            "inline policies",
            holder.list_inline,
            who,
            lambda response: response.texts("PolicyNames"),
        )
        return await self._each(
            "inline policy",
            names,
            lambda name: self.calls.send(holder.get_inline, {**who, "PolicyName": name}, _inline),
        )

    async def attached(self, holder: _Holder, who: dict[str, str]) -> tuple[IdentityPolicy, ...]:
        """The managed policies attached to a role, user or group."""
        found = await self._listed("attached policies", holder.list_attached, who, _attached)
        for arn, problem in found:
            if not arn:
                self._problems[f"Not read: an attached policy ({problem})."] = None
        return await self.managed(arn for arn, _ in found if arn)

    async def managed(self, arns: Iterable[str]) -> tuple[IdentityPolicy, ...]:
        """The default versions of managed policies."""
        return await self._each("managed policy", arns, self._managed)

    async def of_groups(self, user: str) -> tuple[IdentityPolicy, ...]:
        """The policies that a user has from groups."""
        groups = await self._listed(
            "groups",
            op.LIST_GROUPS_FOR_USER,
            {"UserName": user},
            lambda response: response.each("Groups", lambda each: each.text("GroupName")),
        )
        parts = await asyncio.gather(
            *(self.inline(_GROUP, {"GroupName": group}) for group in groups),
            *(self.attached(_GROUP, {"GroupName": group}) for group in groups),
        )
        return tuple(policy for part in parts for policy in part)

    async def _listed(
        self,
        what: str,
        operation: op.Operation,
        who: dict[str, str],
        read: Callable[[Response], tuple[T, ...]],
    ) -> tuple[T, ...]:
        listing = Listing(operation, {**who, "MaxItems": _PAGE}, IAM, read)
        return await self.part(what, listing.everything(self.calls), ())

    async def _each(
        self, what: str, names: Iterable[str], read: Callable[[str], Awaitable[IdentityPolicy]]
    ) -> tuple[IdentityPolicy, ...]:
        parts = (self.part(f"{what} {name}", read(name), None) for name in names)
        return tuple(policy for policy in await asyncio.gather(*parts) if policy is not None)

    async def _managed(self, arn: str) -> IdentityPolicy:
        name, version = await self.calls.send(op.GET_POLICY, {"PolicyArn": arn}, _default_version)
        text = await self.calls.send(
            op.GET_POLICY_VERSION, {"PolicyArn": arn, "VersionId": version}, _version_text
        )
        return IdentityPolicy(name or arn.rpartition("/")[2], text, inline=False, arn=arn)


def _kind_and_name(arn: str) -> tuple[str, str]:
    parsed = Arn.maybe(arn)
    kind = parsed.resource_type if parsed else ""
    if parsed is None or parsed.service != "iam" or kind not in _OWN or not parsed.name:
        raise InvalidInputError(
            f"“{arn}” is not the ARN of a role or user",
            "Name one like arn:aws:iam::ACCOUNT:role/NAME.",
        )
    # The API takes names without their path.
    return kind, parsed.name.rsplit("/", 1)[-1]


async def _none() -> tuple[IdentityPolicy, ...]:
    return ()


def _once(policies: tuple[IdentityPolicy, ...]) -> tuple[IdentityPolicy, ...]:
    # The same managed policy may be attached to a user and to several of the user's groups.
    return tuple(dict.fromkeys(policies))


def _caller(response: Response) -> Caller:
    arn = response.text("Arn")
    parsed = Arn.maybe(arn)
    account = response.optional_text("Account") or (parsed.account if parsed else "")
    return Caller(account or response.text("Account"), arn, response.optional_text("UserId"))


def _arn_and_boundary(member: str) -> Callable[[Response], tuple[str, str]]:
    def read(response: Response) -> tuple[str, str]:
        own = response.structure(member)
        boundary = own.optional_structure("PermissionsBoundary")
        limit = boundary.optional_text("PermissionsBoundaryArn") if boundary else ""
        return own.text("Arn"), limit

    return read


def _attached(response: Response) -> tuple[tuple[str, str], ...]:
    """The ARNs of managed policies, each with why it could not be read where it is empty."""
    return response.readable(
        "AttachedPolicies", lambda each: (each.text("PolicyArn"), ""), lambda why: ("", why)
    )


def _inline(response: Response) -> IdentityPolicy:
    return IdentityPolicy(response.text("PolicyName"), _document(response, "PolicyDocument"), True)


def _default_version(response: Response) -> tuple[str, str]:
    policy = response.structure("Policy")
    return policy.optional_text("PolicyName"), policy.text("DefaultVersionId")


def _version_text(response: Response) -> str:
    return _document(response.structure("PolicyVersion"), "Document")


def _document(response: Response, name: str) -> str:
    """IAM sends policy documents URL-encoded (RFC 3986; IAM API Reference, GetRolePolicy)."""
    value = response.raw(name)
    if isinstance(value, dict):
        # A botocore that decodes them in a way that we could not turn off.
        return json.dumps(value, indent=4)
    text = response.text(name)
    # A text that is not encoded (other implementations of IAM) may hold percent signs of its own.
    return text if text.lstrip().startswith("{") else unquote(text)
