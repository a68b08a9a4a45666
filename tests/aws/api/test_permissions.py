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
from kmstui.demo.access.authorization import action_of
from kmstui.demo.world.custom_key_stores import CLUSTER_STORE
from kmstui.demo.world.endpoints import IN_USE
from kmstui.model import Grant, KeyCreation, MaterialImport, ResourceKind, Tag
from kmstui.service.errors import AccessDeniedError, InvalidInputError, InvalidStateError
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


class RestrictedRole:
    """A connection as the instance's role, whose IAM policy a test writes, and keys for it."""

    def __init__(self, embedded: ControlledKms, gateway: Any) -> None:
        self._embedded = embedded
        self._iam = client(embedded, "iam", "admin")
        self._kms = client(embedded, "kms", "admin")
        self.gateway = gateway
        self.arn = f"arn:aws:iam::{embedded.account}:role/{INSTANCE_ROLE}"
        self.user = f"arn:aws:iam::{embedded.account}:user/alice.ops"

    def key(self, **parameters: Any) -> Any:
        """A new key with KMS's default policy, which leaves everything to IAM."""
        return self._kms.create_key(**parameters)["KeyMetadata"]

    def grant(self, key_id: str) -> str:
        made = self._kms.create_grant(
            KeyId=key_id, GranteePrincipal=self.arn, Operations=["Decrypt"]
        )
        return str(made["GrantId"])

    async def denied(
        self, actions: Iterable[str], doing: Callable[[RestrictedRole], AsyncIterator[Any]]
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
            action_of(each.service, each.operation)
            for each in log.requests(after=before)
            if each.error.startswith(("AccessDenied", "UnauthorizedOperation"))
            and f"/{INSTANCE_ROLE}/" in each.caller
        }


async def everything(pages: AsyncIterator[Any]) -> None:
    async for _ in pages:
        pass


async def look_at_keys(role: RestrictedRole) -> AsyncIterator[Any]:
    key = role.key()["KeyId"]
    yield everything(role.gateway.key_pages())
    yield everything(role.gateway.alias_pages())
    yield role.gateway.describe(key)
    yield role.gateway.policy_names(key)
    yield role.gateway.get_policy(key)
    yield role.gateway.list_tags(key)


async def tags_at_once(role: RestrictedRole) -> AsyncIterator[Any]:
    yield everything(role.gateway.tag_pages())


async def details(role: RestrictedRole) -> AsyncIterator[Any]:
    key = role.key()["KeyId"]
    role._kms.enable_key_rotation(KeyId=key)
    yield role.gateway.rotation(key)
    yield role.gateway.last_usage(key)


async def grants_and_events(role: RestrictedRole) -> AsyncIterator[Any]:
    key = role.key()
    grant = role.grant(key["KeyId"])
    yield role.gateway.list_grants(key["KeyId"])
    yield role.gateway.revoke_grant(key["KeyId"], grant)
    yield role.gateway.events(key["Arn"])


async def grants_made(role: RestrictedRole) -> AsyncIterator[Any]:
    wanted = Grant("", "", role.arn, ("Decrypt",), context_subset=(("tenant", "1"),))
    yield role.gateway.create_grant(role.key()["KeyId"], wanted)


async def access(role: RestrictedRole) -> AsyncIterator[Any]:
    role._iam.attach_role_policy(
        RoleName=INSTANCE_ROLE, PolicyArn=f"{role.arn.rpartition(':')[0]}:policy/kms-read"
    )
    yield role.gateway.role_names()
    yield role.gateway.user_names()
    yield role.gateway.identity(role.arn)
    yield role.gateway.identity(role.user)


async def policies(role: RestrictedRole) -> AsyncIterator[Any]:
    key = role.key()["KeyId"]
    text = role._kms.get_key_policy(KeyId=key)["Policy"]
    yield role.gateway.put_policy(key, text)
    yield role.gateway.put_role_policy("billing-worker", "new", READING_TEXT)


async def tags_and_aliases(role: RestrictedRole) -> AsyncIterator[Any]:
    one, other = role.key()["KeyId"], role.key()["KeyId"]
    name = f"alias/{one}"
    role._kms.create_alias(AliasName=name, TargetKeyId=one)
    yield role.gateway.tag(one, [Tag("project", "x")])
    yield role.gateway.untag(one, ["project"])
    yield role.gateway.create_alias(f"{name}-more", one)
    yield role.gateway.update_alias(name, other)
    yield role.gateway.delete_alias(name)


