"""What keys do, whatever they are called: rebinding, Esc and Ctrl-c, views, search, marks."""

from importlib import import_module

import pytest
from textual.binding import Binding
from textual.dom import DOMNode

from kmstui.ui.commands.key_bar import KeyBar
from kmstui.ui.commands.key_names import UnknownKeyError, key_named, readable_key
from kmstui.ui.commands.registry import (
    RebindingError,
    all_commands,
    rebinding,
)
from kmstui.ui.commands.screen_keys import SCREEN_KEYS
from kmstui.ui.dialogs.help import Help
from kmstui.ui.dialogs.menu import Menu
from kmstui.ui.dialogs.text_dialog import TextDialog
from kmstui.ui.editing.edit_screen import EditScreen
from kmstui.ui.editing.history_screen import HistoryScreen
from kmstui.ui.main.messages import Messages
from kmstui.ui.main.palette import Palette
from kmstui.ui.runtime.options import UiOptions
from tests.fakes import IMPORTED, FakeGateway, key_id_of, large_world
from tests.screens import WIDE, running


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("e", "e"), ("E", "E"), ("Shift-e", "E"), ("?", "question_mark"), ("F8", "f8"),
        ("Ctrl-P", "ctrl+p"), ("ctrl+p", "ctrl+p"), ("Alt-n", "alt+n"), ("Space", "space"),
        ("Ctrl-Space", "ctrl+@"), ("PgDn", "pagedown"), ("Shift-F8", "shift+f8"), ("-", "minus"),
        ("Ctrl-]", "ctrl+right_square_bracket"), ("Ctrl-i", "tab"),
        ("question_mark", "question_mark"),
    ],
)  # fmt: skip
def test_a_key_is_written_as_it_is_read(written, key):
    assert key_named(written) == key
    assert key_named(readable_key(key)) == key


@pytest.mark.parametrize(
    "written", ["", "Hyper-x", "F99", "ee", "Ctrl-", "Alt-/", "Alt-f", "Ctrl-1"]
)
def test_what_no_terminal_sends_is_no_key(written):
    with pytest.raises(UnknownKeyError, match="is no key"):
        key_named(written)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([("policy.edti", ["X"])], "there is no command policy.edti; did you mean policy.edit"),
        ([("policy.edit", ["t"])], "t is the key of both tags.put and policy.edit"),
        ([("tags.put", ["X"]), ("policy.edit", ["X"])], "X is the key of both"),
        ([("keys.sort", ["R"])], "R is the key of both keys.sort and session.region"),
        ([("policy.edit", ["j"])], "j, given to policy.edit, moves in lists"),
        ([("policy.edit", ["Hyper-x"])], "'Hyper-x' is no key"),
        ([("edit.fix", ["Ctrl-s"])], "Ctrl-s is the key of both edit.save and edit.fix"),
        ([("edit.fix", ["F8"])], "F8 is the key of both policy.next-finding and edit.fix"),
        ([("edit.fix", ["x"])], "x, given to edit.fix, is typed into the text"),
        ([("find.regex", ["F3"])], "F3 is the key of both find.next and find.regex"),
        ([("find.regex", ["F9"])], "F9 is the key of both edit.format and find.regex"),
        ([("find.regex", ["Ctrl-e"])], "Ctrl-e, given to find.regex, edits the line"),
        ([("review.save", ["b"])], "b is the key of both review.save and review.bypass"),
        ([("review.save", ["Esc"])], "Esc, given to review.save, leaves the screen"),
        ([("review.save", ["F12"])], "F12 is the key of both session.sign_in and review.save"),
    ],
)
def test_keys_that_cannot_be_given_are_refused_in_a_sentence(given, words):
    with pytest.raises(RebindingError, match=words):
        rebinding(given)


def test_keys_can_be_exchanged_and_taken_away():
    # A key of the panes is free on another screen.
    rebinding([("review.save", ["t"]), ("conflict.take", ["t"])])
    rebound = rebinding([("policy.edit", ["t"]), ("tags.put", ["e"]), ("tag.value", ["enter"]),
                         ("role.edit-this", []), ("program.quit", [])])  # fmt: skip
    keys = {each.id: each.keys for each in all_commands(rebound)}
    assert (keys["policy.edit"], keys["tags.put"], keys["program.quit"]) == (("t",), ("e",), ())


async def test_a_rebound_command_is_on_its_new_key_in_bar_and_help_too():
    keys = rebinding([("policy.edit", ["Ctrl-e", "Y"]), ("text.search", ["Q"]), ("keys.sort", [])])
    async with running(size=WIDE, options=UiOptions(keys=keys)) as run:
        await run.choose(IMPORTED)
        assert "Ctrl-e Edit" in run.lines[-1]
        await run.press("question_mark")
        await run.wait_for("Ctrl-e Y")
        await run.press("escape", "e")
        await run.wait_for("e does nothing here")
        # A key of a widget's own moves too: / is free in a text, and Q asks.
        await run.press("v", "Q")
        await run.type("Allow")
        await run.wait_for("1 of 1")
        await run.press("escape", "Y")
        await run.wait_for_screen(EditScreen)


