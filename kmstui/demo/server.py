"""waitress, set up for many slow calls at once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from waitress.server import create_server

WsgiApplication = Callable[..., Iterable[bytes]]


class Server(Protocol):
    """What is used of a waitress server."""

    effective_port: int

    def run(self) -> None:
        """Serve until closed."""


def make_server(application: WsgiApplication, port: int, *, slow: bool) -> Server:
    """A server on 127.0.0.1; port 0 takes a free one. ``slow`` calls sleep and need threads."""
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    server: Any = create_server(
        application,
        host="127.0.0.1",
        port=port,
        threads=128 if slow else 64,
        connection_limit=2000,
        backlog=1024,
        asyncore_use_poll=True,
        channel_timeout=600,
        # One write for head and body, so that no delayed acknowledgement comes between.
        send_bytes=1,
        ident="kmstui-embedded",
        clear_untrusted_proxy_headers=False,
    )
    return server  # type: ignore[no-any-return]
