"""The front of the embedded AWS that tests can switch: faults, latency, back doors, the log.

It runs in the embedded AWS's process; `tests.control` asks it under /_embedded/.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from moto.organizations.models import organizations_backends

from kmstui.demo.access.context import Caller, Network
from kmstui.demo.errors import AwsError
from kmstui.demo.front.app import Front
from kmstui.demo.front.cloudtrail import LogEntry
from kmstui.demo.front.quotas import throttled
from kmstui.demo.front.state import ControlApi, EmbeddedState
from kmstui.demo.front.wire import AwsRequest, Response
from kmstui.demo.kms.store import find_key
from kmstui.demo.world.people import INSTANCE_ROLE
from tests.late_kms import LateKms
from tests.metadata_service import MetadataService

KINDS = frozenset(
    {"deny", "throttle", "html", "garbage", "truncated", "error500", "hang", "close", "status",
     "error", "answer"}
)  # fmt: skip


@dataclass(slots=True)
class Fault:
    """One fault: what it does, to which calls, how often."""

    kind: str
    operation: str = "*"
    """``service:Operation``, ``Operation``, or ``*``."""
    key: str = ""
    """Only for calls that name this key ID (by ID or ARN)."""
    region: str = ""
    """Only for calls in this Region."""
    times: int | None = None
    """How many calls it meets; None means until it is cleared."""
    code: str = ""
    message: str = ""
    status: int = 400
    body: str = ""
    """Of an "answer", which is somebody else's in the place of AWS's."""
    content_type: str = "text/html"
    headers: Mapping[str, str] = field(default_factory=dict)
    after: bool = False
    """Whether the call is carried out first: the response is lost, the change is not."""
    met: int = field(default=0)
    cleared: threading.Event = field(default_factory=threading.Event)
    """Set when the fault is cleared, even before the call that found it begins to hang."""

    def meets(self, request: AwsRequest) -> bool:
        """Whether this fault is about ``request``."""
        names = {"*", request.operation, f"{request.service}:{request.operation}",
                 f"{request.service}:*"}  # fmt: skip
        if self.operation not in names or self.region not in ("", request.region):
            return False
        if not self.key:
            return True
        named = str(request.parameters.get("KeyId") or request.parameters.get("TargetKeyId") or "")
        return named.rpartition("/")[2] == self.key or named == self.key


class CloseConnection(AwsError):  # noqa: N818 - not an error but an order to the server
    """The connection is to be closed without an answer."""

    def __init__(self) -> None:
        super().__init__("ConnectionClosed", "", status=0)


class Faults:
    """The faults that are set. Safe for threads."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()
        self.hanging = 0
        """Calls that hang at the moment."""

    def add(self, fault: Fault) -> None:
        """Set one more fault; raises ``ValueError`` for an unknown kind."""
        if fault.kind not in KINDS:
            raise ValueError(f"unknown fault {fault.kind!r}: one of {', '.join(sorted(KINDS))}")
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        """Remove all faults and let go of calls that hang."""
        with self._lock:
            for fault in self._faults:
                fault.cleared.set()
            self._faults.clear()

    def find(self, request: AwsRequest) -> Fault | None:
        """The first fault about ``request``, counted as met."""
        if not self._faults:
            return None
        with self._lock:
            for fault in self._faults:
                if fault.meets(request) and (fault.times is None or fault.met < fault.times):
                    fault.met += 1
                    return fault
        return None

    def _hang(self, fault: Fault) -> None:
        """Wait until the fault is cleared, ten minutes at most."""
        with self._lock:
            self.hanging += 1
        fault.cleared.wait(600)
        with self._lock:
            self.hanging -= 1

    def apply(self, fault: Fault, request: AwsRequest, caller_arn: str) -> Response:
        """Do what the fault says: respond, raise ``AwsError`` or ``CloseConnection``."""
        if fault.kind == "deny":
            raise _denial(fault, request, caller_arn)
        if fault.kind == "throttle":
            raise throttled()
        if fault.kind == "error":
            raise AwsError(fault.code, fault.message, fault.status)
        if fault.kind == "hang":
            self._hang(fault)
            raise CloseConnection
        if fault.kind == "close":
            raise CloseConnection
        if fault.kind == "answer":
            body, headers = fault.body.encode(), tuple(fault.headers.items())
            return Response(fault.status, fault.content_type, body, headers)
        return _BROKEN_ANSWERS[fault.kind]


