"""Several connections in one list: each key over its own, and no trouble of one stops another."""

import asyncio
import inspect

import pytest

from kmstui.model import (
    Caller,
    ConnectionInfo,
    KeyPlaces,
    ResourceIndexes,
    Route,
    Tag,
    TagDelta,
)
from kmstui.service.changes import DESCRIPTION, TypedText
from kmstui.service.connections import JournalByArn
from kmstui.service.errors import AccessDeniedError, CredentialsExpiredError, NetworkError
from kmstui.service.keys import Aliases, Lifecycle
from kmstui.service.ports import ALL, Journal, Scope, Target
from kmstui.service.session import Session
from kmstui.service.sessions import Sessions
from kmstui.service.tags import Tagging
from tests.fakes import NOW, FakeConnector, FakeGateway, MemoryJournal, key_id_of
from tests.fakes.world import World

ONE, TWO = "111122223333", "444455556666"
WEST, EAST = "eu-west-1", "us-east-1"
SHARED_ID = "mrk-" + key_id_of(7).replace("-", "")
PLAIN_ID = key_id_of(1)
DENIAL = AccessDeniedError("your role may not list keys here")


def arn(account: str, region: str, key_id: str = SHARED_ID) -> str:
    return f"arn:aws:kms:{region}:{account}:key/{key_id}"


def world_of(account: str, region: str) -> World:
    who = Caller(account, f"arn:aws:sts::{account}:assumed-role/Admin/me", "AROA:me")
    world = World(account=account, region=region, caller=who, regions=(WEST, EAST))
    # As related multi-Region keys, and names that every account gives.
    world.add(SHARED_ID, "app", multi_region="PRIMARY")
    world.add(PLAIN_ID, "logs", tags={"env": region})
    return world


class Aws:
    """A gateway for each profile (or role) and Region, made when it is asked for."""

    def __init__(self) -> None:
        self.gateways: dict[tuple[str, str], FakeGateway] = {}
        self.connector = FakeConnector(make=self._make)
        self.refused: dict[tuple[str, str], Exception] = {}

    def at(self, account: str, region: str) -> FakeGateway:
        if (account, region) not in self.gateways or self.gateways[account, region].closed:
            info = ConnectionInfo(region, f"https://kms.{region}.amazonaws.com", Route.PUBLIC)
            self.gateways[account, region] = FakeGateway(world_of(account, region), info=info)
        return self.gateways[account, region]

    def _make(self, target: Target) -> FakeGateway:
        account = (
            target.role.split(":")[4] if target.role else {"two": TWO}.get(target.profile, ONE)
        )
        if error := self.refused.get((account, target.region)):
            raise error
        return self.at(account, target.region or WEST)


@pytest.fixture
def aws() -> Aws:
    return Aws()


@pytest.fixture
def journal() -> MemoryJournal:
    return MemoryJournal()


@pytest.fixture
def sessions(store, aws, journal) -> Sessions:
    return Sessions(store, aws.connector, journal, lambda: NOW)


ALL_FOUR = Target(profile="one,two", region=f"{WEST},{EAST}")


async def test_keys_of_one_id_and_aliases_of_one_name_are_told_apart(store, sessions):
    await sessions.open(ALL_FOUR)
    places = [(account, region) for account in (ONE, TWO) for region in (WEST, EAST)]
    assert {arn(*place) for place in places} <= set(store.keys)
    assert len(store.keys) == len(store.aliases) == 8
    for place in places:
        assert store.aliases_of(arn(*place)) == ("alias/app",)
    assert store.keys[arn(ONE, EAST)].bare_id == SHARED_ID
    assert store.row_name(arn(TWO, EAST)) == f"app ({TWO} {EAST})"
    assert store.name_of(arn(TWO, EAST)) == f"{SHARED_ID} (alias/app, {TWO} {EAST})"
    assert store.keys[arn(TWO, EAST, PLAIN_ID)].tags == (Tag("env", EAST),)
    assert not store.keys[arn(ONE, WEST)].sharer


async def test_each_key_is_asked_about_over_its_own_connection(sessions, aws, journal):
    await sessions.open(ALL_FOUR)
    await sessions.look_at(arn(TWO, EAST))
    asked = {place: ("kms:GetKeyPolicy", arn(TWO, EAST)) in gateway.calls
             for place, gateway in aws.gateways.items()}  # fmt: skip
    assert asked == {(ONE, WEST): False, (ONE, EAST): False, (TWO, WEST): False, (TWO, EAST): True}
    (version,) = await journal.versions(Scope(TWO, EAST), SHARED_ID)
    assert version.caller == f"arn:aws:sts::{TWO}:assumed-role/Admin/me"
    assert sessions.of(arn(TWO, WEST)).scope == Scope(TWO, WEST)
    assert sessions.of(f"arn:aws:iam::{TWO}:role/app").caller.account == TWO
    # What belongs to no connection can be written down under none by mistake.
    assert sessions.scope is None


