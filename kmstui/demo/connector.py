"""The demo's connection: starts the embedded KMS, and then is as any other."""

from __future__ import annotations

import asyncio
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
        self._starting = asyncio.Lock()

    async def connect(self, target: Target) -> Gateway:
        """Start the embedded KMS if it does not run yet, then connect to it.

        Raises:
            AwsError: it cannot be started, or the connection cannot be made.
        """
        async with self._starting:
            if self._embedded is None:
                self._embedded = await on_own_thread("kmstui-start", self._start)
                environment = self._embedded.environment_in(self._options.scratch)
                replace_aws_environment(os.environ, environment)
        # The variables that decide on it are not the person's.
        asked, by = target.region or self._embedded.region, target.region and target.region_from
        return await self._inner.connect(
            Target(
                target.profile if self._options.elsewhere else "",
                asked,
                region_from=by or "demo",
                role=target.role,
            )
        )

    def _start(self) -> EmbeddedKms:
        try:
            return EmbeddedKms.start(self._options)
        except EmbeddedError as error:
            raise NetworkError(str(error)) from error

    async def profiles(self) -> tuple[str, ...]:
        """One for each account of the demo; none before it has started."""
        return await self._inner.profiles() if self._embedded and self._options.elsewhere else ()

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
