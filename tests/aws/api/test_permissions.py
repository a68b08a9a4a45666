"""The IAM actions that the README names are those that are needed: enough, and none too many.

The embedded AWS decides by its own evaluator; the caller's role has the README's actions alone.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import suppress
from fnmatch import fnmatchcase
from typing import Any

import pytest

from kmstui.aws.calls import operations
from kmstui.demo.access.authorization import PREFIXES
from kmstui.model.key import KeyCreation
from kmstui.model.tag import Tag
from kmstui.service.errors import AccessDeniedError, InvalidStateError
from tests import readme
from tests.control import ControlledKms
from tests.embedded import client

Connect = Callable[..., Awaitable[Any]]

pytestmark = pytest.mark.usefixtures("aws_environment")

READING = tuple(readme.reading_policy()["Statement"][0]["Action"])
MORE = readme.actions_by_use()
WITHOUT_PERMISSION = {"sts:GetCallerIdentity"}
"""AWS lets everybody ask who they are."""
READING_TEXT = json.dumps(readme.reading_policy())
SENT = {
    each.permission for each in vars(operations).values() if isinstance(each, operations.Operation)
} - WITHOUT_PERMISSION
INSTANCE_ROLE = "KMSWorkshop-InstanceInitRole"
INLINE_POLICY = "KMSWorkshop-AditionalPermissions"
NO_OPERATION_OF_ITS_OWN = {"iam:CreateServiceLinkedRole"}
"""KMS does it for the caller of CreateKey or ReplicateKey, the first time in an account."""


def test_every_operation_that_is_sent_is_named():
    named = [*READING, *(action for actions in MORE.values() for action in actions)]
    assert [
        each for each in sorted(SENT) if not any(fnmatchcase(each, name) for name in named)
    ] == []


def test_no_action_is_named_that_is_never_sent():
    named = {*READING, *(action for actions in MORE.values() for action in actions)}
    never = {name for name in named if not any(fnmatchcase(each, name) for each in SENT)}
    assert never == NO_OPERATION_OF_ITS_OWN


class Desk:
    """A connection as the instance's role, whose IAM policy a test writes, and keys for it."""

    def __init__(self, embedded: ControlledKms, gateway: Any) -> None:
        self._embedded = embedded
        self._iam = client(embedded, "iam", "admin")
        self._kms = client(embedded, "kms", "admin")
        self.gateway = gateway
        self.role = f"arn:aws:iam::{embedded.account}:role/{INSTANCE_ROLE}"
        self.user = f"arn:aws:iam::{embedded.account}:user/alice.ops"

    def key(self, **parameters: Any) -> Any:
        """A new key with KMS's default policy, which leaves everything to IAM."""
        return self._kms.create_key(**parameters)["KeyMetadata"]

    def grant(self, key_id: str) -> str:
        made = self._kms.create_grant(
            KeyId=key_id, GranteePrincipal=self.role, Operations=["Decrypt"]
        )
        return str(made["GrantId"])

    async def denied(
        self, actions: Iterable[str], doing: Callable[[Desk], AsyncIterator[Any]]
    ) -> set[str]:
        """What AWS denies when the role has these actions alone and does it all."""
        # A list must not be empty.
        listed = [*WITHOUT_PERMISSION, *actions]
        statement = {"Effect": "Allow", "Action": listed, "Resource": "*"}
        document = {"Version": "2012-10-17", "Statement": [statement]}
        self._iam.put_role_policy(
            RoleName=INSTANCE_ROLE, PolicyName=INLINE_POLICY, PolicyDocument=json.dumps(document)
        )
        log = self._embedded.control
        before = log.requests()[-1].number
        async for step in doing(self):
            # What was denied stands in the log; what builds on it cannot go well.
            with suppress(AccessDeniedError, InvalidStateError):
                await step
        return {
            f"{PREFIXES.get(each.service, each.service)}:{each.operation}"
            for each in log.requests(after=before)
            if each.error.startswith("AccessDenied") and f"/{INSTANCE_ROLE}/" in each.caller
        }


async def everything(pages: AsyncIterator[Any]) -> None:
    async for _ in pages:
        pass


