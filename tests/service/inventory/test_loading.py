import asyncio

import pytest

from kmstui.model import Key, Tag
from kmstui.service.errors import (
    AccessDeniedError,
    CancelledByPersonError,
    CredentialsExpiredError,
    IncompleteListError,
    NetworkError,
    ThrottledError,
)
from kmstui.service.inventory import loading as inventory_module
from kmstui.service.inventory.loading import Inventory
from kmstui.service.inventory.store import Progress
from kmstui.service.inventory.time_slices import TimeSlices
from tests.fakes import (
    DENIED,
    DISABLED,
    DYING,
    IMPORTED,
    MANAGED,
    FakeGateway,
    arn_of,
    key_id_of,
    large_world,
    metadata_of,
    until,
    workshop_world,
)

DENIAL = AccessDeniedError("your role may not")


async def load(store, gateway):
    await Inventory(store, gateway, TimeSlices()).load()


async def test_everything_is_read_once(store):
    gateway = FakeGateway()
    await load(store, gateway)
    world = gateway.world
    assert {key.id: key.metadata for key in store.keys.values()} == world.metadata
    assert {name: alias.key_id for name, alias in store.aliases.items()} == world.aliases
    assert {key.id: key.tags for key in store.keys.values()} == {
        key_id: world.tags.get(key_id, ()) for key_id in world.metadata
    }
    assert store.progress == Progress(listed=9, described=9)
    assert gateway.count("kms:DescribeKey") == 9
    assert gateway.count("kms:ListResourceTags") == 0


OTHERS = f"arn:aws:kms:eu-west-1:290417736502:key/{key_id_of(77)}"


def sharing_gateway() -> FakeGateway:
    gateway = FakeGateway()
    gateway.world.metadata[key_id_of(77)] = metadata_of(description="Of the partner")
    gateway.world.shared.append(OTHERS)
    return gateway


async def test_keys_that_others_share_are_described_by_their_arn_and_their_tags_never_asked(store):
    gateway = sharing_gateway()
    gateway.fail("tag:GetResources", DENIAL)
    await load(store, gateway)
    key = store.keys[OTHERS]
    assert key.sharer == "290417736502"
    assert key.metadata is not None and key.metadata.description == "Of the partner"
    assert ("kms:ListResourceTags", OTHERS) not in gateway.calls
    assert "belongs to account 290417736502" in key.tags_problem
    gateway.world.shared.clear()
    await load(store, gateway)
    assert OTHERS not in store.keys


async def test_no_tags_are_claimed_of_keys_that_others_share(store):
    await load(store, sharing_gateway())
    assert store.keys[OTHERS].tags is None


async def test_an_endpoint_that_knows_no_owners_lists_no_key_twice(store):
    gateway = FakeGateway()
    gateway.world.shared = [arn_of(IMPORTED)]
    listed = [Key.of(each, arn_of(each)) for each in gateway.world.metadata]

    class Unaware(FakeGateway):
        async def key_pages(self):
            yield listed

    unaware = Unaware(gateway.world)
    await load(store, unaware)
    assert arn_of(IMPORTED) not in store.keys


async def test_refused_shared_keys_are_told_and_take_nothing_away(store):
    gateway = sharing_gateway()
    await load(store, gateway)

    class Refused(FakeGateway):
        async def shared_key_pages(self):
            raise DENIAL
            yield ()

    await load(store, Refused(gateway.world))
    assert OTHERS in store.keys
    assert store.banner == ""
    assert "Keys that other accounts share are not listed" in store.notices[-1].text


async def test_of_a_list_that_lacks_items_the_rest_is_read_and_nothing_is_forgotten(store):
    missing = IncompleteListError("an item cannot be read")

    class AllButOne(FakeGateway):
        async def key_pages(self):
            async for page in super().key_pages():
                yield [key for key in page if key.id != IMPORTED]
            raise missing

    await load(store, FakeGateway())
    listed = tuple(store.keys)
    await load(store, AllButOne())
    assert set(store.keys) == set(listed)
    assert store.banner == missing.sentence


async def test_the_arn_that_a_list_lacks_is_that_of_the_description(store):
    class WithoutArns(FakeGateway):
        async def key_pages(self):
            async for page in super().key_pages():
                yield [Key.of(key.id, "") for key in page]

    await load(store, WithoutArns())
    assert {key.arn for key in store.keys.values()} == {arn_of(each) for each in store.keys}


async def test_the_first_page_is_there_while_more_are_listed(store):
    gateway = FakeGateway(large_world(30), keys_per_page=10)
    inventory = Inventory(store, gateway, TimeSlices())
    task = asyncio.create_task(inventory.load())
    await until(lambda: len(store.keys) >= 10)
    assert store.progress.listing
    assert store.progress.loading
    await task
    assert len(store.keys) == 30
    assert not store.progress.listing


async def test_rows_on_the_screen_are_described_before_all_others(store):
    gateway = FakeGateway(large_world(200))
    gate = gateway.hold("kms:DescribeKey")
    inventory = Inventory(store, gateway, TimeSlices())
    task = asyncio.create_task(inventory.load())
    await until(lambda: len(store.keys) == 200)
    await until(lambda: gateway.count("kms:DescribeKey") >= inventory_module.WORKERS)
    wanted = list(store.keys)[150:155]
    inventory.show(wanted)
    gate.set()
    await task
    asked = [key for operation, key in gateway.calls if operation == "kms:DescribeKey"]
    following = asked[inventory_module.WORKERS : inventory_module.WORKERS + 5]
    assert set(following) == set(wanted)
    assert len(asked) == len(set(asked)) == 200


