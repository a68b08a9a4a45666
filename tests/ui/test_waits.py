"""Every wait says what is waited for, is left at once, and ends when the answer comes.

The rows are screens and what each reads or sends. Each row is left with Esc while no answer comes,
then gets a late error, and is ended with Ctrl-q; views also get answers in which there is nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from kmstui.service.errors import FailedError, NotFoundError
from kmstui.ui.dialogs import QuestionDialog
from kmstui.ui.editing import reading_dialog
from kmstui.ui.main.views import VIEWS
from tests.access_world import access_world
from tests.fakes import IMPORTED, FakeGateway
from tests.screens import Running, running

FAULT = "KMS is out of order"


@dataclass(frozen=True)
class Wait:
    """One screen, and one thing that it waits for."""

    operation: str
    keys: tuple[str, ...] = ()
    """What opens it, after the view."""
    view: str = ""
    says: str = "Reading…"
    """What stands there until the answer has come."""
    fails: str = FAULT
    """What stands there when an error has come."""
    leaves: int = 1
    """How often Esc is pressed, until nothing of it is left."""


TAG = ("t", "a", "=", "1", "enter")
WAITS = {
    "policy": Wait("kms:GetKeyPolicy", view="policy"),
    "names of policies": Wait("kms:ListKeyPolicies", view="policy", fails='"Version"'),
    "access": Wait("kms:GetKeyPolicy", view="access"),
    "access by grants": Wait(
        "kms:ListGrants", (), "access", "Reading grants and IAM policies…",
        "The grants were not read", 2,
    ),
    "access by IAM": Wait(
        "iam:GetRole", (), "access", "Reading grants and IAM policies…", "were not read: ", 2
    ),
    "role": Wait("iam:GetRole", view="role"),
    "details": Wait("kms:GetKeyRotationStatus", view="details"),
    "grants": Wait("kms:ListGrants", view="grants"),
    "events": Wait("cloudtrail:LookupEvents", view="events", says="Asking CloudTrail…"),
    "history": Wait("cloudtrail:LookupEvents", ("f",), "history", "Asking CloudTrail…"),
    "editor": Wait("kms:GetKeyPolicy", ("e",)),
    "statement to remove": Wait(
        "kms:GetKeyPolicy", ("S", "r"), says="Reading the policy of this key…",
        fails="None of these policies can be read",
    ),
    "findings": Wait("kms:GetKeyPolicy", ("F",), says="(Esc stops)", leaves=2),
    "plan of tags": Wait("kms:ListResourceTags", TAG, says="Reading the tags…", leaves=2),
    "sending of tags": Wait("kms:TagResource", (*TAG, "enter"), says="sending", leaves=3),
    "use of the key": Wait(
        "kms:GetKeyLastUsage", ("x", "b"), says="Still being read: Last use."
    ),
    "inventory": Wait("kms:ListKeys", ("r",), says="(Esc stops)"),
}  # fmt: skip


QUIT_FROM = (
    "policy", "editor", "findings", "statement to remove", "use of the key", "sending of tags",
)  # fmt: skip


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> FakeGateway:
    monkeypatch.setattr(reading_dialog, "HOLDING_SECONDS", 0.0)
    return FakeGateway(access_world())


async def begin(run: Running, wait: Wait) -> None:
    """Open the screen."""
    if wait.view:
        await run.main.key_pane.open_view(wait.view)
        run.main.open_only(run.main.key_pane)
    for key in wait.keys:
        await run.pilot.press(key)


@pytest.mark.parametrize("wait", WAITS.values(), ids=WAITS)
async def test_a_wait_is_told_and_left_at_once_and_a_late_error_is_told(
    wait: Wait, gateway: FakeGateway
) -> None:
    async with running(gateway) as run:
        assert await run.main.go_to_key(IMPORTED)
        gate = gateway.hold(wait.operation)
        await begin(run, wait)
        await run.wait_for(wait.says)
        for _ in range(wait.leaves):
            await run.pilot.press("escape")
        await run.wait_for(lambda: run.app.screen is run.main and wait.says not in run.text)
        await begin(run, wait)
        gateway.fail(wait.operation, FailedError(FAULT))
        gate.set()
        await run.wait_for(wait.fails)
        await run.wait_for(lambda: wait.says not in run.text)


@pytest.mark.parametrize("name", QUIT_FROM)
async def test_ctrl_q_acts_while_no_answer_comes(name: str, gateway: FakeGateway) -> None:
    wait = WAITS[name]
    async with running(gateway) as run:
        assert await run.main.go_to_key(IMPORTED)
        gateway.hold(wait.operation)
        await begin(run, wait)
        await run.wait_for(wait.says)
        await run.pilot.press("ctrl+q")
        await run.wait_for(
            lambda: not run.app.is_running or isinstance(run.app.screen, QuestionDialog)
        )
        assert run.app.is_running == (name == "sending of tags")


async def test_where_there_is_nothing_no_view_goes_on_reading(gateway: FakeGateway) -> None:
    world = gateway.world
    world.policies[IMPORTED] = {}
    gateway.fail("kms:GetKeyPolicy", NotFoundError("there is no such policy"))
    world.tags.clear()
    world.grants.clear()
    world.events.clear()
    world.identities.clear()
    async with running(gateway) as run:
        assert await run.main.go_to_key(IMPORTED)
        for entry in VIEWS:
            await run.main.key_pane.open_view(entry.scope)
            run.main.open_only(run.main.key_pane)
            await run.wait_for(
                lambda: (
                    run.main.key_pane.region.height > 1
                    and "Reading" not in run.text
                    and "Asking" not in run.text
                )
            )
