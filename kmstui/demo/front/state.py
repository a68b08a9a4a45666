"""Everything the front serves from, put together once when the child starts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from kmstui.demo.access.callers import CallerRegistry, Credentials
from kmstui.demo.access.context import Network
from kmstui.demo.front.faults import Faults, Latency
from kmstui.demo.front.quotas import Quotas
from kmstui.demo.front.request_log import RequestLog
from kmstui.demo.kms.service import KmsService
from kmstui.demo.kms.store import Stores
from kmstui.demo.services.access_analyzer import AccessAnalyzerService
from kmstui.demo.services.cloudtrail import CloudTrailService
from kmstui.demo.services.metadata import MetadataService
from kmstui.demo.services.moto_app import MotoApplication
from kmstui.demo.services.sts import StsService
from kmstui.demo.services.tagging_api import TaggingService


@dataclass(slots=True)
class EmbeddedState:
    """The world and the switches on it."""

    account: str
    region: str
    callers: CallerRegistry
    credentials: Mapping[str, Credentials]
    stores: Stores
    kms: KmsService
    sts: StsService
    tagging: TaggingService
    cloudtrail: CloudTrailService
    access_analyzer: AccessAnalyzerService
    metadata: MetadataService
    moto: MotoApplication
    quotas: Quotas
    latency: Latency
    faults: Faults
    log: RequestLog
    reset_world: Callable[[], None]
    network: Network = field(default_factory=Network)
    filled: threading.Event = field(default_factory=threading.Event)
    """Set once the extra keys are all there."""
