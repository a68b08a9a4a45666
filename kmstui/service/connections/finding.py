"""Which connections stand behind "all": accounts, enabled Regions, and those that hold keys.

What is denied is told as a sentence, and something else is asked or assumed in its place.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial

from kmstui.model import KeyPlaces
from kmstui.service.errors import FailedError
from kmstui.service.ports import ALL, Connector, Gateway, Target

CONNECTING_AT_ONCE = 4
"""Making clients takes the processor of the AWS process, which the first keys need too."""

_EXPLORER_MISSES = (
    "It can be hours behind (up to 36 after it was turned on), and leaves out what its default view"
    " leaves out."
)
"""Sources: Resource Explorer User Guide, "Setting up and configuring" and "Troubleshooting"."""


@dataclass(frozen=True, slots=True)
class Found:
    """What else a target means besides its nearest connection."""

    targets: tuple[Target, ...]
    words: str = ""
    """What should be known of how these were found, as a sentence; empty where AWS told them."""


def nearest_of(wanted: Target) -> Target:
    """The connection over which the others are asked for: the profile's own account and Region."""
    region = "" if wanted.region == ALL else wanted.region
    role = "" if wanted.accounts == ALL else wanted.role
    return replace(wanted, region=region, role=role, accounts="")


async def find_others(gateway: Gateway, wanted: Target, connector: Connector) -> Found:
    """The connections that `wanted` means besides its nearest, which `gateway` is.

    One to another account may mean all Regions again.

    Raises:
        ServiceError: the accounts of the organization cannot be listed, or the connection is gone.
    """
    others: list[Target] = []
    if wanted.accounts == ALL:
        own = (await gateway.caller()).account
        accounts = [each for each in await gateway.account_ids() if each != own]
        if accounts:
            others += replace(wanted, accounts=",".join(accounts)).each
        # The account at hand needs no role.
        wanted = replace(wanted, accounts="", role="")
    if wanted.region != ALL:
        return Found(tuple(others))
    regions, words = await enabled_regions(gateway, connector)
    others += [replace(wanted, region=each) for each in regions if each != gateway.info.region]
    return Found(tuple(others), words)


async def enabled_regions(gateway: Gateway, connector: Connector) -> tuple[tuple[str, ...], str]:
    """The account's enabled Regions, and a sentence where AWS may tell them to nobody who asks.

    Raises:
        CancelledByPersonError: the connection is gone.
    """
    problems = []
    for ask in (gateway.enabled_regions, gateway.usable_regions):
        try:
            return await ask(), ""
        except FailedError as error:
            problems.append(error.sentence)
    regions = await connector.regions(gateway.info.partition)
    return regions, (
        f"Which Regions are enabled is not known, so all {len(regions)} are tried where boto3 knows"
        f" KMS; those that are not enabled are refused. {' '.join(problems)}"
    )


async def find_key_places(
    gateway: Gateway, connect: Callable[[str], Awaitable[Gateway]]
) -> tuple[KeyPlaces | None, str]:
    """Where the account's keys are, as an index of AWS's knows it; or None, and why.

    Resource Explorer's aggregator index is asked first, then a Config aggregator of this Region.

    Args:
        gateway: The account's nearest connection.
        connect: Opens one to another Region of it.

    Raises:
        CancelledByPersonError: the connection is gone.
    """
    problems = []
    for ask in (partial(_in_explorer, gateway, connect), gateway.recorded_key_places):
        try:
            found = await ask()
        except FailedError as error:
            problems.append(error.sentence)
            continue
        if found is not None:
            return found, " ".join(problems)
    return None, " ".join(problems)


async def _in_explorer(
    gateway: Gateway, connect: Callable[[str], Awaitable[Gateway]]
) -> KeyPlaces | None:
    indexes = await gateway.resource_indexes()
    home = indexes.aggregator
    if not home:
        return None
    account = (await gateway.caller()).account
    if home == gateway.info.region:
        regions = await gateway.indexed_key_regions(account)
    else:
        there = await connect(home)
        try:
            regions = await there.indexed_key_regions(account)
        finally:
            there.close()
    if regions is None:
        return None
    return KeyPlaces(
        f"Resource Explorer's aggregator index in {home}",
        _EXPLORER_MISSES,
        frozenset((account, each) for each in indexes.regions),
        frozenset((account, each) for each in regions),
    )
