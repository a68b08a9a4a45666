"""The certificates that TLS connections trust, read once."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from urllib3.exceptions import SSLError

if TYPE_CHECKING:
    from ssl import SSLContext


class Trust:
    """Gives the connections of all clients one TLS context for each file of certificates.

    botocore makes a context for each client, and urllib3 reads the file again for each connection:
    30 ms and 0.7 MB every time.
    """

    def __init__(self) -> None:
        self._contexts: dict[str, SSLContext] = {}
        self._lock = threading.Lock()

    def give(self, connection: Any) -> None:
        """Make a connection of urllib3, before it connects, trust what its file holds.

        Raises:
            SSLError: the file cannot be read, as urllib3 tells it.
        """
        context = getattr(connection, "ssl_context", None)
        path = getattr(connection, "ca_certs", None)
        if context is None or not path or _through_tls(connection):
            return
        with self._lock:
            if path not in self._contexts:
                try:
                    context.load_verify_locations(path)
                except OSError as error:
                    raise SSLError(error) from error
                self._contexts[path] = context
        connection.ssl_context, connection.ca_certs = self._contexts[path], None


def _through_tls(connection: Any) -> bool:
    # A proxy that speaks TLS itself is verified by the same file, in a context of its own.
    return getattr(getattr(connection, "proxy", None), "scheme", "") == "https"