def test_every_name_of_a_screens_key_is_one_that_a_screen_obeys():
    for name in SCREENS:
        import_module(name)
    kinds = [DOMNode]
    named: dict[str, set[str]] = {}
    while kinds:
        kind = kinds.pop()
        kinds += kind.__subclasses__()
        if kind.__module__.startswith("kmstui."):
            for each in Binding.make_bindings(kind.__dict__.get("BINDINGS", ())):
                if each.id:
                    named.setdefault(each.id, set()).add(each.key)
    assert SCREEN_KEYS.keys() <= named.keys()
    commands = {each.id: each.keys for each in all_commands()}
    assert named.keys() <= SCREEN_KEYS.keys() | commands.keys()
    for name, keys in SCREEN_KEYS.items():
        assert named[name] == set(keys), name


SCREENS = (
    "kmstui.ui.access.endpoints_screen",
    "kmstui.ui.app",
    "kmstui.ui.editing.batch_screen",
    "kmstui.ui.editing.conflict_screen",
    "kmstui.ui.editing.edit_screen",
    "kmstui.ui.editing.history_screen",
    "kmstui.ui.editing.review_screen",
    "kmstui.ui.editing.template_screen",
    "kmstui.ui.findings.screen",
    "kmstui.ui.main.messages",
    "kmstui.ui.runs.run_screen",
)
"""Where screens with keys of their own stand."""


async def test_the_editor_obeys_rebound_keys_and_the_second_ways():
    keys = rebinding([("edit.template", ["Ctrl-n"]), ("policy.next-finding", ["F11"])])
    async with running(size=WIDE, options=UiOptions(keys=keys)) as run:
        await run.choose(IMPORTED)
        await run.press("e")
        screen = await run.wait_for_screen(EditScreen)
        await run.wait_for('"Statement"')
        assert "Ctrl-n Template" in run.text
        await run.press("ctrl+t", "alt+t", "ctrl+n")
        await run.wait_for("Only from this account")
        await run.press("escape", "alt+l")
        await run.wait_for(lambda: run.app.screen is screen and screen.viewer._list.display)
        await run.press("alt+l", "alt+h")
        await run.wait_for_screen(HistoryScreen)


async def test_letters_open_the_views_and_3_turns_to_the_next():
    async with running() as run:
        await run.choose(IMPORTED)
        for key, scope in zip("dTLHcpv", ("details", "grants", "events", "history", "access",
                                          "role", "policy"), strict=True):  # fmt: skip
            await run.press(key)
            await run.wait_for(lambda: run.main.key_pane.scope == scope)  # noqa: B023
            assert run.focused_pane() is run.main.key_pane
        await run.press("1", "3")
        assert run.main.key_pane.scope == "policy"
        # In a text / searches, so the bar does not offer it as the filter too.
        assert "/ Search" in run.lines[-1]
        assert "/ Filter" not in run.lines[-1]
        await run.press("3")
        await run.wait_for(lambda: run.main.key_pane.scope == "access")
        await run.press("full_stop", "comma", "comma")
        await run.wait_for(lambda: run.main.key_pane.scope == "policy")


async def test_one_esc_goes_back_though_a_notice_is_up_then_marks_go_then_the_filter():
    async with running() as run:
        await run.choose(IMPORTED)
        await run.press("slash")
        await run.type("a")
        await run.press("enter", "asterisk", "4")
        run.session.notify("Something was said.")
        await run.wait_for("Something was said.")
        await run.press("escape")
        assert run.focused_pane() is run.main.keys_pane
        assert run.main.keys_pane.table.marks
        await run.press("escape")
        assert not run.main.keys_pane.table.marks
        assert run.main.keys_pane.filter_text == "a"
        await run.press("escape")
        assert run.main.keys_pane.filter_text == ""


async def test_marks_that_the_filter_hides_are_told_and_asked_about():
    async with running(size=WIDE) as run:
        await run.press("asterisk", "slash")
        await run.type("ImportedCMK")
        await run.press("enter")
        await run.wait_for("of them hidden")
        number = len(run.main.targets)
        await run.press("t")
        await run.wait_for(f"{number - 1} of the {number} marked keys are hidden")
        await run.press("escape")
        assert len(run.main.targets) == number
        await run.press("t", "a")
        await run.wait_for(f"Tag {number} keys")
        await run.press("escape", "t", "s")
        await run.wait_for(lambda: run.main.targets == (IMPORTED,))
        await run.wait_until_gone("of them hidden")


