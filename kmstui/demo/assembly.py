"""Puts the embedded AWS together: the child's composition root."""

from __future__ import annotations

import time

from moto.iam.models import iam_backends

from kmstui import gc_tuning
from kmstui.demo.access.context import CallerRegistry
from kmstui.demo.embedded import EmbeddedOptions
from kmstui.demo.front.cloudtrail import CloudTrailService, RequestLog
from kmstui.demo.front.ec2 import Ec2Service
from kmstui.demo.front.quotas import Quotas
from kmstui.demo.front.resources import ResourceService
from kmstui.demo.front.state import EmbeddedState
from kmstui.demo.front.sts import MotoApplication, StsService
from kmstui.demo.kms.service import KmsService
from kmstui.demo.kms.store import Stores
from kmstui.demo.world.building import Builder
from kmstui.demo.world.difficult import add_difficult_keys
from kmstui.demo.world.documented import add_managed_keys, add_service_keys, add_workshop_keys
from kmstui.demo.world.elsewhere import (
    ANALYTICS,
    REGIONS,
    SANDBOX,
    add_keys_elsewhere,
    build_others,
)
from kmstui.demo.world.endpoints import vpc_endpoints
from kmstui.demo.world.events import history
from kmstui.demo.world.everyday import add_everyday_keys, fill_extra
from kmstui.demo.world.people import PARTNER, build_people
from kmstui.demo.world.resources import configured_resources


def assemble(account: str, options: EmbeddedOptions) -> EmbeddedState:
    """The whole state, the world in it, extra keys not yet."""
    callers, stores, log, moto = CallerRegistry(), Stores(), RequestLog(), MotoApplication()
    cloudtrail = CloudTrailService(log)
    region = options.region
    credentials = build_people(account, callers, {})
    if options.elsewhere:
        credentials |= build_others(account, callers, {})

    def build_world() -> None:
        build = Builder(stores, account, region, time.time())
        imported = add_workshop_keys(build)
        add_managed_keys(build)
        used = {**add_service_keys(build), **add_everyday_keys(build)}
        add_difficult_keys(build)
        if options.elsewhere:
            add_keys_elsewhere(stores, account, region, time.time())
        cloudtrail.seed(history(build, callers, credentials, used, imported))

    def reset_world() -> None:
        for store in stores.all():
            store.clear_world()
        for owner in (account, PARTNER, ANALYTICS, SANDBOX):
            iam_backends[owner].reset()
        build_people(account, callers, credentials)
        if options.elsewhere:
            build_others(account, callers, credentials)
        build_world()

    build_world()
    # The keys of a world built anew have the same IDs.
    resources = configured_resources(Builder(stores, account, region, time.time()))
    return EmbeddedState(
        account=account,
        region=region,
        callers=callers,
        credentials=credentials,
        stores=stores,
        kms=KmsService(stores),
        sts=StsService(callers, moto),
        cloudtrail=cloudtrail,
        ec2=Ec2Service(account, region, vpc_endpoints(account)),
        resources=ResourceService(account, region, resources),
        moto=moto,
        quotas=Quotas(enabled=options.quotas),
        latency=options.latency,
        log=log,
        reset_world=reset_world,
    )


def fill(state: EmbeddedState, options: EmbeddedOptions) -> None:
    """Add the extra keys in the instance's Region, then say that all are there."""
    places = [(state.account, state.region)]
    if options.everywhere:
        places = [(who, where) for who in (state.account, ANALYTICS, SANDBOX) for where in REGIONS]
    for number, place in enumerate(places):
        fill_extra(state.stores.of(*place), options.extra_keys, options.seed + number)
    # 100,000 keys live as long as the process: the collector need not look at them again.
    gc_tuning.keep()
    state.filled.set()
