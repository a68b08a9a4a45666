"""Host names, looked up within a time."""

from __future__ import annotations

import socket
import threading


def addresses_of(host: str, seconds: float) -> tuple[str, ...]:
    """The addresses of a host; none where it has none or they were not told within the time."""
    found: list[str] = []

    def look_up() -> None:
        try:
            entries = socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            # What hinders the connection itself is told by the first call.
            return
        found.extend(dict.fromkeys(str(entry[4][0]) for entry in entries))

    # The resolver takes no time limit: it may finish in its own thread, unheard.
    thread = threading.Thread(target=look_up, name="kmstui-resolve", daemon=True)
    thread.start()
    thread.join(seconds)
    return tuple(found)
