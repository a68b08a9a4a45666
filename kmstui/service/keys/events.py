"""CloudTrail's events of a key, and what a policy can take from one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from kmstui.model import KeyEvent
from kmstui.service.session import Session


@dataclass(frozen=True, slots=True)
class EventPage:
    """One page of events, newest first."""

    events: tuple[KeyEvent, ...]
    token: str
    """Asks for the next page; empty when there is none."""


async def read_events(session: Session, key_arn: str, token: str = "") -> EventPage:
    """The next page of LookupEvents; the encryption contexts of its events count as seen.

    CloudTrail keeps 90 days, shows an event about five minutes after it happened, and allows two
    lookups a second in an account and Region (CloudTrail API Reference, LookupEvents).

    Raises:
        ServiceError: CloudTrail may not be asked, or does not answer.
    """
    gateway = session.of(key_arn).gateway
    events, following = await gateway.events(key_arn, token)
    if session.is_connected_by(gateway):
        session.store.see_contexts(event.encryption_context for event in events)
    return EventPage(events, following)


def context_condition(context: Sequence[tuple[str, str]]) -> str:
    """An encryption context as the Condition of a policy statement: a member, ready to paste.

    `${` would begin a policy variable, so it is written as IAM has it escaped (IAM User Guide,
    "Policy variables": special characters).
    """
    values = {
        f"kms:EncryptionContext:{name}": value.replace("${", "${$}{")
        for name, value in sorted(context)
    }
    return f'"Condition": {json.dumps({"StringEquals": values}, indent=4)}'
