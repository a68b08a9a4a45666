"""Where a thread sleeps in a socket, it gives its turn at the interpreter away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.awsrequest import (
    AWSHTTPConnection,
    AWSHTTPConnectionPool,
    AWSHTTPSConnection,
    AWSHTTPSConnectionPool,
)
from urllib3.util.wait import wait_for_read

from kmstui.aws.calls.tls import Trust
from kmstui.aws.calls.turns import Turns

if TYPE_CHECKING:
    from botocore.client import BaseClient


def give_turns_away(client: BaseClient, turns: Turns, trust: Trust) -> None:
    """Let a client's connections give the turn away while they connect and while they wait.

    Whom they trust, they share with those of other clients.

    botocore offers no such hook: the pool classes of its HTTP session are replaced by derived
    ones. Should a later botocore keep them elsewhere, calls work as before and only the screen
    is less quick while the inventory loads.
    """
    session: Any = getattr(getattr(client, "_endpoint", None), "http_session", None)
    classes: Any = getattr(session, "_pool_classes_by_scheme", None)
    if isinstance(classes, dict):
        classes.update(_pool_classes(turns, trust))


def _pool_classes(turns: Turns, trust: Trust) -> dict[str, type[Any]]:
    def derived(pool: type[Any], connection: type[Any]) -> type[Any]:
        return type(pool.__name__, (pool,), {"ConnectionCls": _giving(connection, turns, trust)})

    return {
        "http": derived(AWSHTTPConnectionPool, AWSHTTPConnection),
        "https": derived(AWSHTTPSConnectionPool, AWSHTTPSConnection),
    }


def _giving(base: type[Any], turns: Turns, trust: Trust) -> type[Any]:
    class Connection(base):  # type: ignore[misc]
        def connect(self) -> None:
            trust.give(self)
            with turns.on_the_network():
                super().connect()

        def getresponse(self) -> Any:
            _wait(self, turns)
            return super().getresponse()

    return Connection


def _wait(connection: Any, turns: Turns) -> None:
    """Wait until the first byte of the answer is there."""
    pending = getattr(connection.sock, "pending", None)
    if pending is not None and pending():
        # TLS has decrypted it already, and the socket may stay silent.
        return
    with turns.on_the_network():
        came = wait_for_read(connection.sock, timeout=connection.timeout)
    if not came:
        raise TimeoutError("timed out")