async def test_one_that_is_denied_or_out_of_reach_stops_no_other(store, sessions, aws):
    aws.at(ONE, EAST).fail("kms:ListKeys", DENIAL)
    aws.refused[TWO, WEST] = NetworkError("kms.eu-west-1.amazonaws.com does not answer")
    await sessions.open(ALL_FOUR)
    assert {(key.account, key.region) for key in store.keys.values()} == {(ONE, WEST), (TWO, EAST)}
    denied, unreachable = store.banner.split("\n")
    assert denied.startswith(f"{ONE} {EAST}: ") and DENIAL.reason in denied
    assert unreachable.startswith(f"two {WEST}: ") and "does not answer" in unreachable
    assert not store.progress.stopped and not store.progress.loading
    aws.refused.clear()
    await sessions.refresh()
    assert arn(TWO, WEST) in store.keys
    assert store.banner == denied


async def test_where_none_can_be_used_the_first_reason_is_the_error(sessions, aws):
    for region in (WEST, EAST):
        aws.refused[ONE, region] = NetworkError(f"{region} does not answer")
    with pytest.raises(NetworkError, match=WEST):
        await sessions.open(Target(region=f"{WEST},{EAST}"))


async def test_a_change_is_in_the_journal_under_its_own_scope_and_by_its_plain_id(
    store, sessions, aws, journal
):
    await sessions.open(ALL_FOUR)
    await Lifecycle(sessions).disable(arn(TWO, EAST))
    assert aws.at(TWO, EAST).world.metadata[SHARED_ID].state == "Disabled"
    assert aws.at(ONE, EAST).world.metadata[SHARED_ID].state == "Enabled"
    (record,) = await journal.changes(Scope(TWO, EAST))
    assert (record.subject, record.outcome) == (SHARED_ID, "done")
    assert await journal.changes(Scope(ONE, EAST)) == ()
    # One Region alone, later, finds it again by that.
    (shown,) = await sessions.of(arn(TWO, EAST)).journal.changes(Scope(TWO, EAST))
    assert shown.subject == arn(TWO, EAST)


async def test_tags_are_put_across_connections_and_one_that_fails_ends_its_own_alone(
    store, sessions, aws, journal
):
    await sessions.open(ALL_FOUR)
    key_ids = [arn(account, region) for account in (ONE, TWO) for region in (WEST, EAST)]
    aws.at(TWO, WEST).fail("kms:TagResource", NetworkError("no answer"))
    tagging = Tagging(sessions, pause=lambda _: asyncio.sleep(0))
    planned = await tagging.plan(key_ids, TagDelta(put=(Tag("owner", "me"),)))
    await tagging.apply(planned, lambda *_: None)
    for place, gateway in aws.gateways.items():
        has = Tag("owner", "me") in gateway.world.tags.get(SHARED_ID, ())
        assert has == (place != (TWO, WEST))
        (record,) = await journal.changes(Scope(*place))
        assert record.subject == SHARED_ID
    assert len({each.batch for each in await journal.changes()}) == 1


async def test_an_alias_is_made_in_the_region_of_its_key_and_moves_nowhere_else(
    store, sessions, aws, journal
):
    await sessions.open(ALL_FOUR)
    await Aliases(sessions).create("new", arn(ONE, EAST))
    assert aws.at(ONE, EAST).world.aliases["alias/new"] == SHARED_ID
    assert "alias/new" in store.aliases_of(arn(ONE, EAST))
    alias = f"arn:aws:kms:{EAST}:{ONE}:alias/new"
    with pytest.raises(Exception, match="another account or Region"):
        await Aliases(sessions).move(alias, arn(ONE, WEST))
    await Aliases(sessions).move(alias, arn(ONE, EAST, PLAIN_ID))
    assert aws.at(ONE, EAST).world.aliases["alias/new"] == PLAIN_ID
    await Aliases(sessions).delete(alias)
    assert alias not in store.aliases
    records = await journal.changes(Scope(ONE, EAST))
    assert {each.subject for each in records} == {"alias/new"}
    assert all("arn:" not in each.before + each.after for each in records)


