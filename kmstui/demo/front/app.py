"""The front: every HTTP request of the embedded AWS goes through here.

Order for an AWS call: latency, who calls, quota, the service, the log.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterable
from http.client import responses
from typing import Any

from kmstui.demo.access.authorization import PREFIXES, action_of, require_by_identity
from kmstui.demo.access.context import Call, Caller
from kmstui.demo.errors import AwsError
from kmstui.demo.front.access_analyzer import check_policy
from kmstui.demo.front.account import regions_of
from kmstui.demo.front.cloudtrail import LogEntry
from kmstui.demo.front.indexes import INDEX_OPERATIONS, told_by_index
from kmstui.demo.front.resources import EC2_OPERATIONS, SERVICES
from kmstui.demo.front.state import ControlApi, EmbeddedState
from kmstui.demo.front.wire import (
    AwsRequest,
    Response,
    parse_request,
    render_error,
    render_result,
    spelled_for,
)
from kmstui.demo.kms.tags_and_aliases import get_resources

StartResponse = Callable[[str, list[tuple[str, str]]], object]


class Front:
    """The WSGI application."""

    def __init__(self, state: EmbeddedState) -> None:
        self.state = state
        self.control = ControlApi(state)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Serve one HTTP request."""
        answer = self.answer(environ)
        headers = [("Content-Type", answer.content_type), *answer.headers]
        length = len(answer.body) if answer.content_length is None else answer.content_length
        headers.append(("Content-Length", str(length)))
        start_response(f"{answer.status} {responses.get(answer.status, 'Status')}", headers)
        return [answer.body]

    def answer(self, environ: dict[str, Any]) -> Response:
        """The response to one HTTP request."""
        if not _is_for_loopback(str(environ.get("HTTP_HOST", ""))):
            return Response(403, "text/plain", b"This host serves the loopback interface alone.\n")
        if environ.get("PATH_INFO", "/").startswith("/_embedded/"):
            return self.control.answer(environ)
        return self._aws(environ)

    def seconds_for(self, operation: str) -> float:
        """How long a call of ``operation`` takes at least."""
        return self.state.latency

    def _aws(self, environ: dict[str, Any]) -> Response:
        state = self.state
        try:
            request = parse_request(environ, state.region)
        except AwsError as error:
            return render_error(None, error)
        time.sleep(self.seconds_for(request.operation))
        caller = state.callers.find(request.access_key)
        key_arn = ""
        try:
            answer, key_arn = self.served(request, caller, environ)
            outcome = ("", "")
        except AwsError as error:
            spelled = spelled_for(request, error)
            answer = render_error(request, spelled)
            outcome = (spelled.code, spelled.message)
        except Exception as cause:
            internal = AwsError("KMSInternalException", "An internal error occurred.", 500)
            answer = render_error(request, internal)
            outcome = (internal.code, "".join(traceback.format_exception(cause)))
        state.log.add(
            LogEntry(
                time=time.time(),
                request=request,
                caller=caller,
                network=state.network,
                key_arn=key_arn or _named_key(state, request, caller),
                status=answer.status,
                error=outcome[0],
                message=outcome[1],
            )
        )
        return answer

    def served(
        self, request: AwsRequest, caller: Caller | None, environ: dict[str, Any]
    ) -> tuple[Response, str]:
        """The response to a call, and the ARN of the key it was about; raises ``AwsError``."""
        if caller is None:
            raise AwsError(
                "UnrecognizedClientException",
                "The security token included in the request is invalid.",
            )
        if self.state.callers.expired(caller):
            raise AwsError(
                "ExpiredTokenException", "The security token included in the request is expired"
            )
        return self._dispatch(request, caller, environ)

    def _dispatch(
        self, request: AwsRequest, caller: Caller, environ: dict[str, Any]
    ) -> tuple[Response, str]:
        state = self.state
        call = Call(
            operation=request.operation,
            parameters=request.parameters,
            caller=caller,
            region=request.region,
            request_id=request.request_id,
            user_agent=request.user_agent,
            network=state.network,
        )
        if request.service in PREFIXES:
            # The resource is taken to be `*`: policies that name roles or users one by one allow
            # less here than in AWS.
            require_by_identity(call, action_of(request.service, request.operation))
        if request.service == "kms":
            state.quotas.take(caller.account, request.region, request.operation)
            outcome = state.kms.answer(call)
            arn = outcome.key.arn if outcome.key else ""
            return render_result(request, outcome.result), arn
        if request.service == "sts":
            return state.sts.answer(call, environ, request.body), ""
        if request.service == "tagging":
            return render_result(request, get_resources(call, state.stores)), ""
        if request.service == "cloudtrail":
            return render_result(request, state.cloudtrail.answer(call)), ""
        if request.service == "access-analyzer":
            return render_result(request, check_policy(call)), ""
        if request.operation in INDEX_OPERATIONS:
            return render_result(request, told_by_index(call, state.stores)), ""
        if request.service in SERVICES or request.operation in EC2_OPERATIONS:
            return state.resources.answer(request, call), ""
        if request.service == "account":
            return render_result(request, regions_of(call)), ""
        if request.service == "ec2":
            return state.ec2.answer(call), ""
        if request.service in ("iam", "organizations"):
            return state.moto.ask(environ, request.body), ""
        raise AwsError(
            "UnknownOperationException", f"The embedded AWS has no service {request.service!r}."
        )


def _is_for_loopback(host: str) -> bool:
    """Whether a Host header names this machine's loopback interface, with whatever port.

    A web page could let its own name resolve to 127.0.0.1, and would be this server's equal then.
    """
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host
    return name.lower() in ("127.0.0.1", "localhost", "[::1]")


def _named_key(state: EmbeddedState, request: AwsRequest, caller: Caller | None) -> str:
    """The ARN of the key that a refused request was about, or what it named when there is none."""
    named = str(request.parameters.get("KeyId") or request.parameters.get("TargetKeyId") or "")
    if caller is None or not named:
        return named
    store = state.stores.of(caller.account, request.region)
    alias = store.aliases.get(named)
    key = store.keys.get((alias.target or "") if alias else named)
    return key.arn if key else named
