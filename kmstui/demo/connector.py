"""The demo's connection: starts the embedded KMS, and then is as any other."""

from __future__ import annotations

import os
from collections.abc import Mapping, MutableMapping

from kmstui.demo.embedded import EmbeddedError, EmbeddedKms, EmbeddedOptions
from kmstui.own_thread import on_own_thread
from kmstui.service.errors import NetworkError
from kmstui.service.ports import Connector, Gateway, Target


class DemoConnector:
    """Starts the embedded KMS at the first connection, so that the screen is there before it.

    The program's AWS environment is replaced as a whole: a demo can never reach an account.
    """

    def __init__(self, inner: Connector, options: EmbeddedOptions) -> None:
        self._inner = inner
        self._options = options
        self._embedded: EmbeddedKms | None = None

    async def connect(self, target: Target) -> Gateway:
        """Start the embedded KMS if it does not run yet, then connect to it.

        Raises:
            AwsError: it cannot be started, or the connection cannot be made.
        """
        if self._embedded is None:
            self._embedded = await on_own_thread("kmstui-start", self._start)
            replace_aws_environment(os.environ, self._embedded.environment)
        # The variables that decide on it are not the person's.
        asked, by = target.region or self._embedded.region, target.region and target.region_from
        return await self._inner.connect(Target(region=asked, region_from=by or "demo"))

    def _start(self) -> EmbeddedKms:
        try:
            return EmbeddedKms.start(self._options)
        except EmbeddedError as error:
            raise NetworkError(str(error)) from error

    async def profiles(self) -> tuple[str, ...]:
        """None: the demo knows no profiles."""
        return ()

    async def regions(self, partition: str = "aws") -> tuple[str, ...]:
        """As anywhere."""
        return await self._inner.regions(partition)

    async def sign_in_command(self, target: Target) -> tuple[str, ...]:
        """None: the demo's credentials never end."""
        return ()

    def stop(self) -> None:
        """Stop the embedded KMS."""
        if self._embedded is not None:
            self._embedded.stop()


def replace_aws_environment(
    environ: MutableMapping[str, str], replacement: Mapping[str, str]
) -> None:
    """Drop every AWS variable, then set those given."""
    for name in [name for name in environ if name.startswith("AWS_")]:
        del environ[name]
    environ.update(replacement)
