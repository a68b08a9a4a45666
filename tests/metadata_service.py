"""The EC2 instance metadata service, version 2, for AWS_EC2_METADATA_SERVICE_ENDPOINT.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from kmstui.demo.access.context import Credentials
from kmstui.demo.front.wire import Response
from kmstui.demo.world.people import INSTANCE_ID

_LIFETIME = 6 * 3600


class MetadataService:
    """Region, identity document and the instance role's credentials."""

    def __init__(self, region: str, account: str, role: str, credentials: Credentials) -> None:
        self._region = region
        self._account = account
        self._role = role
        self._credentials = credentials
        self._tokens: dict[str, float] = {}

    def answer(self, environ: Mapping[str, Any]) -> Response:
        """Serve one request under ``/latest/``."""
        path, method = environ.get("PATH_INFO", ""), environ.get("REQUEST_METHOD", "GET")
        if path == "/latest/api/token":
            return self._token(method)
        expires = self._tokens.get(environ.get("HTTP_X_AWS_EC2_METADATA_TOKEN", ""))
        if expires is None or expires < time.monotonic():
            return Response(401, "text/plain", b"Unauthorized")
        text = self._text(path)
        if text is None:
            return Response(404, "text/plain", b"Not Found")
        return Response(200, "text/plain", text.encode())

    def _token(self, method: str) -> Response:
        if method != "PUT":
            return Response(403, "text/plain", b"Forbidden")
        token = secrets.token_urlsafe(40)
        self._tokens[token] = time.monotonic() + _LIFETIME
        headers = (("X-aws-ec2-metadata-token-ttl-seconds", str(_LIFETIME)),)
        return Response(200, "text/plain", token.encode(), headers)

    def _text(self, path: str) -> str | None:
        meta = "/latest/meta-data"
        pages = {
            f"{meta}/placement/region": lambda: self._region,
            f"{meta}/placement/availability-zone": lambda: f"{self._region}b",
            f"{meta}/placement/availability-zone/": lambda: f"{self._region}b",
            f"{meta}/instance-id": lambda: INSTANCE_ID,
            f"{meta}/iam/security-credentials": lambda: self._role,
            f"{meta}/iam/security-credentials/": lambda: self._role,
            f"{meta}/iam/security-credentials/{self._role}": self._security_credentials,
            "/latest/dynamic/instance-identity/document": self._document,
        }
        page = pages.get(path)
        return page() if page else None

    def _security_credentials(self) -> str:
        now = time.time()
        return json.dumps(
            {
                "Code": "Success",
                "LastUpdated": _stamp(now),
                "Type": "AWS-HMAC",
                "AccessKeyId": self._credentials.access_key_id,
                "SecretAccessKey": self._credentials.secret_access_key,
                "Token": self._credentials.session_token,
                "Expiration": _stamp(now + _LIFETIME),
            }
        )

    def _document(self) -> str:
        return json.dumps(
            {
                "accountId": self._account,
                "architecture": "x86_64",
                "availabilityZone": f"{self._region}b",
                "imageId": "ami-0d64bb532e0502c46",
                "instanceId": INSTANCE_ID,
                "instanceType": "t3.small",
                "pendingTime": "2026-03-02T08:11:37Z",
                "privateIp": "10.20.4.117",
                "region": self._region,
                "version": "2017-09-30",
            }
        )


def _stamp(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
