"""moto's own WSGI application, asked in-process for what it does well (IAM, STS)."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from kmstui.demo.front.wire import Answer

_HOP_HEADERS = frozenset({"connection", "transfer-encoding", "content-length", "date", "server"})


class MotoApplication:
    """moto behind the front."""

    def __init__(self) -> None:
        self._app = DomainDispatcherApplication(create_backend_app)

    def ask(self, environ: Mapping[str, Any], body: bytes) -> Answer:
        """Moto's answer to the request in ``environ`` with ``body``."""
        inner = {**environ, "wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        started: dict[str, Any] = {}

        def start_response(status: str, headers: list[tuple[str, str]], *_: Any) -> None:
            started["status"], started["headers"] = status, headers

        parts = self._app(inner, start_response)
        try:
            content = b"".join(parts)
        finally:
            close = getattr(parts, "close", None)
            if close is not None:
                close()
        headers = dict(started["headers"])
        content_type = headers.pop("Content-Type", "text/xml")
        kept = tuple((k, v) for k, v in headers.items() if k.lower() not in _HOP_HEADERS)
        return Answer(int(started["status"].split()[0]), content_type, content, kept)
