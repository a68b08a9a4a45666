"""The log of requests, and CloudTrail LookupEvents: what the log tells, and the history before it.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html and
https://docs.aws.amazon.com/kms/latest/developerguide/logging-using-cloudtrail.html
"""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from kmstui.demo.access.context import Call, Caller, Network, Result
from kmstui.demo.errors import AwsError
from kmstui.demo.front.wire import AwsRequest
from kmstui.demo.kms.members import lower_first
from kmstui.demo.kms.paging import decode_marker, encode_marker


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One request and how it ended."""

    time: float
    request: AwsRequest
    caller: Caller | None
    network: Network
    key_arn: str
    status: int
    """HTTP status; 0 when the connection was closed without an answer."""
    error: str = ""
    message: str = ""


class RequestLog:
    """The last 200,000 requests. Safe for threads."""

    def __init__(self) -> None:
        self._entries: deque[LogEntry] = deque(maxlen=200_000)
        self._lock = threading.Lock()

    def add(self, entry: LogEntry) -> None:
        """Note one request."""
        with self._lock:
            self._entries.append(entry)

    def entries(self) -> list[LogEntry]:
        """All that is noted, oldest first."""
        with self._lock:
            return list(self._entries)

    def clear(self) -> None:
        """Forget everything so far."""
        with self._lock:
            self._entries.clear()


PAGE = 50
_SECRET_MEMBERS = frozenset(
    {"Plaintext", "CiphertextBlob", "Message", "Signature", "Mac", "ImportToken",
     "EncryptedKeyMaterial", "GrantTokens", "GrantToken", "PublicKey"}
)  # fmt: skip
_READ_ONLY_PREFIXES = ("Get", "List", "Describe", "Lookup")
_CRYPTOGRAPHIC_READS = frozenset(
    {"Encrypt", "Decrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "Sign", "Verify",
     "GenerateMac", "VerifyMac", "ReEncrypt", "GenerateRandom"}
)  # fmt: skip


class CloudTrailService:
    """LookupEvents, newest first."""

    def __init__(self, log: RequestLog) -> None:
        self._log = log
        self._seeded: list[LogEntry] = []

    def seed(self, events: Iterable[LogEntry]) -> None:
        """Set the history from before the front was started."""
        self._seeded = sorted(events, key=lambda event: event.time)

    def answer(self, call: Call) -> Result:
        """Serve one call; raises ``AwsError``."""
        if call.operation != "LookupEvents":
            raise AwsError("UnsupportedOperationException", f"{call.operation} is not served.")
        parameters = call.parameters
        size = parameters.get("MaxResults", PAGE)
        if not isinstance(size, int) or not 1 <= size <= PAGE:
            raise AwsError(
                "InvalidMaxResultsException", f"MaxResults must be between 1 and {PAGE}."
            )
        events = [event for event in self._events(call.region) if _wanted(event, parameters)]
        events.sort(key=_position, reverse=True)
        token = parameters.get("NextToken")
        if token:
            problem = "InvalidNextTokenException", "The NextToken is not valid."
            last = decode_marker("events", str(token), *problem)
            events = [event for event in events if _position(event) < last]
        page = events[:size]
        answer: dict[str, Any] = {"Events": [_listed(event) for event in page]}
        if len(events) > size:
            answer["NextToken"] = encode_marker("events", _position(page[-1]))
        return answer

    def _events(self, region: str) -> list[LogEntry]:
        return [
            entry
            for entry in (*self._seeded, *self._log.entries())
            if entry.caller is not None
            and entry.request.service == "kms"
            and entry.request.region == region
        ]


def _position(event: LogEntry) -> str:
    return f"{event.time:020.6f} {event.request.request_id}"


def _wanted(event: LogEntry, parameters: Mapping[str, Any]) -> bool:
    if event.time < float(parameters.get("StartTime", 0)):
        return False
    if event.time > float(parameters.get("EndTime", float("inf"))):
        return False
    for attribute in parameters.get("LookupAttributes") or ():
        name, value = attribute.get("AttributeKey"), attribute.get("AttributeValue")
        held: Sequence[str] = {
            "EventId": (event.request.request_id,),
            "EventName": (event.request.operation,),
            "EventSource": ("kms.amazonaws.com",),
            "Username": (_username(event),),
            "AccessKeyId": (event.request.access_key,),
            "ReadOnly": (str(read_only(event.request.operation)).lower(),),
            "ResourceType": ("AWS::KMS::Key",),
            "ResourceName": (event.key_arn, event.key_arn.rpartition("/")[2]),
        }.get(str(name), ())
        if value not in held:
            return False
    return True


def _listed(event: LogEntry) -> dict[str, Any]:
    listed: dict[str, Any] = {
        "EventId": event.request.request_id,
        "EventName": event.request.operation,
        "ReadOnly": str(read_only(event.request.operation)).lower(),
        "AccessKeyId": event.request.access_key,
        "EventTime": round(event.time),
        "EventSource": "kms.amazonaws.com",
        "Username": _username(event),
        "Resources": [],
        "CloudTrailEvent": json.dumps(_record(event)),
    }
    if event.key_arn:
        listed["Resources"] = [{"ResourceType": "AWS::KMS::Key", "ResourceName": event.key_arn}]
    return listed


def _username(event: LogEntry) -> str:
    return event.caller.arn.rsplit("/", 1)[-1] if event.caller else ""


def read_only(name: str) -> bool:
    """Whether CloudTrail calls an operation read-only (cryptographic use is)."""
    return name.startswith(_READ_ONLY_PREFIXES) or name in _CRYPTOGRAPHIC_READS


_OLDER_TLS = {"tlsVersion": "TLSv1.2", "cipherSuite": "ECDHE-RSA-AES128-GCM-SHA256"}
_TLS_OF_TODAY = {
    "tlsVersion": "TLSv1.3",
    "cipherSuite": "TLS_AES_128_GCM_SHA256",
    "keyExchange": "X25519MLKEM768",
}


def _record(entry: LogEntry) -> dict[str, Any]:
    """The JSON record of an event; what is secret is left out, as CloudTrail does."""
    request, caller = entry.request, entry.caller
    if caller is None:
        raise ValueError("an event needs a caller")
    record: dict[str, Any] = {
        "eventVersion": "1.11",
        "userIdentity": user_identity(caller, request.access_key),
        "eventTime": datetime.fromtimestamp(entry.time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": "kms.amazonaws.com",
        "eventName": request.operation,
        "awsRegion": request.region,
        "sourceIPAddress": entry.network.source_ip,
        "userAgent": request.user_agent,
        "requestParameters": _request_parameters(request.parameters) or None,
        "responseElements": None,
        "requestID": request.request_id,
        "eventID": request.request_id,
        "readOnly": read_only(request.operation),
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": caller.account,
        "eventCategory": "Management",
        # As a client that can do no more than TLS 1.2 is seen, and one of today.
        "tlsDetails": {
            **(_TLS_OF_TODAY if request.user_agent.startswith("Boto3/") else _OLDER_TLS),
            "clientProvidedHostHeader": f"kms.{request.region}.amazonaws.com",
        },
    }
    if entry.key_arn.startswith("arn:"):
        owner = entry.key_arn.split(":")[4]
        record["resources"] = [{"accountId": owner, "type": "AWS::KMS::Key", "ARN": entry.key_arn}]
    if entry.network.vpc_endpoint:
        record["vpcEndpointId"] = entry.network.vpc_endpoint
    if entry.error:
        record["errorCode"] = entry.error.replace("AccessDeniedException", "AccessDenied")
        record["errorMessage"] = entry.message
    return record


def _request_parameters(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Members as CloudTrail spells them; the names in an encryption context stay as they are."""
    return {
        lower_first(member): [
            {lower_first(name): held for name, held in item.items()}
            if isinstance(item, dict)
            else item
            for item in value
        ]
        if isinstance(value, list)
        else value
        for member, value in parameters.items()
        if member not in _SECRET_MEMBERS
    }


def user_identity(caller: Caller, access_key: str) -> dict[str, Any]:
    """CloudTrail's userIdentity element.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
    """
    identity: dict[str, Any] = {
        "type": {"AssumedRole": "AssumedRole", "User": "IAMUser"}.get(caller.kind, "Root"),
        "principalId": caller.user_id,
        "arn": caller.arn,
        "accountId": caller.account,
        "accessKeyId": access_key,
    }
    if caller.kind == "User":
        identity["userName"] = caller.name
    if caller.kind == "AssumedRole":
        identity["sessionContext"] = {
            "sessionIssuer": {
                "type": "Role",
                "principalId": caller.user_id.partition(":")[0],
                "arn": caller.principal_arn,
                "accountId": caller.account,
                "userName": caller.name,
            },
            "attributes": {"mfaAuthenticated": str(caller.mfa_at is not None).lower()},
        }
    return identity
