"""Keys beside each other: what differs, what policies allow, and what could not be read."""

from dataclasses import replace

import pytest

from kmstui.model import Grant, KeyMetadata, TagDelta
from kmstui.service.errors import AccessDeniedError, NetworkError
from kmstui.service.keys.comparing import (
    ABSENT,
    compare_policies,
    compared,
    policy_like,
    read_picture,
    read_set,
    tags_like,
)
from kmstui.service.ports import Target
from tests.fakes import ACCOUNT, IMPORTED, INFO, NAMELESS, REPLICATED, FakeGateway, arn_of

ROLE = f"arn:aws:iam::{ACCOUNT}:role/reader"
WIDER = (
    '{"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::%s:root"},"Action":"kms:*",'
    '"Resource":"*"},{"Effect":"Allow","Principal":{"AWS":"%s"},"Action":"kms:Decrypt",'
    '"Resource":"%s"}]}'
)


async def pictures(bench):
    return [await read_picture(bench.session, each, each) for each in (IMPORTED, NAMELESS)]


async def test_what_differs_comes_first_and_what_one_lacks_is_said(bench):
    bench.world.grants[IMPORTED] = (Grant("g", "", ROLE, ("Decrypt",)),)
    facts = compared(await pictures(bench))
    different = {fact.label: fact.values for fact in facts if fact.differs}
    assert different["Aliases"] == ("alias/ImportedCMK", ABSENT)
    assert different["Tag env"] == ("dev", ABSENT)
    assert different["Origin"] == ("EXTERNAL", "AWS_KMS")
    assert different[f"Grant to {ROLE}"] == ("Decrypt", ABSENT)
    assert "Spec" not in different
    order = [fact.differs for fact in facts]
    assert order == sorted(order, reverse=True)


async def test_policies_are_compared_by_what_they_mean(bench):
    (same,) = compare_policies(await pictures(bench))
    assert same.same_meaning
    arn = arn_of(NAMELESS, region=bench.world.region)
    bench.world.policies[NAMELESS]["default"] = WIDER % (ACCOUNT, ROLE, arn)
    (wider,) = compare_policies(await pictures(bench))
    assert not wider.same_meaning
    assert any("reader" in line.sentence and "Decrypt" in line.sentence for line in wider.access)


async def test_each_key_s_own_arn_in_its_policy_is_no_difference(bench):
    for key in (IMPORTED, NAMELESS):
        own = WIDER % (ACCOUNT, ROLE, arn_of(key, region=bench.world.region))
        bench.world.policies[key]["default"] = own
    (same,) = compare_policies(await pictures(bench))
    assert same.same_meaning


async def test_what_may_not_be_read_is_said_in_its_place(bench):
    bench.gateway.fail("kms:ListGrants", AccessDeniedError("no"), NAMELESS)
    bench.gateway.fail("kms:GetKeyPolicy", AccessDeniedError("no"), NAMELESS)
    one, other = await pictures(bench)
    assert other.facts["Grants"].startswith("not read: AccessDenied")
    assert other.policy is None
    assert other.problem.startswith("AccessDenied")
    assert compare_policies([one, other]) == ()
    bench.gateway.fail("kms:DescribeKey", AccessDeniedError("no"), NAMELESS)
    one, other = await pictures(bench)
    assert (other.facts, bool(other.problem)) == ({}, True)


@pytest.fixture
def elsewhere(bench):
    """A Region with a replica, over a connection of its own."""
    made = FakeGateway(info=replace(INFO, region="us-east-1"))
    bench.world.metadata[REPLICATED] = replace(
        bench.world.metadata[REPLICATED],
        replicas=(arn_of(REPLICATED), arn_of(REPLICATED, region="us-east-1")),
    )
    here: KeyMetadata = bench.world.metadata[REPLICATED]
    made.world.metadata[REPLICATED] = replace(here, multi_region="REPLICA")
    made.world.aliases.pop("alias/global")
    return made


async def test_a_set_is_read_over_a_connection_to_each_region_which_goes_with_the_key_s_own(
    bench, elsewhere
):
    asked: list[Target] = []

    async def connect(target):
        asked.append(target)
        return elsewhere

    bench.session.connector.connect = connect
    here, there = await read_set(bench.session, REPLICATED)
    await read_set(bench.session, REPLICATED)
    assert [target.region for target in asked] == ["us-east-1"]
    assert not elsewhere.closed
    bench.session.close()
    assert elsewhere.closed
    assert (here.name, there.name) == (bench.world.region, "us-east-1")
    facts = {fact.label: fact for fact in compared([here, there])}
    assert facts["Multi-Region"].values == ("PRIMARY", "REPLICA")
    assert facts["Aliases"].values == ("alias/global", ABSENT)


async def test_a_region_that_is_out_of_reach_is_a_picture_that_says_why(bench, elsewhere):
    async def connect(target):
        raise NetworkError("us-east-1 does not answer")

    bench.session.connector.connect = connect
    here, there = await read_set(bench.session, REPLICATED)
    assert here.facts
    assert "us-east-1 does not answer" in there.problem


async def test_what_makes_the_tags_and_the_policy_of_one_key_those_of_another(bench):
    one, other = await pictures(bench)
    assert tags_like(one, other) == TagDelta(put=one.tags)
    assert tags_like(other, one) == TagDelta(remove=("env", "project"))
    assert tags_like(one, replace(other, tags=None)) == TagDelta()
    named = replace(one, policy=f'{{"Resource": "{one.arn}"}}')
    assert policy_like(named, other) == f'{{"Resource": "{other.arn}"}}'
