"""Another Region's key made the primary one: sent to the right Region, seen in both, settled."""

from dataclasses import replace

import pytest

from kmstui.service.errors import (
    AccessDeniedError,
    InvalidInputError,
    NetworkError,
    ThrottledError,
)
from kmstui.service.keys.primary import PrimaryRegion, primary_before
from kmstui.service.keys.unfinished import settle_key_changes
from kmstui.service.ports import ChangeRecord, Target
from tests.fakes import INFO, REPLICATED, FakeGateway, arn_of

REGION = INFO.region

THERE = "us-east-1"
PRIMARY = "kms:UpdatePrimaryRegion"


class TwoRegions:
    """A set of two keys, whose primary changes after some reads of each."""

    def __init__(self, bench):
        self.here = bench.gateway
        self.there = FakeGateway(info=replace(INFO, region=THERE))
        self.there.world.region = THERE
        self.updating = 0
        """Reads that show both as being changed."""
        self.show(REGION)
        for gateway in (self.here, self.there):
            self._follow(gateway)

        async def connect(target):
            assert target.region == THERE
            return self.there

        bench.session.connector.connect = connect
        bench.store.put_key(
            replace(
                bench.store.keys[REPLICATED], metadata=bench.world.metadata[REPLICATED], problem=""
            )
        )

    def show(self, primary, **changes):
        other = THERE if primary == REGION else REGION
        replicas = tuple(arn_of(REPLICATED, region=each) for each in (primary, other))
        for gateway in (self.here, self.there):
            kind = "PRIMARY" if gateway.world.region == primary else "REPLICA"
            gateway.world.metadata[REPLICATED] = replace(
                gateway.world.metadata[REPLICATED],
                multi_region=kind,
                replicas=replicas,
                state="Enabled",
                **changes,
            )

    def _follow(self, gateway):
        describe, change = gateway.describe, gateway.update_primary_region

        async def described(key_id, *urgency):
            key, metadata = await describe(key_id, *urgency)
            if self.updating:
                self.updating -= 1
                metadata = replace(metadata, state="Updating", multi_region="REPLICA")
            return key, metadata

        async def changed(key_id, region):
            await change(key_id, region)
            self.show(region)
            self.updating = 4

        gateway.describe, gateway.update_primary_region = described, changed


@pytest.fixture
async def regions(bench):
    return TwoRegions(bench)


@pytest.fixture
def primary(bench):
    return PrimaryRegion(bench.session, bench.pause)


async def test_it_is_read_back_until_both_keys_are_enabled_again(bench, regions, primary):
    told = await primary.change(REPLICATED, THERE)
    assert told.startswith(f"{REPLICATED} (alias/global): the key in {THERE} is the primary one")
    assert f"that in {REGION} is a replica" in told
    assert regions.here.count(PRIMARY) == 1
    assert regions.there.count(PRIMARY) == 0
    # Two reads of two keys that were Updating.
    assert len(bench.pauses) == 2
    assert await bench.entries() == [
        (PRIMARY, REPLICATED, {"primary": REGION}, {"primary": THERE}, "done")
    ]
    known = bench.store.keys[REPLICATED].metadata
    assert (known.multi_region, known.state) == ("REPLICA", "Enabled")
    assert primary_before(await bench.newest()) == REGION


async def test_from_a_replica_it_is_sent_to_the_region_of_the_primary(bench, regions, primary):
    regions.show(THERE)
    await primary.change(REPLICATED, REGION)
    assert regions.there.count(PRIMARY) == 1
    assert regions.here.count(PRIMARY) == 0
    assert bench.store.keys[REPLICATED].metadata.multi_region == "PRIMARY"
    # Where the person looks for it.
    assert (await bench.newest()).scope == bench.session.scope


async def test_what_kms_would_refuse_is_refused_before_it_is_sent(regions, primary):
    with pytest.raises(InvalidInputError, match="is the primary one already"):
        await primary.change(REPLICATED, REGION)
    with pytest.raises(InvalidInputError, match="no key of this set in eu-west-3"):
        await primary.change(REPLICATED, "eu-west-3")
    there = regions.there.world.metadata
    there[REPLICATED] = replace(there[REPLICATED], state="Disabled")
    with pytest.raises(InvalidInputError, match=f"key in {THERE} is Disabled, and both must be"):
        await primary.change(REPLICATED, THERE)
    assert regions.here.count(PRIMARY) == 0


async def test_a_refusal_is_told_and_written_down(bench, regions, primary):
    regions.here.fail(PRIMARY, AccessDeniedError("the replica's policy does not allow it"))
    with pytest.raises(AccessDeniedError, match="the replica's policy"):
        await primary.change(REPLICATED, THERE)
    assert (await bench.newest()).outcome == "failed"


async def test_a_new_primary_that_cannot_be_read_is_said(bench, regions, primary):
    regions.there.fail("kms:DescribeKey", AccessDeniedError("no"))
    told = await primary.change(REPLICATED, THERE)
    assert f"The key in {THERE} could not be read back." in told


async def test_a_region_out_of_reach_stops_nothing_where_the_primary_is_in_reach(
    bench, regions, primary
):
    async def connect(target):
        raise NetworkError(f"{target.region} does not answer")

    bench.session.connector.connect = connect
    keys = await primary.read(REPLICATED, THERE)
    assert isinstance(keys[THERE], NetworkError)
    told = await primary.change(REPLICATED, THERE)
    assert "could not be read back" in told


async def test_where_it_takes_longer_the_person_is_told_what_cannot_be_done_meanwhile(
    bench, regions, primary
):
    def still():
        regions.updating = 4

    bench.during_pause = still
    told = await primary.change(REPLICATED, THERE)
    assert told.startswith("KMS accepted it. The keys can be Updating")
    assert len(bench.pauses) == 5


async def test_throttled_it_is_sent_again_only_while_nobody_else_has_chosen(
    bench, regions, primary
):
    regions.here.fail(PRIMARY, ThrottledError("slow down"), times=1)
    assert "is the primary one now" in await primary.change(REPLICATED, THERE)
    assert regions.here.count(PRIMARY) == 2


async def test_cut_short_it_is_settled_at_the_next_start(bench, regions, primary):
    (record,) = await bench.journal.begin([await _began(bench)])
    (sentence,) = await settle_key_changes(bench.session, bench.pause)
    assert "it most likely was not done" in sentence
    regions.show(THERE)
    (sentence,) = await settle_key_changes(bench.session, bench.pause)
    assert sentence.endswith("it was done.")
    assert (await bench.newest()).id == record.id


async def _began(bench):
    return ChangeRecord(
        0, bench.session.clock(), bench.session.scope, "", "", PRIMARY, REPLICATED,
        f'{{"primary": "{REGION}"}}', f'{{"primary": "{THERE}"}}', "pending",
    )  # fmt: skip


async def test_the_connection_beside_goes_with_the_one_it_was_opened_for(bench, regions, primary):
    await primary.read(REPLICATED, THERE)
    await primary.read(REPLICATED, THERE)
    assert not regions.there.closed

    async def connect(target):
        return FakeGateway()

    bench.session.connector.connect = connect
    await bench.session.open(Target())
    assert regions.there.closed