async def test_ctrl_c_cancels_what_is_open_and_only_then_says_how_to_quit():
    async with running() as run:
        await run.press("x", "ctrl+c")
        await run.wait_for(lambda: run.app.screen is run.main)
        await run.press("slash", "a", "ctrl+c")
        await run.wait_for(lambda: not run.main.keys_pane.is_typing)
        assert run.main.keys_pane.filter_text == ""
        await run.press("slash", "a", "enter", "ctrl+c")
        await run.wait_for(lambda: run.main.keys_pane.filter_text == "")
        assert not run.store.notices
        await run.press("ctrl+c")
        await run.wait_for("q quits; Ctrl-q quits from anywhere.")


async def test_ctrl_z_says_what_to_do_where_no_shell_waits(monkeypatch):
    stopped = []
    async with running() as run:
        monkeypatch.setattr("kmstui.ui.commands.program.has_shell_behind", lambda: False)
        await run.press("ctrl+z")
        await run.wait_for(":shell starts one here")
        monkeypatch.setattr("kmstui.ui.commands.program.has_shell_behind", lambda: True)
        monkeypatch.setattr(run.app, "action_suspend_process", lambda: stopped.append(True))
        await run.press("x", "ctrl+z")
        await run.wait_for(lambda: stopped)


@pytest.mark.parametrize("typed", ["q", "q!", "qa", "wq", "x", "exit"])
async def test_what_ends_vi_ends_kmstui(typed):
    async with running() as run:
        await run.press("colon")
        await run.type(typed)
        await run.press("enter")
        await run.wait_for(lambda: not run.app.is_running)


async def test_the_palette_has_every_action_and_goes_where_it_works():
    async with running() as run:
        run.session.notify("Read.")
        await run.press("colon")
        await run.type("mark all")
        await run.press("enter")
        await run.wait_for(
            lambda: run.main.keys_pane.table.marks == set(run.main.keys_pane.table.rows)
        )
        await run.press("colon")
        await run.type("only use")
        await run.press("enter")
        await run.wait_for(lambda: run.main.key_pane.scope == "events")
        await run.press("colon")
        await run.type("no such thing")
        await run.wait_for("Nothing matches.")
        entries = {each.text: each.detail for each in run.front(Palette)._connections or ()}
        assert all(entries.values())


async def test_what_is_typed_chooses_the_nearest_region():
    async with running() as run:
        await run.press("R", "down", "down")
        assert run.front(Menu).table.cursor > 1
        await run.type("us-e")
        assert run.front(Menu).table.cursor_row == "us-east-1"
        await run.press(*["backspace"] * 4)
        assert run.front(Menu).table.cursor_row == "eu-central-1"


async def test_texts_are_searched_and_the_place_comes_back_with_esc():
    async with running() as run:
        for number in range(30):
            run.session.notify(f"Said as number {number:02}.")
        await run.press("exclamation_mark")
        table = (await run.wait_for_screen(Messages)).table
        await run.wait_for("Said as number 29.")
        await run.press("slash")
        await run.type("NUMBER 0")
        await run.wait_for("not found")
        await run.press(*["backspace"] * 8)
        await run.type("number 0")
        await run.wait_for("/number 0  1 of 10")
        assert "Said as number 09." in run.text
        await run.press("enter", "n", "n")
        await run.wait_for("/number 0  3 of 10")
        await run.press("N", "enter")
        await run.wait_for(lambda: isinstance(run.app.screen, TextDialog))
        assert "Said as number 08." in run.text
        await run.press("escape")
        at = table.cursor
        await run.press("slash", "1", "down", "escape")
        assert table.cursor == at
        assert run.front(Messages)


async def test_every_view_of_a_key_is_searched():
    async with running(FakeGateway(large_world(3))) as run:
        await run.choose(key_id_of(2))
        for key in "vdTLUHcp":
            await run.press(key)
            await run.wait_for(lambda: run.main.key_pane.view.focus_target.has_focus)
            await run.press("n")
            await run.wait_for("Nothing was looked for yet")
            await run.press("slash", "q", "q")
            await run.wait_for("not found" if key != "v" else "Find")
            await run.press("escape")
            assert run.focused_pane() is run.main.key_pane, key


async def test_with_the_mouse_views_heads_and_keys_are_clicked():
    async with running(size=WIDE) as run:
        await run.choose(IMPORTED)
        title = run.main.key_pane.title_line
        await run.pilot.click(title, offset=(title.text.index("His") + 1, 0))
        await run.wait_for(lambda: run.main.key_pane.scope == "history")
        assert run.focused_pane() is run.main.key_pane
        table = run.main.keys_pane.table
        head = table.render_line(0).text
        await run.pilot.click(table, offset=(head.index("STATE") + 1, 0))
        await run.wait_for(lambda: run.main.keys_pane.key_rows.column == "state")
        bar = run.main.key_bar
        await run.pilot.click(bar, offset=(bar.text.index("Help") + 1, 0))
        await run.wait_for("A first minute")
        close = run.front(Help).query_one(KeyBar)
        await run.pilot.click(close, offset=(close.text.index("Close"), 0))
        await run.wait_for(lambda: run.app.screen is run.main)
