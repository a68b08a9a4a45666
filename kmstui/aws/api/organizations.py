"""What binds requests besides the key and its account: AWS Organizations and VPC endpoints.

https://docs.aws.amazon.com/organizations/latest/APIReference/. DescribeOrganization may be called
from any account of an organization, the others from its management account or a delegated
administrator's alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from kmstui.aws.api.base import ApiBase, Listing, Paging
from kmstui.aws.calls import Response
from kmstui.aws.calls import operations as op
from kmstui.model import AccountControls, ControlLevel, ControlPolicy
from kmstui.service.errors import (
    AccessDeniedError,
    FailedError,
    MalformedAnswerError,
    ServiceError,
)

_NEXT_TOKEN = Paging("NextToken", "NextToken")
_NO_ORGANIZATION = "AWSOrganizationsNotInUseException"
_SCP, _RCP = "SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"
_PLACES = {"ROOT": "the root", "ORGANIZATIONAL_UNIT": "the organizational unit"}

_Place = tuple[str, str]
"""The ID of a root, unit or account, and its words."""


class _Organization(NamedTuple):
    """What DescribeOrganization tells."""

    id: str
    management: str
    """The management account."""
    all_features: bool
    """Without, it is for one account's bills alone, and there are no control policies."""


class OrganizationApi(ApiBase):
    """Reads of control policies and of VPC endpoints' policies."""

    async def account_controls(self, account: str) -> AccountControls:
        found = AccountControls(account)
        try:
            asking, organization = await asyncio.gather(
                self._calls.send(op.GET_CALLER_IDENTITY, {}, _account), self._organization()
            )
            own = asking == account
            if organization is None and own:
                return _free(account, "")
            if organization is None:
                # Another account may be in an organization of its own.
                return replace(found, problem=f"the organization of {account} cannot be asked")
            if account == organization.management or (own and not organization.all_features):
                return _free(account, organization.id)
            if own:
                found = replace(found, organization=organization.id)
            places = await self._places(account)
            scps, rcps = await asyncio.gather(
                self._levels(places, _SCP), self._levels(places, _RCP)
            )
        except FailedError as error:
            return replace(found, problem=_short(error))
        # The account itself is not a part of aws:PrincipalOrgPaths.
        path = "/".join((organization.id, *(name for name, _ in places[:-1]), ""))
        return AccountControls(account, scps, rcps, organization=organization.id, path=path)

    async def _organization(self) -> _Organization | None:
        """The organization of who asks; None where the account is in none."""
        try:
            return await self._calls.send(op.DESCRIBE_ORGANIZATION, {}, _organization)
        except ServiceError as error:
            if error.context.code != _NO_ORGANIZATION:
                raise
            return None

    async def _places(self, account: str) -> tuple[_Place, ...]:
        """The root, the units below it and the account."""
        places = [(account, f"the account {account}")]
        kind = ""
        while kind != "ROOT":
            listing = Listing(op.LIST_PARENTS, {"ChildId": places[0][0]}, _NEXT_TOKEN, _parents)
            # "In the current release, a child can have only a single parent" (ListParents).
            parents = await listing.everything(self._calls)
            if not parents or any(parents[0][0] == known for known, _ in places):
                raise MalformedAnswerError(f"{places[0][0]} has no parent that leads to a root")
            name, kind = parents[0]
            places.insert(0, (name, f"{_PLACES.get(kind, kind.lower())} {name}"))
        return tuple(places)

    async def _levels(self, places: Iterable[_Place], kind: str) -> tuple[ControlLevel, ...]:
        """The levels of one type of policy; none where the type is not enabled.

        While it is, each root, unit and account has one at least
        (https://docs.aws.amazon.com/organizations/latest/userguide/orgs_policies_detach.html).
        """
        levels = await asyncio.gather(*(self._level(place, kind) for place in places))
        return tuple(levels) if levels[0].policies else ()

    async def _level(self, place: _Place, kind: str) -> ControlLevel:
        target, words = place
        listing = Listing(
            op.LIST_POLICIES_FOR_TARGET, {"TargetId": target, "Filter": kind}, _NEXT_TOKEN, _ids
        )
        ids = await listing.everything(self._calls)
        policies = await asyncio.gather(*(self._policy(each) for each in ids))
        return ControlLevel(words, tuple(policies))

    async def _policy(self, policy_id: str) -> ControlPolicy:
        return await self._calls.send(op.DESCRIBE_POLICY, {"PolicyId": policy_id}, _policy)


def _short(error: ServiceError) -> str:
    """Why control policies are not known, for the end of a sentence."""
    if isinstance(error, AccessDeniedError):
        return f"{error.context.operation} is denied"
    return f"{error.context.operation}: {error.reason}"


def _free(account: str, organization: str) -> AccountControls:
    """An account that nothing binds: it has no organization with all features, or manages it."""
    return AccountControls(account, (), (), organization=organization)


def _organization(response: Response) -> _Organization:
    organization = response.structure("Organization")
    return _Organization(
        organization.text("Id"),
        organization.text("MasterAccountId"),
        organization.optional_text("FeatureSet") in ("", "ALL"),
    )


def _account(response: Response) -> str:
    return response.text("Account")


def _parents(response: Response) -> tuple[tuple[str, str], ...]:
    return response.each("Parents", lambda each: (each.text("Id"), each.text("Type")))


def _ids(response: Response) -> tuple[str, ...]:
    return response.each("Policies", lambda each: each.text("Id"))


def _policy(response: Response) -> ControlPolicy:
    policy = response.structure("Policy")
    name = policy.structure("PolicySummary").text("Name")
    return ControlPolicy(name, policy.text("Content"))
