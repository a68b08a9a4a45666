"""One connection with every operation that kmstui uses."""

from __future__ import annotations

from kmstui.aws.api.aliases import AliasApi
from kmstui.aws.api.analyzer import AnalyzerApi
from kmstui.aws.api.custom_key_stores import CustomKeyStoreApi
from kmstui.aws.api.dry_runs import DryRunApi
from kmstui.aws.api.events import EventApi
from kmstui.aws.api.grants import GrantApi
from kmstui.aws.api.identities import IdentityApi
from kmstui.aws.api.key_material import KeyMaterialApi
from kmstui.aws.api.keys import KeyApi
from kmstui.aws.api.lifecycle import LifecycleApi
from kmstui.aws.api.organizations import OrganizationApi
from kmstui.aws.api.places import PlaceApi
from kmstui.aws.api.policies import PolicyApi
from kmstui.aws.api.resources import ResourceApi
from kmstui.aws.api.tags import TagApi
from kmstui.aws.api.vpc_endpoints import VpcEndpointApi
from kmstui.aws.calls import Calls
from kmstui.model import ConnectionInfo


class AwsGateway(
    KeyApi,
    AliasApi,
    TagApi,
    PolicyApi,
    LifecycleApi,
    KeyMaterialApi,
    CustomKeyStoreApi,
    GrantApi,
    DryRunApi,
    EventApi,
    IdentityApi,
    AnalyzerApi,
    OrganizationApi,
    PlaceApi,
    VpcEndpointApi,
    ResourceApi,
):
    """Implements `kmstui.service.ports.Gateway`."""

    def __init__(self, info: ConnectionInfo, calls: Calls) -> None:
        super().__init__(calls)
        self.info = info

    def hold_background(self) -> None:
        self._calls.hold_background()

    def close(self) -> None:
        self._calls.close()