async def test_a_denied_key_is_a_row_with_its_reason(store):
    gateway = FakeGateway()
    gateway.fail("kms:DescribeKey", DENIAL, key=DENIED)
    await load(store, gateway)
    assert store.keys[DENIED].metadata is None
    assert store.keys[DENIED].problem == DENIAL.sentence
    assert store.keys[IMPORTED].metadata is not None
    assert store.progress == Progress(listed=9, described=9)


async def test_tags_are_read_per_key_where_the_tagging_api_is_denied(store):
    gateway = FakeGateway()
    gateway.fail("tag:GetResources", DENIAL)
    gateway.fail("kms:ListResourceTags", DENIAL, key=DISABLED)
    await load(store, gateway)
    assert store.keys[IMPORTED].tags == gateway.world.tags[IMPORTED]
    assert store.keys[DYING].tags == ()
    assert store.keys[DISABLED].tags is None
    assert store.keys[DISABLED].tags_problem == DENIAL.sentence
    assert gateway.count("kms:ListResourceTags") == 9


async def test_keys_without_names_are_shown_when_aliases_are_denied(store):
    gateway = FakeGateway()
    gateway.fail("kms:ListAliases", DENIAL)
    await load(store, gateway)
    assert len(store.keys) == 9
    assert store.aliases == {}
    assert store.banner == DENIAL.sentence


async def test_a_refused_listing_is_raised_and_the_rest_is_called_incomplete(store):
    gateway = FakeGateway(large_world(30), keys_per_page=10)
    gateway.fail("kms:ListKeys", DENIAL)
    with pytest.raises(AccessDeniedError):
        await load(store, gateway)
    assert store.progress.stopped
    assert not store.progress.loading


async def test_a_cancelled_reading_is_called_incomplete(store):
    gateway = FakeGateway()
    gateway.hold("kms:DescribeKey")
    task = asyncio.create_task(load(store, gateway))
    await until(lambda: store.keys)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert store.progress.stopped
    assert not store.progress.loading


async def test_a_throttled_key_is_asked_again(store, monkeypatch):
    monkeypatch.setattr(inventory_module, "THROTTLE_PAUSE_SECONDS", 0)
    gateway = FakeGateway()
    gateway.fail("kms:DescribeKey", ThrottledError("too fast"), key=IMPORTED, times=3)
    await load(store, gateway)
    assert store.keys[IMPORTED].metadata is not None
    assert store.keys[IMPORTED].problem == ""


async def test_one_key_that_hangs_stops_nothing(store):
    gateway = FakeGateway()
    gateway.fail("kms:DescribeKey", NetworkError("no answer"), key=DYING)
    await load(store, gateway)
    assert "no answer" in store.keys[DYING].problem
    assert store.keys[IMPORTED].metadata is not None


@pytest.mark.parametrize("error", [NetworkError("no answer"), CredentialsExpiredError("expired")])
async def test_a_connection_that_is_gone_ends_the_reading(store, error):
    gateway = FakeGateway(large_world(100))
    gateway.fail("kms:DescribeKey", error)
    with pytest.raises(type(error)):
        await load(store, gateway)
    assert gateway.count("kms:DescribeKey") < 100
    assert len(store.keys) == 100


async def test_a_refresh_forgets_what_is_gone_and_learns_what_changed(store):
    gateway = FakeGateway()
    inventory = Inventory(store, gateway, TimeSlices())
    await inventory.load()
    world = gateway.world
    del world.metadata[DYING]
    del world.aliases["alias/dying"]
    world.add(DISABLED, "retired", state="Enabled")
    world.tags[IMPORTED] = (Tag("env", "prod"),)
    await inventory.load()
    assert DYING not in store.keys
    assert "alias/dying" not in store.aliases
    assert store.keys[DISABLED].metadata.state == "Enabled"
    assert store.keys[IMPORTED].tags == (Tag("env", "prod"),)


async def test_a_key_that_is_looked_at_is_described_and_its_tags_are_read(store):
    gateway = FakeGateway()
    inventory = Inventory(store, gateway, TimeSlices())
    await inventory.load()
    gateway.world.tags[IMPORTED] = (Tag("env", "prod"),)
    await inventory.look_at(IMPORTED)
    assert store.keys[IMPORTED].tags == (Tag("env", "prod"),)


async def test_a_connection_that_was_left_writes_nothing_into_the_store(store):
    gateway = FakeGateway(workshop_world())
    gate = gateway.hold("kms:DescribeKey")
    inventory = Inventory(store, gateway, TimeSlices())
    task = asyncio.create_task(inventory.load())
    await until(lambda: gateway.count("kms:DescribeKey") >= 9)
    inventory.close()
    gateway.close()
    store.clear()
    store.add_keys((await gateway_key(MANAGED),))
    gate.set()
    with pytest.raises(CancelledByPersonError):
        await task
    assert store.keys[MANAGED].problem == ""
    assert store.progress == Progress()


async def gateway_key(key_id):
    key, _ = await FakeGateway().describe(key_id)
    return key