async def test_nothing_is_left_of_several_after_a_switch(store, sessions, aws):
    await sessions.open(ALL_FOUR)
    gateway = sessions.of(arn(TWO, EAST)).gateway
    old = tuple(aws.gateways.values())
    await sessions.open(Target(profile="one", region=WEST))
    assert set(store.keys) == {SHARED_ID, PLAIN_ID}
    assert set(store.aliases) == {"alias/app", "alias/logs"}
    assert sessions.each == (sessions,)
    assert not sessions.is_connected_by(gateway)
    assert all(each.closed for each in old)
    assert sessions.scope == Scope(ONE, WEST)


async def test_all_enabled_regions_are_found_over_the_first_connection(store, sessions, aws):
    await sessions.open(Target(profile="one", region=ALL))
    assert {key.region for key in store.keys.values()} == {WEST, EAST}


NO_REGIONS = AccessDeniedError("your role may not list Regions")


async def test_where_the_account_may_not_be_asked_for_regions_ec2_is(store, sessions, aws):
    aws.at(ONE, WEST).fail("account:ListRegions", NO_REGIONS)
    await sessions.open(Target(profile="one", region=ALL))
    assert {key.region for key in store.keys.values()} == {WEST, EAST}
    assert store.banner == ""


async def test_where_nobody_tells_the_regions_those_that_boto3_knows_are_tried_and_that_is_said(
    store, sessions, aws
):
    for operation in ("account:ListRegions", "ec2:DescribeRegions"):
        aws.at(ONE, WEST).fail(operation, NO_REGIONS)
    aws.refused[ONE, "eu-central-1"] = CredentialsExpiredError("the security token is invalid")
    await sessions.open(Target(profile="one", region=ALL))
    assert {key.region for key in store.keys.values()} == {WEST, EAST}
    assert "Which Regions are enabled is not known, so all 3 are tried" in store.banner
    assert NO_REGIONS.reason in store.banner


EMPTY, UNINDEXED = "eu-west-3", "sa-east-1"
FOUR = (WEST, EAST, EMPTY, UNINDEXED)


def regions_of(store):
    return {key.region for key in store.keys.values()}


def told(store):
    return " ".join(each.text for each in store.notices)


async def test_only_regions_that_hold_keys_are_read_where_resource_explorer_knows(
    store, sessions, aws
):
    for region in (WEST, EAST):
        world = aws.at(ONE, region).world
        world.regions, world.indexed = FOUR, (WEST,)
        world.indexes = ResourceIndexes((WEST, EAST, EMPTY), aggregator=EAST)
    await sessions.open(Target(profile="one", region=ALL))
    # Of a Region without an index it knows nothing, so that one is read.
    assert regions_of(store) == {WEST, UNINDEXED}
    (left_out,) = sessions.left_out
    assert {each.region for each in left_out.targets} == {EAST, EMPTY}
    assert f"{EMPTY}, {EAST} of {ONE} are not read" in told(store)
    assert f"Resource Explorer's aggregator index in {EAST} knows no key there" in told(store)
    assert "hours behind" in left_out.sentence
    await sessions.read_left_out()
    assert regions_of(store) == set(FOUR)
    assert sessions.left_out == ()


async def test_commands_read_every_enabled_region_whatever_an_index_knows(sessions, aws):
    for region in (WEST, EAST):
        world = aws.at(ONE, region).world
        world.regions, world.indexed = FOUR, (WEST,)
        world.indexes = ResourceIndexes(FOUR, aggregator=EAST)
    await sessions.attach(Target(profile="one", region=ALL))
    assert {each.info.region for each in sessions.each} == set(FOUR)
    assert sessions.left_out == ()


async def test_where_resource_explorer_is_denied_a_config_aggregator_is_asked(store, sessions, aws):
    world = aws.at(ONE, WEST).world
    world.regions = FOUR
    covered = frozenset((ONE, each) for each in (WEST, EAST, EMPTY))
    world.recorded = KeyPlaces(
        "the Config aggregator all", "old", covered, frozenset({(ONE, WEST)})
    )
    aws.at(ONE, WEST).fail("resource-explorer-2:ListIndexes", AccessDeniedError("no indexes"))
    await sessions.open(Target(profile="one", region=ALL))
    assert regions_of(store) == {WEST, UNINDEXED}
    assert "the Config aggregator all knows no key there" in told(store)


