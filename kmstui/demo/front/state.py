"""The state of the embedded AWS, and what its parent asks of it under /_embedded/."""

from __future__ import annotations

import hmac
import json
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from kmstui.demo.access.context import CallerRegistry, Credentials, Network
from kmstui.demo.errors import AwsError
from kmstui.demo.front.cloudtrail import CloudTrailService, RequestLog
from kmstui.demo.front.ec2 import Ec2Service
from kmstui.demo.front.quotas import Quotas
from kmstui.demo.front.resources import ResourceService
from kmstui.demo.front.sts import MotoApplication, StsService
from kmstui.demo.front.wire import Response
from kmstui.demo.kms.service import KmsService
from kmstui.demo.kms.store import Stores


@dataclass(slots=True)
class EmbeddedState:
    """The world, and how it behaves."""

    account: str
    region: str
    callers: CallerRegistry
    credentials: Mapping[str, Credentials]
    stores: Stores
    kms: KmsService
    sts: StsService
    cloudtrail: CloudTrailService
    ec2: Ec2Service
    resources: ResourceService
    moto: MotoApplication
    quotas: Quotas
    latency: float
    """Seconds that every AWS call takes at least."""
    log: RequestLog
    reset_world: Callable[[], None]
    network: Network = field(default_factory=Network)
    filled: threading.Event = field(default_factory=threading.Event)
    """Set once the extra keys are all there."""
    control_secret: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    """What whoever asks the control API has to know: every user of the machine reaches the port,
    and it gives away the credentials of everybody in the account."""


class ControlApi:
    """``_get_health`` serves GET …/health; tests add switches in the same way."""

    def __init__(self, state: EmbeddedState) -> None:
        self._state = state

    def answer(self, environ: Mapping[str, Any]) -> Response:
        """Serve one request; mistakes in it get 400 and a sentence."""
        shown = str(environ.get("HTTP_X_KMSTUI_SECRET", ""))
        if not hmac.compare_digest(shown.encode(), self._state.control_secret.encode()):
            return _json(403, {"error": "This is for the program that started the embedded KMS."})
        name = str(environ.get("PATH_INFO", "")).removeprefix("/_embedded/").strip("/")
        route = getattr(self, f"_{str(environ.get('REQUEST_METHOD')).lower()}_{name}", None)
        if route is None:
            return _json(404, {"error": f"no such control: {name}"})
        try:
            return _json(200, route(_body(environ)) or {})
        except (ValueError, KeyError, TypeError) as error:
            return _json(400, {"error": f"{type(error).__name__}: {error}"})
        except AwsError as error:
            return _json(400, {"error": error.message})

    def _get_health(self, body: Mapping[str, Any]) -> dict[str, object]:
        state = self._state
        return {
            "account": state.account,
            "region": state.region,
            "filled": state.filled.is_set(),
            "keys": {f"{s.account}/{s.region}": len(s.keys) for s in state.stores.all()},
        }

    def _get_credentials(self, body: Mapping[str, Any]) -> object:
        held = self._state.credentials.get(str(body["who"]))
        if held is None:
            raise KeyError(f"nobody is called {body['who']}")
        return asdict(held)


def _body(environ: Mapping[str, Any]) -> Mapping[str, Any]:
    length = int(environ.get("CONTENT_LENGTH") or 0)
    values: dict[str, Any] = dict(parse_qsl(environ.get("QUERY_STRING", "")))
    if length:
        values.update(json.loads(environ["wsgi.input"].read(length)))
    return values


def _json(status: int, value: object) -> Response:
    return Response(status, "application/json", json.dumps(value).encode())
