"""STS: who am I, and becoming somebody else. moto makes the credentials; the front checks.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
"""

from __future__ import annotations

import io
import json
import re
import time
from collections.abc import Mapping
from typing import Any

from moto.iam.models import iam_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.sts.models import sts_backends

from kmstui.demo.access.authorization import find_holder
from kmstui.demo.access.conditions import as_list, conditions_hold
from kmstui.demo.access.context import (
    Call,
    Caller,
    CallerRegistry,
    global_context,
    session_caller,
)
from kmstui.demo.access.evaluation import aws_principals, parsed
from kmstui.demo.embedded import MFA_CODE
from kmstui.demo.errors import AwsError
from kmstui.demo.front.wire import Response

_HOP_HEADERS = frozenset({"connection", "transfer-encoding", "content-length", "date", "server"})


class MotoApplication:
    """moto behind the front."""

    def __init__(self) -> None:
        self._app = DomainDispatcherApplication(create_backend_app)

    def ask(self, environ: Mapping[str, Any], body: bytes) -> Response:
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
        if content.startswith(b"{") and started["status"].startswith("200"):
            # moto sends null for members that AWS leaves out.
            members = {k: v for k, v in json.loads(content).items() if v is not None}
            content = json.dumps(members).encode()
        kept = tuple((k, v) for k, v in headers.items() if k.lower() not in _HOP_HEADERS)
        return Response(int(started["status"].split()[0]), content_type, content, kept)


_NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"


class StsService:
    """GetCallerIdentity, AssumeRole, GetSessionToken."""

    def __init__(self, callers: CallerRegistry, moto: MotoApplication) -> None:
        self._callers = callers
        self._moto = moto

    def answer(self, call: Call, environ: Mapping[str, Any], body: bytes) -> Response:
        """Serve one call; raises ``AwsError``."""
        if call.operation == "GetCallerIdentity":
            return _identity(call)
        if call.operation == "AssumeRole":
            return self._assume(call, environ, body)
        raise AwsError(
            "InvalidAction", f"Could not find operation {call.operation} for version 2011-06-15"
        )

    def _assume(self, call: Call, environ: Mapping[str, Any], body: bytes) -> Response:
        arn = str(call.parameters.get("RoleArn", ""))
        role = find_holder(arn)
        mfa_at = _checked_mfa(call)
        context = global_context(call)
        if mfa_at is not None:
            context["aws:multifactorauthpresent"] = ("true",)
            context["aws:multifactorauthage"] = ("0",)
        if call.parameters.get("ExternalId"):
            context["sts:externalid"] = (str(call.parameters["ExternalId"]),)
        if role is None or not _trusts(role.assume_role_policy_document, call.caller, context):
            raise AwsError(
                "AccessDenied",
                f"User: {call.caller.arn} is not authorized to perform: sts:AssumeRole on "
                f"resource: {arn}",
                403,
            )
        answer = self._moto.ask(environ, body)
        self._register(role, call, answer, mfa_at)
        return answer

    def _register(self, role: Any, call: Call, answer: Response, mfa_at: float | None) -> None:
        found = re.search(rb"<AccessKeyId>([^<]+)</AccessKeyId>", answer.body)
        if found is None:
            return
        access_key = found.group(1).decode()
        assumed = sts_backends[role.account_id]["aws"].get_assumed_role_from_access_key(access_key)
        policy = call.parameters.get("Policy")
        self._callers.register(
            access_key,
            session_caller(
                role.account_id,
                role.arn,
                role.id,
                str(call.parameters.get("RoleSessionName")),
                session_policies=(str(policy),) if policy else (),
                mfa_at=mfa_at,
                expires=assumed.expiration.timestamp() if assumed else None,
            ),
        )


def _checked_mfa(call: Call) -> float | None:
    """When the MFA of this request happened; raises AccessDenied for a wrong device or code."""
    serial, code = call.parameters.get("SerialNumber"), call.parameters.get("TokenCode")
    if serial is None and code is None:
        return None
    devices = {
        device
        for user in iam_backends[call.account]["aws"].users.values()
        if user.arn == call.caller.principal_arn
        for device in user.mfa_devices
    }
    if serial not in devices or code != MFA_CODE:
        raise AwsError(
            "AccessDenied",
            "MultiFactorAuthentication failed with invalid MFA one time pass code. ",
            403,
        )
    return time.time()


def _trusts(policy: str, caller: Caller, context: Mapping[str, Any]) -> bool:
    version, statements = parsed(policy)
    trusted = False
    for statement in statements:
        names = aws_principals(statement.get("Principal"))
        root = f"arn:aws:iam::{caller.account}:root"
        if not names.intersection({*caller.identities, root, caller.account, "*"}):
            continue
        if "sts:AssumeRole" not in as_list(statement.get("Action")):
            continue
        if conditions_hold(statement.get("Condition") or {}, context, version):
            if statement.get("Effect") == "Deny":
                return False
            trusted = True
    return trusted


def _identity(call: Call) -> Response:
    caller = call.caller
    body = (
        f'<GetCallerIdentityResponse xmlns="{_NAMESPACE}"><GetCallerIdentityResult>'
        f"<Arn>{caller.arn}</Arn><UserId>{caller.user_id}</UserId>"
        f"<Account>{caller.account}</Account></GetCallerIdentityResult><ResponseMetadata>"
        f"<RequestId>{call.request_id}</RequestId></ResponseMetadata></GetCallerIdentityResponse>"
    )
    return Response(200, "text/xml", body.encode(), (("x-amzn-RequestId", call.request_id),))