def _denial(fault: Fault, request: AwsRequest, caller_arn: str) -> AwsError:
    service = {"tagging": "tag"}.get(request.service, request.service)
    resource = request.parameters.get("KeyId") or request.parameters.get("RoleName") or "*"
    message = fault.message or (
        f"User: {caller_arn} is not authorized to perform: {service}:{request.operation} on "
        f"resource: {resource} because no identity-based policy allows the "
        f"{service}:{request.operation} action"
    )
    return AwsError("AccessDeniedException", message)


_HTML = b"<html><head><title>Sign in</title></head><body>Captive portal</body></html>"
_BROKEN_ANSWERS = {
    "html": Response(200, "text/html", _HTML),
    "garbage": Response(200, "application/x-amz-json-1.1", b'{"Keys": [{"KeyId": \xff\xfe, nope'),
    "truncated": Response(
        200, "application/x-amz-json-1.1", b'{"KeyMetadata": {"KeyId": "', content_length=4096
    ),
    "error500": Response(
        500,
        "application/x-amz-json-1.1",
        b'{"__type":"KMSInternalException","message":"An internal error occurred."}',
    ),
    "status": Response(503, "text/plain", b"Service Unavailable"),
}


class ControlledFront(Front):
    """Lets calls meet the faults that are set, before or after they are carried out."""

    def __init__(self, state: EmbeddedState) -> None:
        super().__init__(state)
        self.kms = state.kms = LateKms(state.stores)
        self.faults = Faults()
        self.latency: dict[str, float] = {}
        """Seconds that calls of an operation take, where those are not all calls'."""
        self.carried_out: list[dict[str, Any]] = []
        """Calls of KMS that were, whether they were answered or not, oldest first."""
        self.control = Switches(self)
        self._metadata = MetadataService(
            state.region, state.account, INSTANCE_ROLE, state.credentials["instance"]
        )

    def seconds_for(self, operation: str) -> float:
        """Those of the operation alone, where they are set."""
        return self.latency.get(operation, super().seconds_for(operation))

    def answer(self, environ: dict[str, Any]) -> Response:
        """The response, or none at all: waitress hands its channel's method to the application."""
        if environ.get("PATH_INFO", "/").startswith("/latest/"):
            return self._metadata.answer(environ)
        response = super().answer(environ)
        if response.status:
            return response
        channel = environ["waitress.client_disconnected"].__self__
        channel.socket.shutdown(socket.SHUT_RDWR)
        return replace(response, status=500)

    def served(
        self, request: AwsRequest, caller: Caller | None, environ: dict[str, Any]
    ) -> tuple[Response, str]:
        """As every front, but for the faults."""
        fault = self.faults.find(request)
        arn = caller.arn if caller else "anonymous"
        if fault is not None and not fault.after:
            return self.faults.apply(fault, request, arn), ""
        answer, key_arn = super().served(request, caller, environ)
        if request.service == "kms":
            self.carried_out.append({
                "time": time.time(),
                "operation": request.operation,
                "key": key_arn.rpartition("/")[2],
                "user_agent": request.user_agent,
                "parameters": dict(request.parameters),
            })  # fmt: skip
        if fault is not None:
            # The call was carried out, and its response does not arrive as it should.
            answer = self.faults.apply(fault, request, arn)
        return answer, key_arn


