"""Answers that lack what the service model does not require, or hold what nobody expects.

One bad item is one bad row: whatever comes, there is a sentence or a value, and each good item is
there.
"""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest

from kmstui.aws.api import base
from kmstui.aws.calls import operations
from kmstui.aws.calls.throttling import Bucket
from kmstui.model import DryRun, KeyCreation, MaterialImport, ResourceKind, Tag
from kmstui.service.errors import IncompleteListError, ServiceError
from tests.aws.conftest import Scripted

Connect = Callable[..., Awaitable[Any]]

KEY = "1234abcd-12ab-34cd-56ef-1234567890ab"
ARN = f"arn:aws:kms:eu-west-1:111122223333:key/{KEY}"
ROLE, USER = "arn:aws:iam::111122223333:role/Role", "arn:aws:iam::111122223333:user/User"


def _dry_run(name: str, gateway: Any) -> Awaitable[None]:
    asked: Awaitable[None] = gateway.dry_run(
        DryRun(name, ARN, "SYMMETRIC_DEFAULT", "SYMMETRIC_DEFAULT", grantee=ROLE)
    )
    return asked


def _resources(kind: ResourceKind, gateway: Any) -> Any:
    return gateway.resource_pages(kind)


CALLS: Mapping[str, Callable[[Any], Any]] = {
    "ListKeys": lambda gateway: gateway.key_pages(),
    "ListAliases": lambda gateway: gateway.alias_pages(),
    "GetResources": lambda gateway: gateway.tag_pages(),
    "DescribeKey": lambda gateway: gateway.describe(KEY),
    "ListResourceTags": lambda gateway: gateway.list_tags(KEY),
    "GetKeyRotationStatus ListKeyRotations": lambda gateway: gateway.rotation(KEY),
    "GetKeyLastUsage": lambda gateway: gateway.last_usage(KEY),
    "ListKeyPolicies": lambda gateway: gateway.policy_names(KEY),
    "GetKeyPolicy": lambda gateway: gateway.get_policy(KEY),
    "ListGrants": lambda gateway: gateway.list_grants(KEY),
    "PutKeyPolicy": lambda gateway: gateway.put_policy(KEY, "{}"),
    "TagResource": lambda gateway: gateway.tag(KEY, (Tag("a", "b"),)),
    "UntagResource": lambda gateway: gateway.untag(KEY, ("a",)),
    "CreateAlias": lambda gateway: gateway.create_alias("alias/a", KEY),
    "UpdateAlias": lambda gateway: gateway.update_alias("alias/a", KEY),
    "DeleteAlias": lambda gateway: gateway.delete_alias("alias/a"),
    "CreateKey": lambda gateway: gateway.create_key(KeyCreation()),
    "UpdateKeyDescription": lambda gateway: gateway.update_description(KEY, "words"),
    "EnableKey": lambda gateway: gateway.enable(KEY),
    "DisableKey": lambda gateway: gateway.disable(KEY),
    "EnableKeyRotation": lambda gateway: gateway.enable_rotation(KEY),
    "DisableKeyRotation": lambda gateway: gateway.disable_rotation(KEY),
    "RotateKeyOnDemand": lambda gateway: gateway.rotate_now(KEY),
    "ScheduleKeyDeletion": lambda gateway: gateway.schedule_deletion(KEY, 7),
    "CancelKeyDeletion": lambda gateway: gateway.cancel_deletion(KEY),
    "ReplicateKey": lambda gateway: gateway.replicate(KEY, "eu-west-3"),
    "RevokeGrant": lambda gateway: gateway.revoke_grant(KEY, "grant"),
    "GetCallerIdentity": lambda gateway: gateway.caller(),
    "ListRoles": lambda gateway: gateway.role_names(),
    "ListUsers": lambda gateway: gateway.user_names(),
    "GetRole ListRolePolicies GetRolePolicy ListAttachedRolePolicies GetPolicy GetPolicyVersion": (
        lambda gateway: gateway.identity(ROLE)
    ),
    "GetUser ListUserPolicies GetUserPolicy ListAttachedUserPolicies ListGroupsForUser"
    " ListGroupPolicies GetGroupPolicy ListAttachedGroupPolicies": (
        lambda gateway: gateway.identity(USER)
    ),
    "PutRolePolicy": lambda gateway: gateway.put_role_policy("Role", "Policy", "{}"),
    "LookupEvents": lambda gateway: gateway.events(ARN),
    "ValidatePolicy": lambda gateway: gateway.validate_policy("{}"),
    "CheckNoNewAccess": lambda gateway: gateway.check_no_new_access("{}", "{}"),
    "CheckAccessNotGranted": lambda gateway: gateway.check_access_not_granted("{}", ["kms:Sign"]),
    "CheckNoPublicAccess": lambda gateway: gateway.check_no_public_access("{}"),
    "DescribeOrganization ListParents ListPoliciesForTarget DescribePolicy": (
        lambda gateway: gateway.account_controls("111122223333")
    ),
    "ListAccounts": lambda gateway: gateway.account_ids(),
    "ListRegions": lambda gateway: gateway.enabled_regions(),
    "DescribeRegions": lambda gateway: gateway.usable_regions(),
    "ListIndexes": lambda gateway: gateway.resource_indexes(),
    "Search": lambda gateway: gateway.indexed_key_regions("111122223333"),
    "DescribeConfigurationAggregators SelectAggregateResourceConfig": (
        lambda gateway: gateway.recorded_key_places()
    ),
    "DescribeVpcEndpoints": lambda gateway: gateway.vpc_endpoints(),
    "DescribeCustomKeyStores": lambda gateway: gateway.custom_key_stores(),
    "ConnectCustomKeyStore": lambda gateway: gateway.connect_key_store("cks-1"),
    "DisconnectCustomKeyStore": lambda gateway: gateway.disconnect_key_store("cks-1"),
    "GetParametersForImport": lambda gateway: gateway.import_parameters(
        KEY, "RSAES_OAEP_SHA_256", "RSA_4096"
    ),
    "ImportKeyMaterial": lambda gateway: gateway.import_material(KEY, MaterialImport(b"t", b"w")),
    "DeleteImportedKeyMaterial": lambda gateway: gateway.delete_material(KEY),
    "UpdatePrimaryRegion": lambda gateway: gateway.update_primary_region(KEY, "eu-west-3"),
    "DescribeConfigurationRecorders DescribeConfigurationRecorderStatus": (
        lambda gateway: gateway.config_recording()
    ),
    "SelectResourceConfig": lambda gateway: gateway.config_query("SELECT resourceId"),
    **{
        names: partial(_resources, kind)
        for names, kind in (
            ("DescribeVolumes", ResourceKind.EBS_VOLUMES),
            ("DescribeSnapshots", ResourceKind.EBS_SNAPSHOTS),
            ("DescribeDBInstances", ResourceKind.RDS_INSTANCES),
            ("DescribeDBClusters", ResourceKind.RDS_CLUSTERS),
            ("ListSecrets", ResourceKind.SECRETS),
            ("ListFunctions", ResourceKind.FUNCTIONS),
            ("DescribeLogGroups", ResourceKind.LOG_GROUPS),
            ("DescribeFileSystems", ResourceKind.FILE_SYSTEMS),
            ("ListBuckets GetBucketEncryption", ResourceKind.S3_BUCKETS),
            ("ListTopics GetTopicAttributes", ResourceKind.TOPICS),
            ("ListQueues GetQueueAttributes", ResourceKind.QUEUES),
            ("ListTables DescribeTable", ResourceKind.TABLES),
        )
    },
    **{name: partial(_dry_run, name) for name in operations.DRY_RUNS},
}
"""What sends the operations, by their names."""

