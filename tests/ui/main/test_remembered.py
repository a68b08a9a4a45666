"""A person finds the screens as they were left, where they want that."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from kmstui.bootstrap import last_target
from kmstui.config import Settings
from kmstui.journal.remembered import RememberedFile
from kmstui.service.ports import Target
from kmstui.ui.editing.edit_screen import EditScreen
from kmstui.ui.main.key_columns import columns_as_wide
from kmstui.ui.runtime.options import UiOptions
from tests.fakes import CALLER, IMPORTED, REGION
from tests.screens import NARROW, running

HERE = f"{CALLER.account} {REGION}"


@asynccontextmanager
async def run_of(directory, *remember: str, size=NARROW):
    """One run of the program over the file of a directory."""
    file = RememberedFile(directory)
    options = UiOptions(remember=remember or Settings().remember, remembered=file)
    async with running(options=options, size=size) as run:
        yield run
    file.close()


async def test_the_panes_are_found_as_they_were_left(tmp_path):
    async with run_of(tmp_path) as run:
        run.main.keys_pane.sort_by("spec")
        run.main.keys_pane.sort_by("spec")
        await run.press("a", "plus", "right_square_bracket")
        await run.wait_for(lambda: run.main.key_pane.scope == "access")
    async with run_of(tmp_path) as run:
        rows = run.main.keys_pane.key_rows
        await run.wait_for(lambda: run.main.key_pane.scope == "access")
        assert (rows.column, rows.reverse, rows.with_aws) == ("spec", True, True)
        assert run.main.sharing.zoom == 2
        assert run.main.keys_pane.table.has_focus
    file = RememberedFile(tmp_path)
    assert file.recall(HERE, "view") == "access"
    assert file.recall(f"{CALLER.account} us-east-1", "view") is None, "of another Region"


async def test_columns_and_their_widths_are_found_as_they_were_left(tmp_path):
    chosen = {"alias": 24, "state": 10, "created": 14}
    async with run_of(tmp_path) as run:
        run.main.keys_pane.table.set_columns(columns_as_wide(chosen))
    async with run_of(tmp_path) as run:
        columns = run.main.keys_pane.table.columns
        assert {each.id: max(each.width, each.most) for each in columns} == chosen
        assert "CREATED" in run.text
        assert "SPEC" not in run.lines[2]
    file = RememberedFile(tmp_path)
    file.remember(HERE, "columns", [["nothing", 3], ["alias"], 7])
    file.close()
    async with run_of(tmp_path) as run:
        assert "TAGS" in run.text


async def test_only_what_the_person_wants_is_remembered(tmp_path):
    async with run_of(tmp_path, "sort") as run:
        run.main.keys_pane.sort_by("spec")
        await run.press("a", "plus")
    async with run_of(tmp_path, "sort") as run:
        rows = run.main.keys_pane.key_rows
        assert (rows.column, rows.with_aws, run.main.sharing.zoom) == ("spec", False, 1)
    assert RememberedFile(tmp_path).recall("", "connection") is None


async def test_the_last_connection_is_remembered_on_request(tmp_path):
    async with run_of(tmp_path, "connection") as run:
        await run.wait_for(lambda: run.store.caller)
    assert RememberedFile(tmp_path).recall("", "connection") == ["", ""]


def test_the_program_begins_with_the_last_connection_where_nothing_else_is_said(
    tmp_path, monkeypatch
):
    for name in ("PROFILE", "DEFAULT_PROFILE", "REGION", "DEFAULT_REGION", "ACCESS_KEY_ID"):
        monkeypatch.delenv(f"AWS_{name}", raising=False)
    file = RememberedFile(tmp_path)
    file.remember("", "connection", ["prod", "eu-west-2"])
    wanting = Settings(remember=("connection",))
    last = last_target(wanting, Target(), file)
    assert (last.profile, last.region) == ("prod", "eu-west-2")
    assert last_target(Settings(), Target(), file) == Target()
    said = replace(wanting, region="us-east-1")
    assert last_target(said, Target(region="us-east-1"), file) == Target(region="us-east-1")
    monkeypatch.setenv("AWS_PROFILE", "dev")
    assert last_target(wanting, Target(), file) == Target()
    file.close()


@pytest.mark.parametrize(
    "strange",
    [{"sort": ["nothing", True]}, {"sort": 3, "view": ["x"], "widths": True, "aws_keys": "yes"}],
)
async def test_what_another_hand_has_written_does_no_harm(tmp_path, strange):
    file = RememberedFile(tmp_path)
    for kind, value in strange.items():
        file.remember(HERE, kind, value)
    file.close()
    async with run_of(tmp_path) as run:
        assert run.main.keys_pane.key_rows.column == "alias"
        assert run.main.key_pane.scope == "policy"
        assert run.main.sharing.zoom == 1


async def test_a_damaged_file_is_told(tmp_path):
    (tmp_path / "remembered.json").write_text("{")
    async with run_of(tmp_path) as run:
        await run.wait_for("How you had set the screens is not known")


async def test_a_filter_is_kept_by_a_name(tmp_path):
    async with run_of(tmp_path) as run:
        await run.press("colon", *"save prod")
        await run.wait_for("Nothing is filtered")
        await run.press("escape", "slash", *"Imported", "enter", "colon", *"save prod")
        await run.wait_for("keep the filter /Imported")
        await run.press("enter")
        await run.wait_for("/Imported is kept as prod")
    async with run_of(tmp_path) as run:
        await run.press("colon", *"filter prod")
        await run.wait_for("/Imported")
        await run.press("enter")
        await run.wait_for(lambda: list(run.main.keys_pane.key_rows.rows) == [IMPORTED])
        assert run.main.keys_pane.table.has_focus
        await run.press("colon", *"forget prod")
        await run.wait_for("forget prod")
        await run.press("enter")
    assert RememberedFile(tmp_path).recall(HERE, "filters") == {}


async def test_lines_are_wrapped_the_next_time_too(tmp_path):
    async with run_of(tmp_path) as run:
        await run.choose(IMPORTED)
        for wraps in (False, True):
            await run.press("e")
            screen = await run.wait_for_screen(EditScreen)
            await run.wait_for(lambda screen=screen: run.app.focused is screen.viewer.area)
            assert screen.viewer.area.soft_wrap is wraps
            await run.press("f5", "escape")
            await run.wait_for(lambda: run.app.screen is run.main)


async def test_a_sort_by_a_column_that_does_not_show_is_told(tmp_path):
    async with run_of(tmp_path) as run:
        await run.press("s", "c")
        await run.wait_for("by created, ascending, not shown")
        await run.press("s", "a")
        await run.wait_until_gone("not shown")


async def test_names_of_keys_are_kept_for_the_completion_of_a_shell(tmp_path):
    async with run_of(tmp_path) as run:
        await run.wait_for(lambda: run.store.aliases)
    (names,) = RememberedFile(tmp_path).recall_of_all("names")
    assert "alias/ImportedCMK" in names
    assert any(name == IMPORTED for name in names)
    async with run_of(tmp_path / "other", "sort") as run:
        await run.wait_for(lambda: run.store.aliases)
    assert RememberedFile(tmp_path / "other").recall_of_all("names") == []
