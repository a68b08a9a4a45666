"""One way to send an operation: guarded in read-only mode, paced, in a thread, and recorded."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from botocore import xform_name

from kmstui.aws.calls.botocore_errors import OLD_BOTOCORE
from kmstui.aws.calls.call_context import CallContext, short_key_name
from kmstui.aws.calls.clients import Clients
from kmstui.aws.calls.dispatcher import CallOutcome, Dispatcher, Job
from kmstui.aws.calls.errors import translate
from kmstui.aws.calls.operations import Operation
from kmstui.aws.calls.response import Response
from kmstui.service.errors import (
    OPEN_OUTCOME,
    CancelledByPersonError,
    ReadOnlyError,
    ServiceError,
    ServiceFailureError,
    UnreportedOutcomeError,
)
from kmstui.service.ports import CallObserver, CallRecord, Urgency

T = TypeVar("T")

Params = Mapping[str, object]
Reader = Callable[[Response], T]


class Calls:
    """Sends operations over one connection."""

    def __init__(self, clients: Clients, observer: CallObserver, call_context: CallContext) -> None:
        """Send over `clients`, tell `observer`, and explain errors by `call_context`."""
        self._clients = clients
        self._dispatcher = Dispatcher(observer, clients.turns)
        self._call_context = call_context

    def send(
        self,
        operation: Operation,
        params: Params,
        read: Reader[T],
        *,
        key: str = "",
        urgency: Urgency = Urgency.ASKED,
    ) -> asyncio.Future[T]:
        """Send one request and read its response, both in a thread.

        Cancelling the future drops a request that was not sent yet.

        Args:
            operation: What to call.
            params: Its members, by the API reference's names; None values are left out.
            read: Turns the response into a value.
            key: Key ID or ARN (or alias) that it is about; the member `KeyId` where none is named.
            urgency: Its place in the queue.

        Raises:
            ServiceError: one type per cause.
        """
        call_context = replace(
            self._call_context,
            operation=operation.permission,
            key=short_key_name(key or str(params.get("KeyId") or "")),
            mutating=operation.mutating,
        )
        self._refuse_what_may_not_leave(operation, call_context)
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        job = Job(
            work=lambda: self._work(operation, params, read, call_context, urgency),
            abandoned=lambda sent: _abandoned(call_context, sent=sent),
            urgency=urgency,
            bucket=self._clients.pacing.bucket(operation),
            future=future,
        )
        try:
            self._dispatcher.submit(job)
        except RuntimeError as error:
            raise ServiceFailureError(
                "the system would not start a thread to send it with",
                "Raise the limit of processes (ulimit -u), or end other programs.",
                call_context.context,
            ) from error
        return future

    def hold_background(self) -> None:
        """A key was pressed: send no BACKGROUND call for a moment."""
        self._clients.turns.hold_background()

    def close(self) -> None:
        """Give up everything; every later call raises CancelledByPersonError."""
        self._clients.close()
        self._dispatcher.close()

    def _refuse_what_may_not_leave(self, operation: Operation, call_context: CallContext) -> None:
        if self._dispatcher.closed:
            raise _abandoned(call_context, sent=False)
        if self._clients.read_only and operation.mutating:
            raise ReadOnlyError(
                "kmstui was started read-only, so nothing was sent",
                "Start it without --read-only to change anything.",
                call_context.context,
            )

    def _work(
        self,
        operation: Operation,
        params: Params,
        read: Reader[Any],
        call_context: CallContext,
        urgency: Urgency,
    ) -> CallOutcome:
        with self._clients.turns.computing(urgency), self._clients.attempt(operation) as attempt:
            began = time.monotonic()
            value: Any = None
            failure: ServiceError | None = None
            try:
                value = self._invoke(operation, params, read, call_context)
            except Exception as error:
                call_context = replace(
                    call_context, endpoint_url=self._clients.endpoint_url(operation.service)
                )
                # Without its cause: the frames of botocore hold requests, and those credentials.
                failure = translate(error, call_context, sent=attempt.sent)
                if not failure.context.operation:
                    # Hooks raise typed errors without knowing which key they are about.
                    failure.context = call_context.context
            seconds = time.monotonic() - began - self._clients.turns.waited
        record = CallRecord(
            time=datetime.now(UTC),
            service=operation.service,
            operation=operation.name,
            key=call_context.key,
            seconds=seconds,
            retries=attempt.retries,
            error="" if failure is None else failure.context.code or failure.title,
            mutating=operation.mutating,
        )
        return CallOutcome(value, failure, record)

    def _invoke(
        self, operation: Operation, params: Params, read: Reader[T], call_context: CallContext
    ) -> T:
        client: Any = self._clients.client(operation.service)
        if operation.name not in client.meta.service_model.operation_names:
            raise OLD_BOTOCORE.error(call_context)
        method = getattr(client, xform_name(operation.name))
        sent = {name: value for name, value in params.items() if value is not None}
        shape = client.meta.service_model.operation_model(operation.name).input_shape
        if set(sent) - set(shape.members if shape else ()):
            raise OLD_BOTOCORE.error(call_context)
        return read(Response(method(**sent)))


def _abandoned(call_context: CallContext, *, sent: bool) -> ServiceError:
    if sent and call_context.mutating:
        return UnreportedOutcomeError(
            f"the connection was closed while it was under way{OPEN_OUTCOME}",
            "Connect again and read the key again before you repeat it.",
            call_context.context,
        )
    return CancelledByPersonError(
        "the connection was closed", "Connect again to continue.", call_context.context
    )
