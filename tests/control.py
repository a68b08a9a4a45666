"""What tests say to the embedded AWS beside AWS's protocols: switches, log and back doors."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kmstui.demo import EmbeddedKms


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """One request that the embedded AWS was asked."""

    number: int
    time: float
    """Seconds since the epoch."""
    service: str
    operation: str
    key: str
    """ARN of the key it was about, or what the request named; empty when none."""
    region: str
    caller: str
    """ARN of the caller; empty when nobody's access key signed it."""
    status: int
    """HTTP status; 0 when the connection was closed without an answer."""
    error: str
    """The error code; empty when it went well."""
    message: str
    """The sentence that came with it; a traceback when the embedded AWS itself is at fault."""
    user_agent: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CarriedOut:
    """A call of KMS that was carried out, whether its answer arrived or not."""

    time: float
    """Seconds since the epoch."""
    operation: str
    key: str
    """The key's ID; empty where it was about none."""
    user_agent: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Health:
    """How the embedded AWS is."""

    account: str
    region: str
    filled: bool
    """Whether the extra keys are all there."""
    hanging: int
    """Calls that a fault holds at the moment."""
    keys: Mapping[str, int]
    """Number of keys by ``account/Region``."""


@dataclass(frozen=True, slots=True)
class HeldKey:
    """A key as the embedded KMS truly holds it, past authorization and lag."""

    metadata: Mapping[str, Any]
    policy: str
    tags: Mapping[str, str]
    aliases: tuple[str, ...]


class EmbeddedControl:
    """Switches, log and back doors of a running embedded AWS. Safe for threads."""

    def __init__(self, ask: Callable[..., Any]) -> None:
        self._ask = ask

    def health(self) -> Health:
        """How it is, and how many keys it holds."""
        return Health(**self._ask("GET", "health"))

    def wait_until_filled(self, timeout: float = 60) -> Health:
        """Wait for the extra keys; fails when ``timeout`` seconds pass."""
        deadline = time.monotonic() + timeout
        while not (health := self.health()).filled:
            if time.monotonic() > deadline:
                raise TimeoutError(f"The extra keys were not all there after {timeout:g} seconds.")
            time.sleep(0.02)
        return health

    def requests(self, *, after: int = 0) -> list[LoggedRequest]:
        """The AWS requests in the log that are numbered past ``after``, oldest first."""
        entries = self._ask("GET", "log", after=after)["entries"]
        return [LoggedRequest(**entry) for entry in entries]

    def operations(self, *, after: int = 0) -> list[str]:
        """Just the names of the operations asked, oldest first."""
        return [request.operation for request in self.requests(after=after)]

    def clear_requests(self) -> None:
        """Empty the log."""
        self._ask("DELETE", "log")

    def carried_out(self, *, after: int = 0) -> list[CarriedOut]:
        """The calls of KMS that were carried out past the first ``after``, answered or not."""
        return [CarriedOut(**each) for each in self._ask("GET", "carried", after=after)]

    def set_latency(self, seconds: float, operation: str = "") -> None:
        """Let every call, or those of one operation, take at least ``seconds``."""
        self._ask("POST", "latency", seconds=seconds, operation=operation)

    def set_quotas(self, enabled: bool) -> None:
        """Hold callers to the documented request quotas, or not."""
        self._ask("POST", "quotas", enabled=enabled)

    def deny(
        self, operation: str, *, key: str = "", message: str = "", times: int | None = None
    ) -> None:
        """Deny an operation (``PutKeyPolicy``, ``tagging:GetResources``), for one key or all."""
        self.fault("deny", operation, key=key, message=message, times=times)

    def throttle(self, operation: str = "*", times: int | None = 1) -> None:
        """Throttle the next ``times`` calls."""
        self.fault("throttle", operation, times=times)

    def fault(
        self,
        kind: str,
        operation: str = "*",
        *,
        key: str = "",
        region: str = "",
        times: int | None = None,
        code: str = "",
        message: str = "",
        status: int = 400,
        after: bool = False,
        body: str = "",
        content_type: str = "text/html",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Set a fault on an operation, on all keys or one, for so many calls or until cleared.

        ``kind`` is deny, throttle, html, garbage, truncated, error500, status (503), hang, close,
        error (with any ``code``, ``message`` and HTTP ``status``), or answer (with any ``status``,
        ``body``, ``content_type`` and ``headers``). With ``after`` the call is carried out and only
        its response suffers.
        """
        self._ask(
            "POST",
            "faults",
            kind=kind,
            operation=operation,
            key=key,
            region=region,
            times=times,
            code=code,
            message=message,
            status=status,
            after=after,
            body=body,
            content_type=content_type,
            headers=headers or {},
        )

    def clear_faults(self) -> None:
        """Remove all faults; calls that hang are let go."""
        self._ask("DELETE", "faults")

    def set_lag(self, milliseconds: float) -> None:
        """Let reads return what was before, for so long after each change."""
        self._ask("POST", "consistency", lag_ms=milliseconds)

    def set_policy_rewriting(self, enabled: bool) -> None:
        """Let GetKeyPolicy return another spelling than was put, as KMS may."""
        self._ask("POST", "consistency", rewrite_policies=enabled)

    def set_network(
        self, source_ip: str, vpc_endpoint: str | None = None, vpc: str | None = None
    ) -> None:
        """Where requests come from, for conditions and CloudTrail."""
        self._ask("POST", "network", source_ip=source_ip, vpc_endpoint=vpc_endpoint, vpc=vpc)

    def expire_sessions(self, role_name: str) -> None:
        """End all sessions of a role: its calls get ExpiredTokenException."""
        self._ask("POST", "sessions", expire=role_name)

    def renew_sessions(self) -> None:
        """Undo :meth:`expire_sessions`."""
        self._ask("POST", "sessions")

    def key(self, key: str, *, region: str = "") -> HeldKey:
        """What is truly stored for a key (ID, ARN or alias)."""
        held = self._ask("GET", "key", key=key, region=region)
        return HeldKey(held["metadata"], held["policy"], held["tags"], tuple(held["aliases"]))

    def change_key(
        self,
        key: str,
        *,
        region: str = "",
        policy: str | None = None,
        tags: Mapping[str, str] | None = None,
        description: str | None = None,
        state: str | None = None,
    ) -> None:
        """Change a key behind the person's back, with no check at all."""
        changes = {"policy": policy, "tags": tags, "description": description, "state": state}
        given = {name: value for name, value in changes.items() if value is not None}
        self._ask("POST", "key", key=key, region=region, **given)

    def reset(self) -> None:
        """The world as it was at the start, every switch back, the log empty."""
        self._ask("POST", "reset")


class ControlledKms(EmbeddedKms):
    """An embedded AWS with its switches."""

    child = "tests.controlled_child"

    @property
    def control(self) -> EmbeddedControl:
        """The switches."""
        return EmbeddedControl(self.ask)