async def look_at_keys(desk: Desk) -> AsyncIterator[Any]:
    key = desk.key()["KeyId"]
    yield everything(desk.gateway.key_pages())
    yield everything(desk.gateway.alias_pages())
    yield desk.gateway.describe(key)
    yield desk.gateway.policy_names(key)
    yield desk.gateway.get_policy(key)
    yield desk.gateway.list_tags(key)


async def tags_at_once(desk: Desk) -> AsyncIterator[Any]:
    yield everything(desk.gateway.tag_pages())


async def details(desk: Desk) -> AsyncIterator[Any]:
    key = desk.key()["KeyId"]
    desk._kms.enable_key_rotation(KeyId=key)
    yield desk.gateway.rotation(key)
    yield desk.gateway.last_usage(key)


async def grants_and_events(desk: Desk) -> AsyncIterator[Any]:
    key = desk.key()
    grant = desk.grant(key["KeyId"])
    yield desk.gateway.list_grants(key["KeyId"])
    yield desk.gateway.revoke_grant(key["KeyId"], grant)
    yield desk.gateway.events(key["Arn"])


async def access(desk: Desk) -> AsyncIterator[Any]:
    desk._iam.attach_role_policy(
        RoleName=INSTANCE_ROLE, PolicyArn=f"{desk.role.rpartition(':')[0]}:policy/kms-read"
    )
    yield desk.gateway.role_names()
    yield desk.gateway.user_names()
    yield desk.gateway.identity(desk.role)
    yield desk.gateway.identity(desk.user)


async def policies(desk: Desk) -> AsyncIterator[Any]:
    key = desk.key()["KeyId"]
    text = desk._kms.get_key_policy(KeyId=key)["Policy"]
    yield desk.gateway.put_policy(key, text)
    yield desk.gateway.put_role_policy("billing-worker", "new", READING_TEXT)


async def tags_and_aliases(desk: Desk) -> AsyncIterator[Any]:
    one, other = desk.key()["KeyId"], desk.key()["KeyId"]
    name = f"alias/{one}"
    desk._kms.create_alias(AliasName=name, TargetKeyId=one)
    yield desk.gateway.tag(one, [Tag("project", "x")])
    yield desk.gateway.untag(one, ["project"])
    yield desk.gateway.create_alias(f"{name}-more", one)
    yield desk.gateway.update_alias(name, other)
    yield desk.gateway.delete_alias(name)


async def life(desk: Desk) -> AsyncIterator[Any]:
    gateway, key = desk.gateway, desk.key()["KeyId"]
    yield gateway.create_key(KeyCreation())
    yield gateway.update_description(key, "x")
    yield gateway.disable(key)
    yield gateway.enable(key)
    yield gateway.enable_rotation(key)
    yield gateway.disable_rotation(key)
    yield gateway.rotate_now(key)
    yield gateway.replicate(desk.key(MultiRegion=True)["KeyId"], "us-east-1")
    yield gateway.schedule_deletion(key, 7)
    doomed = desk.key()["KeyId"]
    desk._kms.schedule_key_deletion(KeyId=doomed)
    yield gateway.cancel_deletion(doomed)


async def analyzer(desk: Desk) -> AsyncIterator[Any]:
    yield desk.gateway.validate_policy(READING_TEXT)
    yield desk.gateway.check_no_public_access(READING_TEXT)


USES = {
    "tags of 100 keys in one call instead of one": tags_at_once,
    "Details": details,
    "Grants, Events": grants_and_events,
    "Access, verdicts and roles as IAM decides them": access,
    "editing policies": policies,
    "tags, aliases": tags_and_aliases,
    "the life of a key": life,
    "Access Analyzer's findings": analyzer,
}


def test_every_row_of_the_table_is_tried():
    assert list(USES) == list(MORE)


@pytest.mark.parametrize(
    ("actions", "doing"),
    [(READING, look_at_keys), *((MORE[use], doing) for use, doing in USES.items() if use in MORE)],
    ids=["reading", *USES],
)
async def test_the_named_actions_are_enough_and_each_is_needed(
    embedded: ControlledKms, connect: Connect, actions: tuple[str, ...], doing: Any
) -> None:
    desk = Desk(embedded, await connect())
    assert await desk.denied(actions, doing) == set()
    for left_out in set(actions) - NO_OPERATION_OF_ITS_OWN:
        denied = await desk.denied([each for each in actions if each != left_out], doing)
        assert any(fnmatchcase(each, left_out) for each in denied), f"{left_out} is not needed"