MARKERS = ("NextMarker", "Marker", "NextToken", "nextToken", "PaginationToken")
FLAGS = ("Truncated", "IsTruncated")

GOOD: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "ListKeys": ("Keys", lambda key: "KeyId" in key or "KeyArn" in key),
    "ListAliases": ("Aliases", lambda alias: "AliasName" in alias or "AliasArn" in alias),
    "GetResources": ("ResourceTagMappingList", lambda each: "ResourceARN" in each),
    "ListResourceTags": ("Tags", lambda tag: True),
    "ListGrants": ("Grants", lambda grant: True),
    "ListRoles": ("Roles", lambda role: True),
    "ListUsers": ("Users", lambda user: True),
    "LookupEvents": ("Events", lambda event: True),
    "DescribeVpcEndpoints": ("VpcEndpoints", lambda each: "VpcEndpointId" in each),
    "ValidatePolicy": ("findings", lambda finding: True),
}
"""The lists in which people look for items, and which of those say enough to be shown."""


def test_every_operation_is_drawn_for() -> None:
    drawn = {name for names in CALLS for name in names.split()}
    assert drawn == {each.name for each in OPERATIONS}


STREAMED = ("ListKeys", "ListAliases", "GetResources")
"""Of these the pages are shown as they come."""

OPERATIONS = (
    *(each for each in vars(operations).values() if isinstance(each, operations.Operation)),
    *operations.DRY_RUNS.values(),
)


