import pytest
from textual import events

from tests.fakes import DISABLED, IMPORTED, SIGNING, FakeGateway, large_world
from tests.screens import running


async def test_typing_filters_and_escape_clears():
    async with running() as run:
        await run.press("slash")
        await run.type("tag:project")
        await run.wait_for("2 of 9  /tag:project")
        assert set(run.main.keys_pane.table.rows) == {IMPORTED, DISABLED}
        await run.type("=kmsw")
        await run.wait_for("1 of 9")
        await run.press("escape")
        await run.wait_for("8 (and 1 of AWS: a)")
        assert run.main.keys_pane.table.has_focus


async def test_a_pattern_that_never_comes_to_an_end_is_told_and_filters_nothing():
    gateway = FakeGateway()
    gateway.world.aliases["alias/" + "a" * 200] = IMPORTED
    async with running(gateway, size=(160, 45)) as run:
        for _ in range(2):
            await run.press("slash")
            await run.type("/(.+)+!/")
            await run.wait_for("The regular expression takes too long. Nothing is filtered")
            await run.wait_for(lambda: len(run.main.keys_pane.table.rows) == 8)
            await run.press("escape")
            await run.wait_for("8 (and 1 of AWS: a)")
        await run.press("slash")
        await run.type("/signing$/")
        await run.wait_for("1 of 9  //signing$/")


async def test_a_filter_that_nobody_typed_is_told_at_once():
    async with running(size=(160, 45)) as run:
        await run.press("slash")
        run.app.post_message(events.Paste("a " * 5_000))
        await run.wait_for("The filter has 10,000 characters, 2,000 at most.")
        await run.press("escape")
        await run.wait_for("8 (and 1 of AWS: a)")


async def test_enter_keeps_the_filter_and_keys_are_keys_again():
    async with running() as run:
        await run.press("slash")
        await run.type("signing")
        await run.press("enter")
        await run.wait_for("1 of 9  /signing")
        await run.press("j")
        assert run.main.keys_pane.filter_text == "signing"
        await run.press("escape")
        await run.wait_for("8 (and 1 of AWS: a)")
        assert run.main.chosen == SIGNING, "the key that was found is still the chosen one"
        assert SIGNING in run.main.keys_pane.table.rows_in_sight


async def test_a_filter_that_hides_the_chosen_key_begins_at_its_first_match():
    async with running(FakeGateway(large_world(300))) as run:
        await run.press("G", "slash")
        await run.type("key-0000")
        await run.wait_for("100 of 300")
        assert run.main.chosen == run.main.keys_pane.table.rows[0]


async def test_the_place_is_found_again_after_a_filter_that_matched_nothing():
    async with running(FakeGateway(large_world(300))) as run:
        await run.press(*["j"] * 30)
        chosen = run.main.chosen
        await run.press("slash")
        await run.type("zzz")
        await run.wait_for("No key matches the filter.")
        await run.press("escape")
        await run.wait_for("1 Keys  300")
        assert run.main.chosen == chosen
        assert chosen in run.main.keys_pane.table.rows_in_sight


@pytest.mark.parametrize("keys", [("s", "s"), ("asterisk",), ("r",), ("3", "1"), ("a",)])
async def test_the_place_is_kept_by_whatever_a_person_does(keys):
    async with running(FakeGateway(large_world(60))) as run:
        await run.press("pagedown")
        chosen = run.main.chosen
        await run.press(*keys)
        await run.wait_for(
            lambda: run.main.keys_pane.key_rows.settled and not run.store.progress.loading
        )
        assert run.main.chosen == chosen
        assert chosen in run.main.keys_pane.table.rows_in_sight


async def test_a_broken_regular_expression_says_so_and_hides_nothing():
    async with running() as run:
        await run.press("slash")
        await run.type("/(/")
        await run.wait_for("The regular expression /(/ is not valid")
        assert len(run.main.keys_pane.table.rows) == 8


async def test_a_filter_that_matches_nothing_says_how_to_clear_it():
    async with running() as run:
        await run.press("slash")
        await run.type("zzz")
        await run.wait_for("No key matches the filter. Esc clears it.")
        await run.press("enter", "enter", "y", "escape", "t", "4")
        await run.wait_for("0 of 9")


async def test_the_filter_follows_keys_that_change():
    async with running() as run:
        await run.press("slash")
        await run.type("state:enabled")
        await run.wait_for("6 of 9")
        run.gateway.world.add(DISABLED, "retired", state="Enabled")
        await run.press("enter", "r")
        await run.wait_for("7 of 9")


async def test_sorting_by_a_column_and_the_other_way_round():
    async with running() as run:
        await run.press("s")
        await run.wait_for("Sort by")
        await run.press("i")
        await run.wait_for("KEY ID↑")
        # The head tells the order as soon as it is chosen; rows follow in slices.
        table = run.main.keys_pane.table
        await run.wait_for(lambda: list(table.rows)[:2] == [IMPORTED, SIGNING])
        await run.press("s", "i")
        await run.wait_for("KEY ID↓")
        await run.wait_for(lambda: list(table.rows) == sorted(table.rows, reverse=True))


@pytest.mark.parametrize("filter_text", ["", "key-0000"])
async def test_the_cursor_stays_on_its_key_while_rows_come_and_go(filter_text):
    async with running(FakeGateway(large_world(300))) as run:
        rows = run.main.keys_pane.key_rows
        run.main.keys_pane.filter_input.value = filter_text
        await run.wait_for(lambda: bool(rows.filter.terms) == bool(filter_text) and rows.settled)
        await run.press("j", "j", "j")
        chosen = run.main.chosen
        for number in range(5):
            run.gateway.world.add(f"new-{number}", f"aaa/first-{number}")
        await run.press("r")
        await run.wait_for(lambda: len(run.store.keys) == 305 and not run.store.progress.loading)
        await run.wait_for(lambda: run.main.keys_pane.key_rows.settled)
        assert run.main.chosen == chosen
        assert run.main.keys_pane.table.rows[run.main.keys_pane.table.cursor] == chosen


async def test_before_a_key_was_pressed_the_cursor_stays_at_the_top():
    async with running(FakeGateway(large_world(50))) as run:
        run.gateway.world.add("new", "aaa/first")
        run.app.refresh_session()
        await run.wait_for("aaa/first")
        await run.wait_for(lambda: run.main.chosen == "new")


async def test_the_key_bar_shows_the_filters_keys_while_it_is_typed():
    async with running() as run:
        await run.press("slash")
        await run.wait_for("Esc Clear")
        assert "e Edit" not in run.lines[-1]
        await run.press("escape")
        await run.wait_for("e Edit")


@pytest.mark.usefixtures("every_frame")
async def test_the_terminals_cursor_stands_at_the_row_for_screen_readers():
    async with running() as run:
        for key in ("j", "j", "k"):
            await run.press(key)
            x, y = run.app.cursor_position
            assert run.lines[y][x:].startswith("❯")
        await run.press("tab")
        await run.wait_for(lambda: run.main.aliases_pane.table.has_focus)
        await run.wait_for(lambda: run.lines[run.app.cursor_position.y].startswith("❯"))
        assert run.app.cursor_position.y > y
