"""All the world's keys, and CloudTrail's memory of them."""

from __future__ import annotations

from collections.abc import Mapping

from kmstui.demo.access.callers import CallerRegistry, Credentials
from kmstui.demo.kms.store import Stores
from kmstui.demo.services.cloudtrail import TrailEvent
from kmstui.demo.world.building import Builder
from kmstui.demo.world.difficult import add_difficult_keys
from kmstui.demo.world.everyday import add_everyday_keys
from kmstui.demo.world.history import history
from kmstui.demo.world.managed import add_managed_keys
from kmstui.demo.world.service_use import add_service_keys
from kmstui.demo.world.workshop import add_workshop_keys


def build_keys(
    stores: Stores,
    callers: CallerRegistry,
    credentials: Mapping[str, Credentials],
    account: str,
    region: str,
    now: float,
) -> list[TrailEvent]:
    """Fill the account; returns what CloudTrail remembers of the time before ``now``."""
    build = Builder(stores, account, region, now)
    add_workshop_keys(build)
    add_managed_keys(build)
    used = {**add_service_keys(build), **add_everyday_keys(build)}
    add_difficult_keys(build)
    return list(history(build, callers, credentials, used))
