"""One connection with every operation that kmstui uses."""

from __future__ import annotations

from kmstui.aws.api.aliases import Aliases
from kmstui.aws.api.analyzer import Analyzer
from kmstui.aws.api.events import Events
from kmstui.aws.api.grants import Grants
from kmstui.aws.api.identities import Identities
from kmstui.aws.api.keys import Keys
from kmstui.aws.api.lifecycle import Lifecycle
from kmstui.aws.api.policies import Policies
from kmstui.aws.api.tags import Tags
from kmstui.aws.calls.call import Calls
from kmstui.model.caller import ConnectionInfo


class AwsGateway(Keys, Aliases, Tags, Policies, Lifecycle, Grants, Events, Identities, Analyzer):
    """Implements `kmstui.service.ports.Gateway`."""

    def __init__(self, info: ConnectionInfo, calls: Calls) -> None:
        super().__init__(calls)
        self.info = info

    def hold_background(self) -> None:
        """See `InventoryGateway`."""
        self._calls.hold_background()

    def close(self) -> None:
        """See `Gateway`."""
        self._calls.close()
