"""Puts the embedded AWS together: the child's composition root."""

from __future__ import annotations

import gc
import time

from moto.iam.models import iam_backends

from kmstui.demo.access.callers import CallerRegistry
from kmstui.demo.front.faults import Faults, Latency
from kmstui.demo.front.quotas import Quotas
from kmstui.demo.front.request_log import RequestLog
from kmstui.demo.front.state import EmbeddedState
from kmstui.demo.kms.service import KmsService
from kmstui.demo.kms.store import Stores
from kmstui.demo.services.access_analyzer import AccessAnalyzerService
from kmstui.demo.services.cloudtrail import CloudTrailService
from kmstui.demo.services.metadata import MetadataService
from kmstui.demo.services.moto_app import MotoApplication
from kmstui.demo.services.sts import StsService
from kmstui.demo.services.tagging_api import TaggingService
from kmstui.demo.world.extra import fill_extra
from kmstui.demo.world.keys import build_keys
from kmstui.demo.world.people import INSTANCE_ROLE, PARTNER, build_people


def assemble(
    *, account: str, region: str, latency: float, quotas: bool, seed: int
) -> EmbeddedState:
    """The whole state, the world in it, extra keys not yet."""
    callers, stores, log, moto = CallerRegistry(), Stores(), RequestLog(), MotoApplication()
    cloudtrail = CloudTrailService(log)
    credentials = build_people(account, callers, {})

    def build_world() -> None:
        now = time.time()
        cloudtrail.seed(build_keys(stores, callers, credentials, account, region, now))

    def reset_world() -> None:
        for store in stores.all():
            store.clear_world()
        for owner in (account, PARTNER):
            iam_backends[owner].reset()
        build_people(account, callers, credentials)
        build_world()

    build_world()
    return EmbeddedState(
        account=account,
        region=region,
        callers=callers,
        credentials=credentials,
        stores=stores,
        kms=KmsService(stores),
        sts=StsService(callers, moto),
        tagging=TaggingService(stores),
        cloudtrail=cloudtrail,
        access_analyzer=AccessAnalyzerService(),
        metadata=MetadataService(region, account, INSTANCE_ROLE, credentials["instance"]),
        moto=moto,
        quotas=Quotas(enabled=quotas),
        latency=Latency(latency),
        faults=Faults(),
        log=log,
        reset_world=reset_world,
    )


def fill(state: EmbeddedState, count: int, seed: int) -> None:
    """Add ``count`` extra keys in the instance's Region, then say that all are there."""
    fill_extra(state.stores.of(state.account, state.region), count, seed)
    # 100,000 keys live as long as the process: the collector need not look at them again.
    gc.collect()
    gc.freeze()
    state.filled.set()