class Switches(ControlApi):
    """``_post_faults`` serves POST /_embedded/faults."""

    def __init__(self, front: ControlledFront) -> None:
        super().__init__(front.state)
        self._front = front

    def _get_health(self, body: Mapping[str, Any]) -> dict[str, object]:
        return {**super()._get_health(body), "hanging": self._front.faults.hanging}

    def _get_log(self, body: Mapping[str, Any]) -> object:
        entries = enumerate(self._state.log.entries(), start=1)
        after = int(body.get("after", 0))
        return {"entries": [_listed(number, each) for number, each in entries if number > after]}

    def _delete_log(self, body: Mapping[str, Any]) -> None:
        self._state.log.clear()

    def _get_carried(self, body: Mapping[str, Any]) -> object:
        return self._front.carried_out[int(body.get("after", 0)) :]

    def _post_latency(self, body: Mapping[str, Any]) -> None:
        seconds = float(body["seconds"])
        operation = body.get("operation")
        if operation:
            self._front.latency[str(operation)] = seconds
        else:
            self._state.latency = seconds

    def _post_quotas(self, body: Mapping[str, Any]) -> None:
        self._state.quotas.enabled = bool(body["enabled"])

    def _post_faults(self, body: Mapping[str, Any]) -> None:
        self._front.faults.add(Fault(**body))

    def _delete_faults(self, body: Mapping[str, Any]) -> None:
        self._front.faults.clear()
        self._front.latency.clear()

    def _post_consistency(self, body: Mapping[str, Any]) -> None:
        if "lag_ms" in body:
            self._front.kms.lag = float(body["lag_ms"]) / 1000
        if "rewrite_policies" in body:
            self._front.kms.rewrites_policies = bool(body["rewrite_policies"])

    def _post_network(self, body: Mapping[str, Any]) -> None:
        self._state.network = Network(**body)

    def _post_sessions(self, body: Mapping[str, Any]) -> None:
        if body.get("expire"):
            self._replace_expiry(0.0, lambda caller: caller.name == body["expire"])
        else:
            self._renew()

    def _renew(self) -> None:
        self._replace_expiry(None, lambda caller: caller.expires == 0.0)

    def _replace_expiry(self, expires: float | None, chosen: Callable[[Caller], bool]) -> None:
        callers = self._state.callers
        for key, caller in list(callers._callers.items()):
            if chosen(caller):
                callers.register(key, replace(caller, expires=expires))

    def _post_key(self, body: Mapping[str, Any]) -> None:
        """Change a key behind everybody's back: policy, tags, description or state, unchecked."""
        key = self._find(body)
        for name in ("policy", "tags", "description", "state"):
            if name in body:
                setattr(key, "key_state" if name == "state" else name, body[name])

    def _get_key(self, body: Mapping[str, Any]) -> object:
        key = self._find(body)
        return {
            "metadata": key.metadata(),
            "policy": key.policy,
            "tags": key.tags,
            "aliases": list(key.alias_names),
        }

    def _find(self, body: Mapping[str, Any]) -> Any:
        state = self._state
        region = str(body.get("region") or state.region)
        account = str(body.get("account") or state.account)
        return find_key(state.stores, account, region, body["key"], alias_allowed=True)

    def _post_reset(self, body: Mapping[str, Any]) -> None:
        """The world as it was at the start; every switch back."""
        state = self._state
        self._delete_faults(body)
        state.latency = 0.0
        state.quotas.enabled = False
        self._front.kms.reset()
        state.network = Network()
        self._renew()
        state.reset_world()
        organizations_backends[state.account].reset()
        state.log.clear()
        self._front.carried_out.clear()


def _listed(number: int, entry: LogEntry) -> dict[str, Any]:
    """An entry of the log as `tests.control.LoggedRequest` has it."""
    request = entry.request
    return {
        "number": number,
        "time": entry.time,
        "service": request.service,
        "operation": request.operation,
        "key": entry.key_arn,
        "region": request.region,
        "caller": entry.caller.arn if entry.caller else "",
        "status": entry.status,
        "error": entry.error,
        "message": entry.message,
        "user_agent": request.user_agent,
        "parameters": dict(request.parameters),
    }
