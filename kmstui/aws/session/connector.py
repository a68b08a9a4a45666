"""The door to AWS: connections, profiles, Regions.

Importing this module, or constructing the connector, imports neither boto3 nor botocore: they
take a quarter of a second, and a command that asks AWS nothing need not wait for them.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from kmstui.own_thread import on_own_thread
from kmstui.service.errors import InvalidInputError
from kmstui.service.ports import CallObserver, MfaPrompt, Target

if TYPE_CHECKING:
    from kmstui.aws.api import AwsGateway
    from kmstui.aws.session.open import Opener

_THREAD = "kmstui-connect"


class AwsConnector:
    """Implements `kmstui.service.ports.Connector`; what is asked first imports botocore."""

    def __init__(
        self,
        observer: CallObserver,
        mfa_prompt: MfaPrompt,
        *,
        read_only: bool = False,
        in_command: bool = False,
    ) -> None:
        """Keep what every connection needs.

        Args:
            observer: Told of every finished call, on the event loop.
            mfa_prompt: Asks for an MFA code; called on a worker thread.
            read_only: Refuse every operation that is not known to read only.
            in_command: A command without screens asks: errors name no key to press.
        """
        self._observer = observer
        self._mfa_prompt = mfa_prompt
        self._read_only = read_only
        self._in_command = in_command
        self._made: Opener | None = None
        self._lock = threading.Lock()

    async def connect(self, target: Target) -> AwsGateway:
        if target.is_several:
            raise InvalidInputError(
                "one account and one Region are needed here, and several are named",
                "Name one profile and one Region; the screens take several.",
            )
        # A person may be asked for an MFA code in it, and quitting must not wait for the answer.
        return await on_own_thread(_THREAD, lambda: self._opener().open(target))

    async def profiles(self) -> tuple[str, ...]:
        return await on_own_thread(_THREAD, lambda: self._opener().profiles())

    async def regions(self, partition: str = "aws") -> tuple[str, ...]:
        return await on_own_thread(_THREAD, lambda: self._opener().regions(partition))

    async def sign_in_command(self, target: Target) -> tuple[str, ...]:
        return await on_own_thread(_THREAD, lambda: self._opener().sign_in_command(target))

    def forget_roles(self) -> None:
        """AWS refused credentials: assume roles anew when connecting, codes and all."""
        if self._made is not None:
            self._made.forget_roles()

    def _opener(self) -> Opener:
        with self._lock:
            if self._made is None:
                from kmstui.aws.session.open import Opener

                self._made = Opener(
                    self._observer,
                    self._mfa_prompt,
                    read_only=self._read_only,
                    in_command=self._in_command,
                )
            return self._made