class Draws:
    """Draws an answer from the shape that botocore's model gives an operation."""

    def __init__(self, seed: str, *, odd: float = 0.0) -> None:
        self.random = random.Random(seed)
        self.odd = odd
        """The share of members of a wrong type, or null."""
        self.number = 0

    def answer(self, shape: Any) -> dict[str, Any]:
        return {} if shape is None else self._structure(shape, paging=True)

    def _structure(self, shape: Any, *, paging: bool = False) -> dict[str, Any]:
        # A newer botocore hands on what its model has come to know.
        unknown = {"Tomorrow": {"Known": [self.number]}} if self.random.random() < 0.5 else {}
        return unknown | {
            name: self._value(name, member)
            for name, member in shape.members.items()
            if not (paging and name in (*MARKERS, *FLAGS))
            and (name in shape.required_members or self.random.random() < 0.7)
        }

    def _value(self, name: str, shape: Any) -> Any:
        if self.random.random() < self.odd:
            return self.random.choice([None, 7, "text", [], [None], {}, {"a": 1}, True, 1e300])
        kind = shape.type_name
        if kind == "structure":
            return self._structure(shape)
        if kind == "list":
            return [self._value(name, shape.member) for _ in range(self.random.randrange(4))]
        if kind == "map":
            return {f"name{self.random.randrange(9)}": "value"}
        return self._scalar(name, kind)

    def _scalar(self, name: str, kind: str) -> Any:
        self.number += 1
        if kind == "timestamp":
            return datetime(2026, 1, 1 + self.random.randrange(28), tzinfo=UTC)
        if kind == "boolean":
            return self.random.random() < 0.5
        if kind in ("integer", "long", "double", "float"):
            return self.random.randrange(100)
        if kind == "blob":
            return b"bytes"
        if name.lower().endswith("arn"):
            return f"arn:aws:kms:eu-west-1:111122223333:thing/{self.number}"
        # Of enumerations these are values that nobody knows yet.
        return f"{name}-{self.number}"


