"""F12 gives the terminal to the command that signs in; then what was refused is done again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from kmstui.service.errors import CredentialsExpiredError
from kmstui.ui.editing.edit_screen import EditScreen
from kmstui.ui.main import program_commands
from kmstui.ui.terminal.hand_over import Ended
from tests.fakes import IMPORTED, FakeConnector, FakeGateway
from tests.screens import Running, running

COMMAND = ("aws", "sso", "login", "--profile", "a b;c")
EXPIRED = CredentialsExpiredError("the credentials have expired", "F12 signs in.")


class Person:
    """Signs in on the terminal, or does not."""

    def __init__(self) -> None:
        self.ran: list[Sequence[str]] = []
        self.ended = Ended(0)

    def run(self, _app: object, command: Sequence[str], **_: object) -> Ended:
        self.ran.append(command)
        return self.ended


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch) -> Person:
    made = Person()
    monkeypatch.setattr(program_commands, "run_on_terminal", made.run)
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    return made


def program(gateway: FakeGateway, *, loaded: bool = True) -> Any:
    connector = FakeConnector(gateway)
    connector.sign_in = COMMAND
    return running(gateway, connector=connector, loaded=loaded)


async def begin_tags(run: Running) -> None:
    await run.press("1", "asterisk", "t")
    await run.type("env=dev")
    await run.press("enter")


async def test_keys_that_could_not_be_listed_are_listed(person: Person) -> None:
    gateway = FakeGateway()
    gateway.fail("kms:ListKeys", EXPIRED, times=1)
    async with program(gateway, loaded=False) as run:
        await run.wait_for("F12 signs in.")
        await run.press("f12")
        await run.wait_for("ImportedCMK")
        assert person.ran == [COMMAND]
        assert "aws sso login --profile 'a b;c' has ended" in run.prose


async def test_the_rest_of_a_run_over_many_keys_is_sent(person: Person) -> None:
    gateway = FakeGateway()
    async with program(gateway) as run:
        await begin_tags(run)
        await run.wait_for("6 keys of 8 will change")
        gateway.fail("kms:TagResource", EXPIRED, times=5)
        await run.press("enter")
        await run.wait_for("5 failed, 1 not sent")
        await run.press("f12")
        await run.wait_for("8 keys: 6 done, 1 refused, 1 unchanged.")


async def test_what_is_planned_is_not_sent_by_signing_in(person: Person) -> None:
    gateway = FakeGateway()
    async with program(gateway) as run:
        await begin_tags(run)
        await run.wait_for("6 keys of 8 will change")
        before = gateway.count("kms:TagResource")
        await run.press("f12")
        await run.wait_for(lambda: person.ran)
        assert gateway.count("kms:TagResource") == before


async def test_an_editor_that_could_not_be_opened_opens(person: Person) -> None:
    gateway = FakeGateway()
    async with program(gateway) as run:
        await run.choose(IMPORTED)
        gateway.fail("kms:GetKeyPolicy", EXPIRED, times=1)
        await run.press("e")
        edit = await run.wait_for_screen(EditScreen)
        await run.wait_for("the credentials have expired")
        await run.press("f12")
        await run.wait_for(lambda: edit.is_open and '"Statement"' in edit.viewer.text)


async def test_whoever_does_not_sign_in_is_told_how_it_ended(person: Person) -> None:
    person.ended = Ended(1, "aws ended with exit code 1")
    gateway = FakeGateway()
    async with program(gateway) as run:
        before = gateway.count("kms:ListKeys")
        await run.press("f12")
        await run.wait_for("You are not signed in: aws ended with exit code 1. F12 tries again.")
        assert gateway.count("kms:ListKeys") == before


async def test_where_the_cli_is_missing_the_command_to_run_elsewhere_is_named(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    async with program(FakeGateway()) as run:
        await run.press("f12")
        await run.wait_for("is not installed here: run aws sso login --profile 'a b;c' where it is")
        assert not person.ran


async def test_a_profile_that_no_command_signs_in_to_says_so(person: Person) -> None:
    async with running() as run:
        await run.press("f12")
        await run.wait_for("No command signs in to this profile")
        assert not person.ran


async def test_escape_stops_connecting_and_r_begins_anew() -> None:
    connector = FakeConnector(FakeGateway())
    connector.gate = asyncio.Event()
    async with running(connector=connector, loaded=False) as run:
        await run.wait_for(lambda: len(connector.asked) == 1)
        # Another connection takes the place of one that is being made, and can be stopped too.
        run.app.connect(run.session.target)
        await run.wait_for(lambda: len(connector.asked) == 2)
        await run.press("escape")
        await run.wait_for("Connecting was stopped. Press r to connect again.")
        connector.gate.set()
        await run.press("r")
        await run.wait_for("ImportedCMK")