@pytest.mark.parametrize("denied", [True, False])
async def test_without_an_index_all_regions_are_read(store, sessions, aws, denied):
    aws.at(ONE, WEST).world.regions = FOUR
    if denied:
        for operation in ("ListIndexes", "SelectAggregateResourceConfig"):
            service = "config" if operation.startswith("Select") else "resource-explorer-2"
            aws.at(ONE, WEST).fail(f"{service}:{operation}", AccessDeniedError(f"no {operation}"))
    await sessions.open(Target(profile="one", region=ALL))
    assert regions_of(store) == set(FOUR)
    assert "so all are read." in told(store)
    assert ("no ListIndexes" in told(store)) is denied


async def test_a_person_who_names_regions_gets_those_whatever_an_index_says(store, sessions, aws):
    world = aws.at(ONE, WEST).world
    world.indexes, world.indexed = ResourceIndexes((WEST, EAST), aggregator=WEST), (WEST,)
    await sessions.open(Target(profile="one", region=f"{WEST},{EAST}"))
    assert regions_of(store) == {WEST, EAST}


async def test_after_no_network_at_all_a_refresh_still_means_all_regions(store, sessions, aws):
    aws.refused[ONE, ""] = NetworkError("no answer")
    with pytest.raises(NetworkError):
        await sessions.open(Target(profile="one", region=ALL))
    aws.refused.clear()
    await sessions.refresh()
    assert regions_of(store) == {WEST, EAST}


async def test_the_accounts_of_an_organization_are_read_by_one_role_in_each(store, sessions, aws):
    aws.at(ONE, WEST).world.accounts = (ONE, TWO)
    role = "arn:aws:iam::{account}:role/KmsAudit"
    await sessions.open(Target(region=ALL, role=role, accounts=ALL))
    places = {(key.account, key.region) for key in store.keys.values()}
    assert places == {(account, region) for account in (ONE, TWO) for region in (WEST, EAST)}
    roles = {target.role for target in aws.connector.asked if target.region == EAST}
    assert roles == {"", role.replace("{account}", TWO)}


async def test_a_shared_key_whose_account_is_open_too_is_its_own(store, sessions, aws):
    aws.at(ONE, WEST).world.shared.append(arn(TWO, WEST))
    await sessions.open(ALL_FOUR)
    assert not store.keys[arn(TWO, WEST)].sharer
    assert sessions.of(arn(TWO, WEST)).scope == Scope(TWO, WEST)


@pytest.mark.parametrize("name", [SHARED_ID, "app", "alias/app"])
async def test_a_name_finds_the_key_of_the_nearest_connection(sessions, name):
    await sessions.open(ALL_FOUR)
    assert await sessions.find(name) == arn(ONE, WEST)


def test_a_target_with_names_in_a_list_is_each_combination_in_order():
    target = Target("a, b", "x,y", role="arn:aws:iam::{account}:role/R", accounts="1,2")
    each = [(one.profile, one.role.split(":")[4], one.region) for one in target.each]
    assert each == [(p, a, r) for p in "ab" for a in "12" for r in "xy"]
    assert not Target("a", "x").is_several
    assert Target("a", ALL).is_several


async def test_one_connection_is_as_it_ever_was(store, sessions, aws):
    await sessions.open(Target(profile="one", region=WEST))
    plain = Session(store, aws.connector, MemoryJournal(), lambda: NOW)
    assert sessions.of(SHARED_ID) is sessions
    assert sessions.handle("alias/app") == plain.handle("alias/app") == "alias/app"


async def test_a_call_is_led_by_its_key_however_that_is_given(sessions, aws):
    await sessions.open(ALL_FOUR)
    await sessions.gateway.list_tags(key_id=arn(TWO, EAST))
    asked = [place for place, each in aws.gateways.items()
             if ("kms:ListResourceTags", arn(TWO, EAST)) in each.calls]  # fmt: skip
    assert asked == [(TWO, EAST)]


async def test_a_typed_text_that_looks_like_a_key_is_kept_as_it_was_typed(sessions):
    await sessions.open(ALL_FOUR)
    typed = f"{arn(ONE, WEST)} is the old one"
    text = TypedText(sessions.of(arn(ONE, WEST)).change_scope(), DESCRIPTION)
    await text.keep_draft(typed)
    assert (await text.stored())[0] == typed


def test_every_method_of_the_journal_that_is_given_a_subject_takes_it_by_its_arn():
    with_subjects = {
        name
        for name, method in inspect.getmembers(Journal, inspect.isfunction)
        if {"subject", "changes"} & inspect.signature(method).parameters.keys()
    }
    assert "turn" in with_subjects and "begin" in with_subjects
    assert with_subjects <= vars(JournalByArn).keys()