class Answers:
    """Answers in place of AWS, after botocore's parser."""

    def __init__(self, gateway: Any, names: Sequence[str]) -> None:
        self._clients = gateway._calls._clients
        # Nobody's quota is at stake.
        free = Bucket(1e6)
        self._clients.pacing = SimpleNamespace(bucket=lambda operation: free)
        services = {each.service for each in OPERATIONS if each.name in names} | {"sts"}
        for service in services:
            events = self._clients.client(service).meta.events
            events.register_first("before-call", self._answer)

    def begin(self, draws: Draws, pages: int) -> None:
        """Answer the next calls so, each list in so many pages."""
        self._draws, self._pages = draws, pages
        self.given: dict[str, list[dict[str, Any]]] = {}

    def _answer(self, model: Any, **_: object) -> tuple[Any, Any]:
        given = self.given.setdefault(model.name, [])
        answer = self._draws.answer(model.output_shape)
        members = () if model.output_shape is None else model.output_shape.members
        if len(given) + 1 < self._pages:
            answer |= {name: f"page {len(given)}" for name in MARKERS if name in members}
            answer |= dict.fromkeys((name for name in FLAGS if name in members), True)
            if self._draws.random.random() < 0.3:
                # A page may be empty, and the list not at its end.
                answer |= {name: [] for name, each in answer.items() if isinstance(each, list)}
        given.append(answer)
        return SimpleNamespace(status_code=200, content=b"{}"), answer

    def good(self, name: str) -> int:
        """How many items that can be shown were given."""
        member, shown = GOOD[name]
        return sum(shown(each) for page in self.given[name] for each in page.get(member) or ())


async def _result(asked: Any) -> tuple[list[Any], ServiceError | None]:
    """The pages that came, or the one value, and the error after them."""
    found: list[Any] = []
    try:
        if isinstance(asked, AsyncIterator):
            async for page in asked:
                found.append(page)
        else:
            found.append(await asked)
    except ServiceError as error:
        return found, error
    return found, None


def _items(name: str, found: Sequence[Any]) -> int:
    return sum(len(page[0] if name == "LookupEvents" else page) for page in found)


@pytest.mark.parametrize("names", CALLS)
async def test_whatever_optional_is_missing_each_good_item_is_shown(
    scripted: Scripted, connect: Connect, names: str
) -> None:
    gateway = await connect()
    answers = Answers(gateway, names.split())
    draws = Draws(names)
    for pages in (1, 3) * 10:
        answers.begin(draws, pages)
        found, error = await _result(CALLS[names](gateway))
        assert error is None or error.sentence.endswith(".")
        # Half a list of grants or of one key's tags would be taken for the whole.
        told = error is None or (names in STREAMED and isinstance(error, IncompleteListError))
        if names in GOOD and told:
            assert _items(names, found) == answers.good(names), answers.given


@pytest.mark.parametrize("names", CALLS)
async def test_whatever_is_of_a_wrong_type_there_is_a_value_or_a_sentence(
    scripted: Scripted, connect: Connect, names: str
) -> None:
    gateway = await connect()
    answers = Answers(gateway, names.split())
    draws = Draws(names, odd=0.15)
    for pages in (1, 2) * 10:
        answers.begin(draws, pages)
        found, error = await _result(CALLS[names](gateway))
        assert found or error is not None
        assert error is None or error.sentence.endswith(".")


def _body(**members: object) -> bytes:
    return json.dumps(members).encode()


ALIASES = [
    {"AliasName": "alias/first", "TargetKeyId": KEY},
    "no structure",
    None,
    {"AliasName": 5},
    {"AliasName": "alias/no-time", "CreationDate": "no time"},
    {"AliasName": "alias/far", "CreationDate": 1e300},
    {"AliasArn": "arn:aws:kms:eu-west-1:111122223333:alias/by-arn"},
    {"AliasName": "alias/last"},
]


async def test_one_bad_item_of_a_page_costs_that_item_alone_and_is_told(
    scripted: Scripted, connect: Connect
) -> None:
    gateway = await connect()
    scripted.body = _body(Aliases=ALIASES)
    found, error = await _result(gateway.alias_pages())
    assert [alias.name for page in found for alias in page] == [
        "alias/first", "alias/by-arn", "alias/last",
    ]  # fmt: skip
    assert isinstance(error, IncompleteListError)
    assert "and 4 more of the kind" in error.sentence


