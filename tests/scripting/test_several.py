"""Commands over several connections: account and Region in the rows, a line for one that fails."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from kmstui.scripting import LiveSource
from kmstui.service.errors import AccessDeniedError, NetworkError
from kmstui.service.ports import Target
from tests.fakes import FakeConnector, FakeGateway, key_id_of
from tests.fakes.gateway import INFO
from tests.fakes.world import World
from tests.scripting.bench import Outcome, command

ONE, TWO = "111122223333", "444455556666"
WEST, EAST = "eu-west-1", "us-east-1"
BOTH = ("--profile", "one,two", "--region", f"{WEST},{EAST}")
KEY = key_id_of(1)
PLACES = [[ONE, WEST], [ONE, EAST], [TWO, WEST], [TWO, EAST]]


class Aws:
    """Two profiles in two Regions; what is `refused` cannot be connected to."""

    def __init__(self) -> None:
        self.refused: dict[tuple[str, str], Exception] = {}
        self.denied: set[tuple[str, str]] = set()

    def __call__(self, target: Target) -> FakeGateway:
        place = (target.profile, target.region or WEST)
        if place in self.refused:
            raise self.refused[place]
        account = TWO if target.profile == "two" else ONE
        world = World(account=account, region=place[1], regions=(WEST, EAST))
        world.add(KEY, "app", tags={"in": place[1]})
        if account == TWO:
            world.add(key_id_of(2), "only-two")
        world.caller = replace(world.caller, account=account)
        gateway = FakeGateway(world, info=replace(INFO, region=place[1]))
        if place in self.denied:
            gateway.fail("kms:ListKeys", AccessDeniedError("your role may not"))
        return gateway


@pytest.fixture
def aws() -> Aws:
    return Aws()


def run(aws: Aws, *arguments: str) -> Outcome:
    return command(*arguments, source=LiveSource(lambda: FakeConnector(make=aws), Target()))


def places(done: Outcome) -> list[list[str]]:
    return [[row["account"], row["region"]] for row in done.rows]


def test_keys_of_all_connections_are_one_table_with_account_and_region(aws):
    done = run(aws, "keys", *BOTH, "alias:app", "region:us-east-1")
    assert done.code == 0
    head, *rows = (line.split() for line in done.out.splitlines())
    assert head[:3] == ["ACCOUNT", "REGION", "ALIAS"]
    assert [row[:3] for row in rows] == [[ONE, EAST, "alias/app"], [TWO, EAST, "alias/app"]]


def test_one_that_is_denied_is_a_line_and_an_exit_code_and_the_others_rows_come(aws):
    aws.denied.add(("one", EAST))
    aws.refused["two", WEST] = NetworkError("nobody answers")
    done = run(aws, "keys", *BOTH, "alias:app", "--format", "json")
    assert (done.code, places(done)) == (2, [[ONE, WEST], [TWO, EAST]])
    denied, unreachable = done.err.splitlines()
    assert denied.startswith(f"kmstui keys: one {EAST}: ") and "your role may not" in denied
    assert unreachable.startswith(f"kmstui keys: two {WEST}: ") and "nobody answers" in unreachable


def test_all_regions_are_those_that_are_enabled(aws):
    done = run(aws, "keys", "--profile", "one", "--all-regions", "--format", "csv")
    assert done.code == 0
    assert len(done.out.splitlines()) == 3


@pytest.mark.parametrize("name", ["show", "policy get"])
def test_a_key_by_its_alias_is_read_wherever_it_is(aws, name):
    done = run(aws, *name.split(), "alias/app", *BOTH, "--format", "json")
    assert (done.code, places(done)) == (0, PLACES)


def test_a_key_that_some_connections_lack_is_no_trouble(aws):
    done = run(aws, "show", "only-two", *BOTH, "--format", "json")
    assert (done.code, places(done), done.err) == (0, [[TWO, WEST], [TWO, EAST]], "")
    done = run(aws, "show", "alias/nowhere", *BOTH)
    assert done.code == 2
    assert "No key of these 4 connections goes by alias/nowhere." in done.err


def test_an_arn_is_asked_for_where_it_is_alone(aws):
    arn = f"arn:aws:kms:{EAST}:{TWO}:key/{KEY}"
    done = run(aws, "policy", "get", arn, *BOTH)
    assert done.code == 0
    assert json.loads(done.out)["Statement"]
    done = run(aws, "policy", "get", "alias/app", *BOTH)
    assert done.code == 2
    assert arn in done.err


@pytest.mark.parametrize("name", ["grants", "events"])
def test_nothing_found_anywhere_is_still_an_answer(aws, name):
    done = run(aws, name, "alias/app", *BOTH)
    assert done.code == 1
    assert done.out.split()[:2] == ["ACCOUNT", "REGION"]


def test_aliases_tell_their_place(aws):
    done = run(aws, "aliases", "app", *BOTH, "--format", "json")
    assert sorted(places(done)) == sorted(PLACES)


def test_all_keys_of_all_connections_are_linted_under_their_own_names(aws):
    aws.refused["two", WEST] = NetworkError("nobody answers")
    done = run(aws, "lint", "--all", *BOTH)
    assert f"alias/app (one {EAST})" in done.out
    assert f"two {WEST}: " in done.err
