"""One connection with every operation that kmstui uses."""

from __future__ import annotations

from kmstui.aws.aliases import Aliases
from kmstui.aws.analyzer import Analyzer
from kmstui.aws.calls import Calls
from kmstui.aws.events import Events
from kmstui.aws.grants import Grants
from kmstui.aws.identities import Identities
from kmstui.aws.keys import Keys
from kmstui.aws.lifecycle import Lifecycle
from kmstui.aws.policies import Policies
from kmstui.aws.tags import Tags
from kmstui.aws.turns import Hold
from kmstui.model.caller import ConnectionInfo


class AwsGateway(Keys, Aliases, Tags, Policies, Lifecycle, Grants, Events, Identities, Analyzer):
    """Implements `kmstui.service.ports.Gateway`."""

    def __init__(self, info: ConnectionInfo, calls: Calls, hold: Hold) -> None:
        super().__init__(calls)
        self.info = info
        self._hold = hold

    def hold_background(self) -> None:
        """See `InventoryGateway`."""
        self._hold.press()

    def close(self) -> None:
        """See `Gateway`."""
        self._calls.close()
