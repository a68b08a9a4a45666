"""CloudTrail events about a key."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from kmstui.aws.api.base import ApiBase, Listing, Paging
from kmstui.aws.calls import Response, short_key_name, text_pairs
from kmstui.aws.calls import operations as op
from kmstui.model import KeyEvent
from kmstui.service.ports import Urgency


class EventApi(ApiBase):
    """Reads of CloudTrail's event history (90 days)."""

    async def events(
        self, key_arn: str, token: str = "", name: str = ""
    ) -> tuple[tuple[KeyEvent, ...], str]:
        params = {
            "LookupAttributes": [{"AttributeKey": "ResourceName", "AttributeValue": key_arn}],
            "MaxResults": 50,
            "NextToken": token or None,
        }
        events, following = await self._calls.send(op.LOOKUP_EVENTS, params, _page, key=key_arn)
        return tuple(event for event in events if not name or event.name == name), following

    async def policy_puts(
        self, since: datetime, until: datetime
    ) -> tuple[tuple[str, KeyEvent], ...]:
        listing = Listing(
            op.LOOKUP_EVENTS,
            {
                "LookupAttributes": [
                    {"AttributeKey": "EventName", "AttributeValue": "PutKeyPolicy"}
                ],
                "StartTime": since,
                "EndTime": until,
                "MaxResults": 50,
            },
            _PAGING,
            _puts,
            urgency=Urgency.BACKGROUND,
        )
        return await listing.everything(self._calls)


_PAGING = Paging("NextToken", "NextToken")


def _puts(response: Response) -> tuple[tuple[str, KeyEvent], ...]:
    found = response.readable("Events", _put, lambda why: ((), _unread(why)))
    return tuple((key_id, event) for key_ids, event in found for key_id in key_ids)


def _put(response: Response) -> tuple[tuple[str, ...], KeyEvent]:
    names = response.optional_each("Resources", lambda each: each.optional_text("ResourceName"))
    # A key stands there by its ARN, its ID, or both.
    key_ids = tuple(dict.fromkeys(short_key_name(name) for name in names if name))
    return key_ids, _event(response)


def _page(response: Response) -> tuple[tuple[KeyEvent, ...], str]:
    return response.readable("Events", _event, _unread), response.optional_text("NextToken")


def _event(response: Response) -> KeyEvent:
    event = KeyEvent(
        id=response.optional_text("EventId"),
        time=response.optional_time("EventTime"),
        name=response.optional_text("EventName"),
        principal=response.optional_text("Username"),
        read_only=response.optional_text("ReadOnly") != "false",
    )
    try:
        record = json.loads(response.optional_text("CloudTrailEvent") or "{}")
    except (ValueError, RecursionError):
        # The record is a text inside the response; without it the event still says who and when.
        return event
    return _with_record(event, record) if isinstance(record, Mapping) else event


def _unread(why: str) -> KeyEvent:
    return KeyEvent("", None, "", "", error_code="Not read", error_message=why)


def _with_record(event: KeyEvent, record: Mapping[str, object]) -> KeyEvent:
    """Source: CloudTrail User Guide, "CloudTrail record contents"."""
    request, tls = _map(record, "requestParameters"), _map(record, "tlsDetails")
    return replace(
        event,
        principal=_principal(_map(record, "userIdentity")) or event.principal,
        time=event.time or _time(_text(record, "eventTime")),
        source_ip=_text(record, "sourceIPAddress"),
        vpc_endpoint=_text(record, "vpcEndpointId"),
        user_agent=_text(record, "userAgent"),
        tls=tuple(filter(None, (_text(tls, name) for name in _TLS))),
        error_code=_text(record, "errorCode"),
        error_message=_text(record, "errorMessage"),
        encryption_context=text_pairs(_map(request, "encryptionContext")),
        policy=_text(request, "policy"),
    )


_TLS = ("tlsVersion", "cipherSuite", "keyExchange")


def _principal(identity: Mapping[object, object]) -> str:
    return (
        _text(identity, "arn")
        or _text(identity, "invokedBy")
        or _text(identity, "principalId")
        or _text(identity, "accountId")
    )


def _map(source: Mapping[Any, object], name: str) -> Mapping[object, object]:
    value = source.get(name)
    return value if isinstance(value, Mapping) else {}


def _time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _text(source: Mapping[Any, object], name: str) -> str:
    value = source.get(name)
    return value if isinstance(value, str) else ""
