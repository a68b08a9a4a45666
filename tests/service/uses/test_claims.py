"""What each source claims of a key's use: where it tells, is empty, denied, slow or odd."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from kmstui.model import (
    ConfigRecording,
    ConfiguredResource,
    Grant,
    KeyEvent,
    LastUsage,
    ResourceKind,
)
from kmstui.service.errors import (
    AccessDeniedError,
    CancelledByPersonError,
    IncompleteListError,
    NetworkError,
)
from kmstui.service.uses.in_short import alarm_commands, deletion_facts, in_short
from kmstui.service.uses.sources import (
    ALIASES,
    CONFIG,
    EVENTS,
    GRANTS,
    LAST_USE,
    LISTS,
    NOBODY_SEES,
    ON_OPENING,
    POLICIES,
    REPLICAS,
    SOURCES,
    UseState,
)
from tests.fakes import IMPORTED, NAMELESS, NOW, ROLE_ARN, arn_of, metadata_of

OPERATIONS = {
    LAST_USE: "kms:GetKeyLastUsage",
    GRANTS: "kms:ListGrants",
    ALIASES: "kms:ListAliases",
    POLICIES: "kms:GetKeyPolicy",
    REPLICAS: "kms:DescribeKey",
    CONFIG: "config:DescribeConfigurationRecorders",
    EVENTS: "cloudtrail:LookupEvents",
    **dict.fromkeys(LISTS, "resources"),
}
BY_KIND = {each.kind: each for each in LISTS}
BUCKETS = BY_KIND[ResourceKind.S3_BUCKETS]
EVENT = KeyEvent(
    "e", NOW, "Decrypt", "arn:aws:sts::444455556666:assumed-role/App/i-1", "ec2.amazonaws.com",
    encryption_context=(("aws:ebs:id", "vol-1"),),
)  # fmt: skip


@pytest.fixture
async def undescribed(bench):
    """The key before it was described, so that every source has something to ask."""
    bench.session.store.put_key(replace(bench.key, metadata=None))
    return bench


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.title)
async def test_a_denied_source_is_told_as_not_known_with_whose_permission_is_missing(
    source, undescribed
):
    undescribed.gateway.fail(OPERATIONS[source], AccessDeniedError("no IAM policy allows it"))
    reading = await undescribed.read(source)
    assert (reading.state, reading.claim) == (UseState.DENIED, "Not known: denied.")
    assert "no IAM policy allows it" in reading.problem
    short = in_short(undescribed.reader.of(IMPORTED))
    assert f"Not known: {source.title}." in short
    assert f"Nothing was found in: {source.title}" not in short


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.title)
async def test_a_source_that_fails_hides_no_other(source, undescribed):
    undescribed.world.config_recording = ConfigRecording(is_on=True, all_types=True)
    undescribed.gateway.fail(OPERATIONS[source], NetworkError("no answer"), times=1)
    other = ALIASES if source is not ALIASES else GRANTS
    await undescribed.reader.read(undescribed.key, (source, other))
    uses = undescribed.reader.of(IMPORTED)
    assert uses.of(source).state is UseState.FAILED
    assert uses.of(other).state is UseState.READ
    assert (await undescribed.read(source, again=True)).state.is_known


async def test_nothing_found_anywhere_is_never_said_as_unused(bench):
    bench.world.aliases.clear()
    bench.world.config_recording = ConfigRecording(is_on=True, all_types=True)
    await bench.reader.read(bench.key, SOURCES)
    uses = bench.reader.of(IMPORTED)
    said = in_short(uses) + " ".join(uses.of(each).claim for each in SOURCES)
    assert "unused" not in said.lower()
    assert "not used" not in said.lower()
    assert NOBODY_SEES in said
    assert all(each.sees and each.misses for each in SOURCES)


async def test_what_was_not_looked_at_stands_beside_what_was(bench):
    await bench.reader.read(bench.key, ON_OPENING)
    short = in_short(bench.reader.of(IMPORTED))
    assert f"Not looked at: {', '.join(each.title for each in LISTS)}." in short


@pytest.mark.parametrize(
    ("usage", "claim"),
    [
        (LastUsage(NOW, "Decrypt", event_id="ev-1"), "(Decrypt), event ev-1."),
        (LastUsage(None, tracking_since=NOW), "No use was recorded since 2026-03-01; it is older"),
        (
            LastUsage(None, tracking_since=NOW - timedelta(days=999)),
            "No use was recorded since it was created on 2025-06-01.",
        ),
        (LastUsage(None), "since when that is kept, KMS does not tell."),
    ],
)
async def test_last_use_says_since_when_uses_are_kept(bench, usage, claim):
    bench.world.usages[IMPORTED] = usage
    bench.session.store.put_key(replace(bench.key, metadata=metadata_of()))
    assert claim in (await bench.read(LAST_USE)).claim


async def test_events_are_told_by_resource_caller_and_service_with_what_failed(bench):
    failed = replace(EVENT, error_code="DisabledException", time=NOW - timedelta(days=2))
    look = replace(EVENT, name="DescribeKey")
    bench.world.events[bench.key.arn] = (EVENT, failed, look)
    reading = await bench.read(EVENTS)
    assert reading.claim == "2 uses in 90 days; 1 event only looked at it or administered it."
    (use,) = reading.uses
    assert (use.what, use.at) == ("ebs vol-1", NOW)
    assert use.how == "by assumed-role/App/i-1, Decrypt 2, 1 of them failed, via ec2"


async def test_of_a_busy_key_the_newest_events_are_read_and_older_ones_said_to_be_missing(
    bench,
):
    events = tuple(replace(EVENT, id=str(n), time=NOW - timedelta(minutes=n)) for n in range(230))
    bench.world.events[bench.key.arn] = events
    reading = await bench.read(EVENTS)
    assert reading.state is UseState.PARTLY
    assert reading.claim == "200 uses since 2026-03-01."
    assert "older events that were not read" in reading.problem
    reading = await bench.read(EVENTS, again=True)
    assert (reading.state, reading.claim) == (UseState.READ, "230 uses in 90 days.")


async def test_an_event_that_cannot_be_read_is_counted_as_such(bench):
    bench.world.events[bench.key.arn] = (KeyEvent("", None, "", "", error_code="Not read"),)
    reading = await bench.read(EVENTS)
    assert reading.state is UseState.PARTLY
    assert reading.problem == "1 events could not be read."


async def test_grants_tell_the_resource_that_their_context_names(bench):
    made = NOW - timedelta(days=9)
    volume = Grant(
        "1", arn_of(IMPORTED), ROLE_ARN, ("Decrypt",), created=made,
        context_subset=(("aws:ebs:id", "vol-1"),),
    )  # fmt: skip
    vault = Grant("2", arn_of(IMPORTED), "", ("Decrypt",), grantee_service="backup.amazonaws.com",
                  source_arn="arn:aws:backup:eu-central-1:444455556666:backup-vault:v")  # fmt: skip
    anybody = Grant("3", arn_of(IMPORTED), "", (), unread="no operations")
    bench.world.grants[IMPORTED] = (volume, vault, anybody)
    reading = await bench.read(GRANTS)
    assert [use.what for use in reading.uses] == [
        "ebs vol-1", vault.source_arn, "somebody whom the answer does not name",
    ]  # fmt: skip
    assert reading.uses[0].at == made
    assert reading.state is UseState.PARTLY
    assert "role/KMSWorkshop-InstanceInitRole may Decrypt" in reading.uses[0].how


async def test_replicas_are_keys_of_their_own(bench):
    replica = arn_of(IMPORTED, region="us-east-1")
    described = metadata_of(multi_region="PRIMARY", replicas=(bench.key.arn, replica))
    bench.session.store.put_key(replace(bench.key, metadata=described))
    reading = await bench.read(REPLICAS)
    assert reading.claim == "It is the primary of a set with 1 other key."
    assert [use.what for use in reading.uses] == [replica]


async def test_policies_say_how_many_roles_and_users_were_read(bench):
    reading = await bench.read(POLICIES)
    assert reading.state is UseState.PARTLY
    assert "0 were read; c (Access) reads more" in reading.problem


@pytest.mark.parametrize(
    ("principal", "claim", "whats"),
    [
        ({"AWS": "arn:aws:iam::444455556666:root"}, "Nobody is named but the account.", []),
        ({"AWS": "111122223333"}, "1 principal named.", ["account 111122223333"]),
        ({"AWS": ROLE_ARN}, "1 principal named.", ["role/KMSWorkshop-InstanceInitRole"]),
        (
            {"AWS": "arn:aws:iam::111122223333:role/app"},
            "1 principal named.",
            ["arn:aws:iam::111122223333:role/app"],
        ),
        ("*", "1 principal named.", ["*"]),
    ],
    ids=["own", "other account", "own role", "other role", "everybody"],
)
async def test_whoever_the_policy_lets_in_from_outside_is_named(bench, principal, claim, whats):
    statement = {"Effect": "Allow", "Principal": principal, "Action": "kms:*", "Resource": "*"}
    bench.world.policies[IMPORTED] = {"default": json.dumps({"Statement": [statement]})}
    reading = await bench.read(POLICIES)
    assert reading.claim == claim
    assert [use.what for use in reading.uses] == whats


async def test_config_that_records_nothing_cannot_tell(bench):
    reading = await bench.read(CONFIG)
    assert (reading.state, reading.claim) == (UseState.FAILED, "Not known.")
    assert "records nothing" in reading.problem


async def test_config_tells_what_it_records_and_keeps_an_odd_result(bench):
    bench.world.config_recording = ConfigRecording(is_on=True, types=("AWS::EC2::Volume",))
    bench.world.config_results = (
        '{"resourceId": "vol-1", "resourceType": "AWS::EC2::Volume"}', "[]", "{",
    )  # fmt: skip
    reading = await bench.read(CONFIG)
    assert reading.state is UseState.PARTLY
    assert reading.problem == "It records AWS::EC2::Volume only."
    assert [use.what for use in reading.uses] == [
        "vol-1", "a resource that could not be read", "a resource that could not be read",
    ]  # fmt: skip
    (_, expression) = bench.gateway.calls[-1]
    assert f"'{bench.key.arn}'" in expression
    assert "'alias/ImportedCMK'" in expression
    assert len(expression) <= 4096


@pytest.mark.parametrize(
    ("named", "found"),
    [
        (IMPORTED, True),
        (arn_of(IMPORTED), True),
        ("alias/ImportedCMK", True),
        ("arn:aws:kms:eu-central-1:444455556666:alias/ImportedCMK", True),
        ("arn:aws:kms:us-east-1:444455556666:alias/ImportedCMK", False),
        (arn_of(IMPORTED, region="us-east-1"), False),
        ("alias/ImportedCMK2", False),
        (NAMELESS, False),
    ],
)
async def test_a_resource_is_found_however_it_names_the_key(bench, named, found):
    bench.world.resources[ResourceKind.S3_BUCKETS] = (ConfiguredResource("b", (named,)),)
    reading = await bench.read(BUCKETS)
    assert bool(reading.uses) is found
    assert reading.claim == (
        "1 of 1 that were read." if found else "None of 1 that were read names it."
    )


async def test_a_resource_that_could_not_be_read_is_named(bench):
    bench.world.resources[ResourceKind.S3_BUCKETS] = (
        ConfiguredResource("open"),
        ConfiguredResource("secret", problem="AccessDenied on s3:GetEncryptionConfiguration."),
    )
    reading = await bench.read(BUCKETS)
    assert reading.state is UseState.PARTLY
    assert reading.problem.startswith("secret could not be read: AccessDenied")


async def test_a_list_that_breaks_off_keeps_what_came(bench):
    async def pages(kind):
        yield (ConfiguredResource("b", (IMPORTED,)),)
        raise IncompleteListError("not all of the list can be read")

    bench.gateway.resource_pages = pages
    reading = await bench.read(BUCKETS)
    assert reading.state is UseState.PARTLY
    assert [use.what for use in reading.uses] == ["b"]
    assert "not all of the list" in reading.problem


async def test_a_list_is_read_once_for_all_keys_and_again_when_asked(bench):
    await bench.read(BUCKETS)
    other = bench.session.store.keys[NAMELESS]
    await bench.reader.read(other, (BUCKETS,))
    assert bench.gateway.count("resources") == 1
    bench.reader.of(NAMELESS).readings.clear()
    uses = await bench.reader.read(other)
    assert uses.of(BUCKETS).state is UseState.READ, "a list that is here tells of every key"
    assert bench.gateway.count("resources") == 1
    await bench.read(BUCKETS, again=True)
    assert bench.gateway.count("resources") == 2


async def test_while_a_source_is_slow_the_short_view_says_that_it_is_still_being_read(bench):
    gate = bench.gateway.hold("cloudtrail:LookupEvents")
    await bench.read(ALIASES)
    reading = asyncio.create_task(bench.reader.read(bench.key, (GRANTS, EVENTS)))
    uses = bench.reader.of(IMPORTED)
    while uses.of(GRANTS).state is not UseState.READ:  # noqa: ASYNC110 - it has no event
        await asyncio.sleep(0)
    assert "Still being read: CloudTrail." in in_short(uses)
    gate.set()
    await reading
    assert "Still being read" not in in_short(uses)


async def test_a_reading_that_is_left_is_not_said_to_go_on(bench):
    bench.gateway.hold("cloudtrail:LookupEvents")
    reading = asyncio.create_task(bench.reader.read(bench.key, (EVENTS,)))
    while not bench.gateway.count("cloudtrail:LookupEvents"):  # noqa: ASYNC110 - it has no event
        await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert bench.reader.of(IMPORTED).of(EVENTS).state is UseState.NOT_LOOKED


async def test_a_connection_that_is_gone_tells_nothing_of_the_key(bench):
    bench.gateway.fail("kms:ListGrants", CancelledByPersonError("the connection was switched"))
    with pytest.raises(CancelledByPersonError):
        await bench.reader.read(bench.key, (GRANTS,))
    assert bench.reader.of(IMPORTED).of(GRANTS).state is UseState.NOT_LOOKED


def test_the_alarm_is_about_this_very_key(bench):
    commands = alarm_commands(bench.key)
    assert f'$.errorMessage = "{bench.key.arn} is pending deletion."' in commands
    assert commands.count("--region eu-central-1") == 2
    assert "TOPIC_ARN" in commands


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"origin": "EXTERNAL"}, "cannot bring back a symmetric key"),
        ({"origin": "EXTERNAL", "spec": "HMAC_256"}, "with your copy"),
        ({"multi_region": "REPLICA"}, "can be replicated again"),
        ({"multi_region": "PRIMARY"}, "waiting period begins then"),
        ({"usage": "SIGN_VERIFY"}, "public key"),
        ({"custom_key_store_id": "cks-1"}, "custom key store"),
    ],
)
def test_deletion_facts_are_those_of_the_kind_of_key(bench, changes, word):
    key = replace(bench.key, metadata=metadata_of(**changes))
    facts = " ".join(deletion_facts(key, ("us-east-1",)))
    assert word in facts
    assert "Data keys outlive it" in facts


async def test_who_looks_again_while_the_first_is_told_to_stop_gets_it_read_all_the_same(bench):
    gate = bench.gateway.hold("kms:GetKeyLastUsage")
    first = asyncio.create_task(bench.read(LAST_USE))
    await asyncio.sleep(0)
    assert bench.reader.of(IMPORTED).is_reading
    second = asyncio.create_task(bench.read(LAST_USE))
    await asyncio.sleep(0)
    first.cancel()
    gate.set()
    assert (await second).state is UseState.READ
