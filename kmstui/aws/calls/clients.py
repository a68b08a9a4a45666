"""boto3's clients: made when first needed, with our read-only guard and hooks on every one."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore import exceptions as boto
from botocore.config import Config

from kmstui.aws.calls.answers import (
    WebPageResponse,
    check_answer,
    is_foreign,
    is_web_page,
    told_error,
)
from kmstui.aws.calls.botocore_internals import (
    SharedCertificates,
    follow_no_bucket,
    keep_policies_as_text,
    leave_the_malformed,
    use_own_connections,
)
from kmstui.aws.calls.bounded_response import TooLongResponse
from kmstui.aws.calls.dispatcher import THREADS
from kmstui.aws.calls.errors import may_have_happened
from kmstui.aws.calls.operations import MOST_BYTES, READ_NAMES, Operation
from kmstui.aws.calls.throttling import Pacing, is_throttled
from kmstui.aws.calls.turns import Turns
from kmstui.service.errors import CancelledByPersonError, ReadOnlyError

if TYPE_CHECKING:
    from boto3.session import Session
    from botocore.client import BaseClient

_CONNECT_SECONDS = 3
_READ_SECONDS = 10
_ATTEMPTS = 4
_ATTEMPTS_AFTER_TIMEOUT = 2
"""An endpoint that hangs is asked once more, not four times: a person waits."""

PATIENCE = Config(
    retries={"mode": "standard", "total_max_attempts": _ATTEMPTS_AFTER_TIMEOUT},
    connect_timeout=_CONNECT_SECONDS,
    read_timeout=_READ_SECONDS,
)
"""Of the clients that botocore makes itself to get credentials, as of STS and SSO: by its own
defaults they wait for a minute, five times."""


@dataclass(slots=True)
class Attempt:
    """What one thread is calling at the moment, as the hooks see it."""

    operation: Operation
    sent: bool = False
    """Whether the request went out at least once."""
    retries: int = 0


class Clients:
    """The clients of one connection; each is thread-safe and shared by all threads."""

    def __init__(
        self,
        session: Session,
        user_agent: str,
        region: str,
        kms_endpoint_url: str,
        *,
        read_only: bool,
        turns: Turns,
    ) -> None:
        """`turns` are those of all connections of this process."""
        self._session = session
        self._user_agent = user_agent
        self._region = region
        self._kms_endpoint_url = kms_endpoint_url
        self._certificates = SharedCertificates()
        self.read_only = read_only
        self.pacing = Pacing()
        self.turns = turns
        self._made: dict[str, BaseClient] = {}
        self._lock = threading.Lock()
        self._thread = threading.local()
        self._closed = False

    def client(self, service: str) -> BaseClient:
        """The client of a service.

        Raises:
            Exception: as botocore does; the caller translates.
        """
        made = self._made.get(service)
        if made is not None:
            # Without the lock: making another service's client takes longer than most calls.
            return made
        with self._lock:
            made = self._made.get(service)
            if made is None:
                made = self._made[service] = self._make(service)
            return made

    def endpoint_url(self, service: str) -> str:
        """Where a service is reached; its name where its client could not be made."""
        made = self._made.get(service)
        return f"the endpoint of {service}" if made is None else str(made.meta.endpoint_url)

    def close(self) -> None:
        """Let nothing out any more, retries of calls under way neither; close idle connections."""
        self._closed = True
        for client in tuple(self._made.values()):
            client.close()

    @contextmanager
    def attempt(self, operation: Operation) -> Iterator[Attempt]:
        """Say what this thread is about to call; nothing else gets past the read-only guard."""
        attempt = self._thread.attempt = Attempt(operation)
        try:
            yield attempt
        finally:
            self._thread.attempt = None

    def _make(self, service: str) -> BaseClient:
        # types-boto3 overloads client by literal names; ours is a variable.
        create: Any = self._session.client
        client: BaseClient = create(
            service,
            region_name=self._region,
            endpoint_url=(self._kms_endpoint_url or None) if service == "kms" else None,
            config=Config(
                retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
                connect_timeout=_CONNECT_SECONDS,
                read_timeout=_READ_SECONDS,
                tcp_keepalive=True,
                max_pool_connections=THREADS,
                # botocore builds its own anew twice in every call, for an eighth of its time.
                user_agent=self._user_agent,
            ),
        )
        events = client.meta.events
        events.register("before-parameter-build", self._guard_dry_run)
        events.register("before-call", self._guard)
        events.register("request-created", self._compute)
        events.register("before-send", self._send)
        events.register("before-parse", self._compute)
        events.register("before-parse", self._refuse_web_page)
        events.register("needs-retry", self._before_retry)
        follow_no_bucket(client)
        keep_policies_as_text(client)
        leave_the_malformed(client)
        use_own_connections(client, self._certificates, self.turns, self._most_bytes)
        return client

    def _current(self) -> Attempt | None:
        attempt: Attempt | None = getattr(self._thread, "attempt", None)
        return attempt

    def _most_bytes(self) -> int:
        attempt = self._current()
        return MOST_BYTES if attempt is None else attempt.operation.most_bytes

    def _guard_dry_run(self, params: Mapping[str, object], **_: object) -> None:
        """What is announced as a dry run leaves with that parameter or not at all."""
        attempt = self._current()
        if attempt and attempt.operation.dry_run and params.get("DryRun") is not True:
            raise ReadOnlyError(f"{attempt.operation.permission} was no dry run, so it stays here")

    def _guard(self, model: Any, **_: object) -> None:
        """The second read-only guard, right before a request is signed; the first is in `Calls`."""
        attempt = self._current()
        service, name = model.service_model.service_name, model.name
        announced = attempt and (attempt.operation.service, attempt.operation.name)
        if announced != (service, name):
            raise ReadOnlyError(f"{service}:{name} was not announced, so it does not leave")
        harmless = (service, name) in READ_NAMES or (attempt and attempt.operation.dry_run)
        if self.read_only and not harmless:
            raise ReadOnlyError(f"{service}:{name} would change something")
        if self._closed:
            raise CancelledByPersonError("the connection was closed")

    def _compute(self, **_: object) -> None:
        # Before each attempt is signed, and at the latest before a response is parsed.
        self.turns.take()

    def _send(self, **_: object) -> None:
        self.turns.give()
        attempt = self._current()
        if attempt is not None:
            attempt.sent = True

    def _before_retry(
        self,
        operation: Any,
        attempts: int,
        response: Any,
        caught_exception: BaseException | None,
        **_: object,
    ) -> None:
        """Look at every response before botocore's own handler decides on a retry.

        Returning None leaves the decision to it. Raising ends the call: where a change may have
        been carried out, or is sent again only by who looks again before (RESENDING), where an
        endpoint hangs, and where the connection was closed.
        """
        attempt = self._current()
        if attempt is None:
            return
        attempt.retries = attempts - 1
        # What botocore does not know when it reads a response, it wraps.
        cause = getattr(caught_exception, "kwargs", {}).get("error")
        if isinstance(cause, TooLongResponse):
            raise cause
        parsed: Any
        http, parsed = response or (None, {})
        status, (code, _message) = 0 if http is None else http.status_code, told_error(parsed)
        if status >= 400:
            # botocore sleeps before a retry; others need not wait for that.
            self.turns.give()
        if is_throttled(code, status):
            self.pacing.bucket(attempt.operation).throttled(time.monotonic())
        if attempt.operation.mutating:
            if http is not None:
                check_answer(operation, http, parsed)
            once = not attempt.operation.resent
            if caught_exception is not None and (once or may_have_happened(caught_exception)):
                raise caught_exception
            if once and status >= 300:
                raise boto.ClientError(parsed, attempt.operation.name)
        if caught_exception is not None and attempts >= _ATTEMPTS_AFTER_TIMEOUT:
            timeouts = boto.ReadTimeoutError | boto.ConnectTimeoutError
            if isinstance(caught_exception, timeouts):
                raise caught_exception
        if self._closed and (caught_exception is not None or status >= 400):
            raise CancelledByPersonError("the connection was closed")

    def _refuse_web_page(
        self, operation_model: Any, response_dict: dict[str, Any], **_: object
    ) -> None:
        """Keep from botocore's parsers what is for a browser, or no answer of AWS's at all.

        They take a page for an empty answer, or stumble over it. Where a server fails (5xx), only
        its page is kept away: botocore asks again.
        """
        protocol, body = operation_model.service_model.resolved_protocol, response_dict["body"]
        status = response_dict["status_code"]
        if status >= 500 and is_foreign(protocol, body):
            response_dict["body"] = b""
        elif is_web_page(protocol, body):
            raise WebPageResponse(status)