async def life(role: RestrictedRole) -> AsyncIterator[Any]:
    gateway, key = role.gateway, role.key()["KeyId"]
    yield gateway.create_key(KeyCreation())
    yield gateway.update_description(key, "x")
    yield gateway.disable(key)
    yield gateway.enable(key)
    yield gateway.enable_rotation(key)
    yield gateway.disable_rotation(key)
    yield gateway.rotate_now(key)
    yield gateway.replicate(role.key(MultiRegion=True)["KeyId"], "us-east-1")
    set_of = role.key(MultiRegion=True)["KeyId"]
    role._kms.replicate_key(KeyId=set_of, ReplicaRegion="us-east-1")
    yield gateway.update_primary_region(set_of, "us-east-1")
    yield gateway.schedule_deletion(key, 7)
    doomed = role.key()["KeyId"]
    role._kms.schedule_key_deletion(KeyId=doomed)
    yield gateway.cancel_deletion(doomed)


async def material(role: RestrictedRole) -> AsyncIterator[Any]:
    key = role.key(Origin="EXTERNAL")["KeyId"]
    yield role.gateway.import_parameters(key, "RSAES_OAEP_SHA_256", "RSA_2048")
    yield refused_token(role.gateway.import_material(key, MaterialImport(b"token", b"wrapped")))
    yield role.gateway.delete_material(key)


async def refused_token(importing: Awaitable[Any]) -> None:
    with suppress(InvalidInputError):
        await importing


async def custom_key_stores(role: RestrictedRole) -> AsyncIterator[Any]:
    yield role.gateway.custom_key_stores()
    yield role.gateway.connect_key_store(CLUSTER_STORE)
    yield role.gateway.disconnect_key_store(CLUSTER_STORE)


async def control_policies(role: RestrictedRole) -> AsyncIterator[Any]:
    organizations = client(role._embedded, "organizations", "root")
    with suppress(organizations.exceptions.AlreadyInOrganizationException):
        organizations.create_organization(FeatureSet="ALL")
    made = organizations.create_account(Email="a@example.com", AccountName="a")
    yield role.gateway.account_controls(made["CreateAccountStatus"]["AccountId"])


async def several(role: RestrictedRole) -> AsyncIterator[Any]:
    organizations = client(role._embedded, "organizations", "root")
    with suppress(organizations.exceptions.AlreadyInOrganizationException):
        organizations.create_organization(FeatureSet="ALL")
    yield role.gateway.enabled_regions()
    yield role.gateway.usable_regions()
    yield role.gateway.account_ids()


async def indexes(role: RestrictedRole) -> AsyncIterator[Any]:
    yield role.gateway.resource_indexes()
    yield role.gateway.indexed_key_regions(role._embedded.account)
    yield role.gateway.recorded_key_places()


async def endpoints(role: RestrictedRole) -> AsyncIterator[Any]:
    yield role.gateway.vpc_endpoints()
    yield role.gateway.endpoint_policy(IN_USE)


async def resources(role: RestrictedRole) -> AsyncIterator[Any]:
    yield role.gateway.config_recording()
    yield role.gateway.config_query("SELECT resourceId WHERE resourceType = 'AWS::SQS::Queue'")
    for kind in ResourceKind:
        yield everything(role.gateway.resource_pages(kind))


async def analyzer(role: RestrictedRole) -> AsyncIterator[Any]:
    yield role.gateway.validate_policy(READING_TEXT)
    yield role.gateway.check_no_public_access(READING_TEXT)


async def policy_checks(role: RestrictedRole) -> AsyncIterator[Any]:
    yield role.gateway.check_no_new_access(READING_TEXT, READING_TEXT)
    yield role.gateway.check_access_not_granted(READING_TEXT, ["kms:Sign"])


USES = {
    "tags of 100 keys in one call instead of one": tags_at_once,
    "Details, columns and filters of rotation, last use and cost": details,
    "Grants and their column, Events, word of a put that was overwritten": grants_and_events,
    "Access, verdicts and roles as IAM decides them": access,
    "control policies over your account (from the management account or a delegated"
    " administrator's)": control_policies,
    "all enabled Regions, all accounts of the organization": several,
    "to read only the Regions that hold keys, of all that are enabled": indexes,
    "VPC endpoints of KMS and their policies": endpoints,
    "what is configured with a key (Uses); leave out services that it need not ask": resources,
    "`kmstui restore`, besides what it changes by": grants_made,
    "editing policies": policies,
    "tags, aliases": tags_and_aliases,
    "the life of a key": life,
    "imported key material": material,
    "custom key stores": custom_key_stores,
    "Access Analyzer's findings": analyzer,
    "Access Analyzer's checks of a change": policy_checks,
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
    role = RestrictedRole(embedded, await connect())
    assert await role.denied(actions, doing) == set()
    for left_out in set(actions) - NO_OPERATION_OF_ITS_OWN:
        denied = await role.denied([each for each in actions if each != left_out], doing)
        assert any(fnmatchcase(each, left_out) for each in denied), f"{left_out} is not needed"
