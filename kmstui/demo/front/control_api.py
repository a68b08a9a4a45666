"""The control API under /_embedded/, and the state it switches."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from kmstui.demo.access.context import CallerRegistry, Credentials, Network
from kmstui.demo.errors import AwsError
from kmstui.demo.front.cloudtrail import CloudTrailService, RequestLog
from kmstui.demo.front.faults import Fault, Faults, Latency, Quotas
from kmstui.demo.front.metadata import MetadataService
from kmstui.demo.front.sts import MotoApplication, StsService
from kmstui.demo.front.wire import Response
from kmstui.demo.kms.service import KmsService
from kmstui.demo.kms.store import Stores, find_key


@dataclass(slots=True)
class EmbeddedState:
    """The world and the switches on it."""

    account: str
    region: str
    callers: CallerRegistry
    credentials: Mapping[str, Credentials]
    stores: Stores
    kms: KmsService
    sts: StsService
    cloudtrail: CloudTrailService
    metadata: MetadataService
    moto: MotoApplication
    quotas: Quotas
    latency: Latency
    faults: Faults
    log: RequestLog
    reset_world: Callable[[], None]
    network: Network = field(default_factory=Network)
    filled: threading.Event = field(default_factory=threading.Event)
    """Set once the extra keys are all there."""


Body = Mapping[str, Any]


class ControlApi:
    """The switches of the embedded AWS, for tests: ``_post_faults`` serves POST …/faults."""

    def __init__(self, state: EmbeddedState) -> None:
        self._state = state

    def answer(self, environ: Mapping[str, Any]) -> Response:
        """Serve one request; mistakes in it get 400 and a sentence."""
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

    def _get_health(self, body: Body) -> object:
        state = self._state
        return {
            "account": state.account,
            "region": state.region,
            "filled": state.filled.is_set(),
            "hanging": state.faults.hanging,
            "keys": {f"{s.account}/{s.region}": len(s.keys) for s in state.stores.all()},
        }

    def _get_log(self, body: Body) -> object:
        entries = self._state.log.entries()
        after = int(body.get("after", 0))
        return {"entries": [entry.as_json() for entry in entries if entry.number > after]}

    def _delete_log(self, body: Body) -> None:
        self._state.log.clear()

    def _get_credentials(self, body: Body) -> object:
        held = self._state.credentials.get(str(body["who"]))
        if held is None:
            raise KeyError(f"nobody is called {body['who']}")
        return asdict(held)

    def _post_latency(self, body: Body) -> None:
        seconds = float(body["seconds"])
        operation = body.get("operation")
        if operation:
            self._state.latency.by_operation[str(operation)] = seconds
        else:
            self._state.latency.seconds = seconds

    def _post_quotas(self, body: Body) -> None:
        self._state.quotas.enabled = bool(body["enabled"])

    def _post_faults(self, body: Body) -> None:
        self._state.faults.add(Fault(**body))

    def _delete_faults(self, body: Body) -> None:
        self._state.faults.clear()
        self._state.latency.by_operation.clear()

    def _post_consistency(self, body: Body) -> None:
        stores = self._state.stores
        if "lag_ms" in body:
            stores.consistency.lag = float(body["lag_ms"]) / 1000
        if "rewrite_policies" in body:
            stores.rewrites_policies = bool(body["rewrite_policies"])

    def _post_network(self, body: Body) -> None:
        self._state.network = Network(**body)

    def _post_sessions(self, body: Body) -> None:
        if body.get("expire"):
            self._state.callers.expire(str(body["expire"]))
        else:
            self._state.callers.renew()

    def _post_key(self, body: Body) -> None:
        """Change a key behind everybody's back: policy, tags, description or state, unchecked."""
        key = self._find(body)
        for name in ("policy", "tags", "description", "state"):
            if name in body:
                setattr(key, "key_state" if name == "state" else name, body[name])

    def _get_key(self, body: Body) -> object:
        key = self._find(body)
        return {
            "metadata": key.metadata(),
            "policy": key.policy,
            "tags": key.tags,
            "aliases": list(key.alias_names),
        }

    def _find(self, body: Body) -> Any:
        state = self._state
        region = str(body.get("region") or state.region)
        account = str(body.get("account") or state.account)
        return find_key(state.stores, account, region, body["key"], alias_allowed=True)

    def _post_reset(self, body: Body) -> None:
        """The world as it was at the start; every switch back."""
        state = self._state
        state.faults.clear()
        state.latency.seconds = 0.0
        state.latency.by_operation.clear()
        state.quotas.enabled = False
        state.stores.consistency.clear()
        state.stores.rewrites_policies = False
        state.network = Network()
        state.callers.renew()
        state.reset_world()
        state.log.clear()


def _body(environ: Mapping[str, Any]) -> Body:
    length = int(environ.get("CONTENT_LENGTH") or 0)
    values: dict[str, Any] = dict(parse_qsl(environ.get("QUERY_STRING", "")))
    if length:
        values.update(json.loads(environ["wsgi.input"].read(length)))
    return values


def _json(status: int, value: object) -> Response:
    return Response(status, "application/json", json.dumps(value).encode())
