"""What the start imports, and what is imported once the first keys are drawn."""

import asyncio
import subprocess
import sys

import pytest

from tests.fakes import FakeConnector, FakeGateway, MemoryJournal, World
from tests.screens import running

AT_THE_START = """
import sys
import kmstui.bootstrap, kmstui.ui.app
print(*(name for name in sys.modules if name.partition(".")[0] in ("kmstui", "pygments", "csv")))
"""
OPENED_LATER = {
    "csv",
    "pygments",
    "kmstui.policy.lint.core",
    "kmstui.service.editing.edit",
    "kmstui.service.tags.tagging",
    "kmstui.ui.policy.viewer",
    "kmstui.ui.dialogs.dialog",
    "kmstui.ui.tags.line",
    "kmstui.ui.main.policy_view",
}
AHEAD = """
import pkgutil, sys
import kmstui.ui, kmstui.ui.app
from kmstui.ui.runtime.preload import import_ahead
import_ahead().join()
names = {each.name for each in pkgutil.walk_packages(kmstui.ui.__path__, "kmstui.ui.")}
print(*(names - sys.modules.keys()), "kmstui.policy.lint.checks" in sys.modules)
"""


def run(program):
    answer = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    return answer.stdout.split()


def test_the_first_frame_waits_for_nothing_that_is_opened_later():
    assert not OPENED_LATER.intersection(run(AT_THE_START))


def test_nothing_of_the_screens_is_left_to_import_when_it_is_opened():
    assert run(AHEAD) == ["True"]


async def test_an_account_without_keys_has_the_screens_imported_too(monkeypatch):
    begun = []
    monkeypatch.setattr("kmstui.ui.main.main_screen.import_ahead", lambda: begun.append(True))
    async with running(FakeGateway(World()), loaded=False) as run:
        await run.wait_for("There are no keys")
        await run.wait_for(lambda: begun)


async def test_whoever_waits_for_a_connection_has_them_imported_meanwhile(monkeypatch):
    begun = []
    monkeypatch.setattr("kmstui.ui.main.main_screen.import_ahead", lambda: begun.append(True))
    monkeypatch.setattr("kmstui.ui.main.main_screen.START_SECONDS", 0.01)
    connector = FakeConnector(FakeGateway())
    connector.gate = asyncio.Event()
    async with running(connector=connector, loaded=False) as run:
        await run.wait_for(lambda: begun)
        assert "not connected" in run.lines[0]


async def test_a_journal_that_cannot_be_used_is_told_before_anything_is_typed():
    journal = MemoryJournal()
    journal.durable, journal.warning = False, "/etc/x may not be written. Nothing would be kept."
    async with running(journal=journal) as run:
        words = f"Nothing can be changed. {journal.warning}"
        assert words in run.prose
        assert [each.severity for each in run.store.notices if each.text == words] == ["error"]


async def test_a_journal_that_was_begun_anew_is_told_too():
    journal = MemoryJournal()
    journal.warning = "The journal was damaged and was moved aside."
    async with running(journal=journal) as run:
        assert journal.warning in run.prose
        assert run.store.notices[-1].severity == "warning"


@pytest.mark.skipif(sys.version_info < (3, 12), reason="tasks begin at once from Python 3.12 on")
async def test_the_screens_open_where_tasks_begin_at_once():
    # As Textual's `App.run` has it; its `run_test` does not. (Not by name: 3.11 has none.)
    asyncio.get_running_loop().set_task_factory(getattr(asyncio, "eager_task_factory", None))
    async with running(FakeGateway(World()), loaded=False) as run:
        await run.wait_for("There are no keys")