async def test_a_key_is_listed_by_its_id_or_its_arn_alone(
    scripted: Scripted, connect: Connect
) -> None:
    gateway = await connect()
    scripted.body = _body(Keys=[{"KeyId": KEY}, {"KeyArn": ARN}, {}])
    found, error = await _result(gateway.key_pages())
    assert [(key.id, key.arn) for key in found[0]] == [(KEY, ""), (KEY, ARN)]
    assert isinstance(error, IncompleteListError)
    assert "Keys.KeyId is missing" in error.sentence


async def test_a_key_of_which_only_the_id_is_told_is_described(
    scripted: Scripted, connect: Connect
) -> None:
    gateway = await connect()
    scripted.body = _body(KeyMetadata={"KeyId": KEY})
    key, metadata = await gateway.describe(KEY)
    assert (key.id, key.arn) == (KEY, "")
    assert (metadata.state, metadata.created) == ("", None)


@pytest.mark.parametrize("members", ["Aliases", "Keys"])
async def test_markers_that_go_round_in_a_circle_end_the_list(
    scripted: Scripted, connect: Connect, members: str
) -> None:
    gateway = await connect()
    answers = iter(("a", "b", "a", "b", "a"))

    def give_the_next(**_: object) -> tuple[Any, Any]:
        page = {members: [], "NextMarker": next(answers), "Truncated": True}
        return SimpleNamespace(status_code=200, content=b"{}"), page

    gateway._calls._clients.client("kms").meta.events.register_first("before-call", give_the_next)
    pages = gateway.alias_pages() if members == "Aliases" else gateway.key_pages()
    found, error = await _result(pages)
    assert (len(found), type(error)) == (3, IncompleteListError)


@pytest.mark.parametrize("members", ["Aliases", "Keys"])
async def test_empty_pages_without_end_end_the_list(
    scripted: Scripted, connect: Connect, monkeypatch: pytest.MonkeyPatch, members: str
) -> None:
    monkeypatch.setattr(base, "MOST_EMPTY_PAGES", 5)
    gateway = await connect()
    numbers = itertools.count()

    def give_the_next(**_: object) -> tuple[Any, Any]:
        page = {members: [], "NextMarker": str(next(numbers)), "Truncated": True}
        return SimpleNamespace(status_code=200, content=b"{}"), page

    gateway._calls._clients.client("kms").meta.events.register_first("before-call", give_the_next)
    pages = gateway.alias_pages() if members == "Aliases" else gateway.key_pages()
    found, error = await _result(pages)
    assert (len(found), type(error)) == (5, IncompleteListError)
    assert "5 pages in a row hold nothing" in str(error)


async def test_a_grant_that_cannot_be_read_is_a_row_that_says_so(
    scripted: Scripted, connect: Connect
) -> None:
    gateway = await connect()
    whole = {"GrantId": "whole", "GranteePrincipal": ROLE, "Operations": ["Decrypt"]}
    scripted.body = _body(Grants=[{"GrantId": "none"}, {**whole, "Operations": "Decrypt"}, whole])
    grants = await gateway.list_grants(KEY)
    assert [(grant.id, bool(grant.unread)) for grant in grants] == [
        ("none", True), ("", True), ("whole", False),
    ]  # fmt: skip


async def test_the_time_of_an_event_is_found_in_its_record_too(
    scripted: Scripted, connect: Connect
) -> None:
    gateway = await connect()
    record = json.dumps({"eventTime": "2026-01-02T03:04:05Z"})
    scripted.body = _body(Events=[{"EventId": "1", "CloudTrailEvent": record}, {}, 7])
    events, _ = await gateway.events(ARN)
    assert [event.time for event in events] == [datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)] + (
        [None] * 2
    )
    assert "is not a structure" in events[2].error_message
