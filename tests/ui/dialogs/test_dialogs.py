import asyncio
import re
from typing import Any

import pytest
from textual.events import Key, Paste

from kmstui.model import Key as KmsKey
from kmstui.model import console_url
from kmstui.service.inventory.store import Topic
from kmstui.service.inventory.time_slices import TimeSlices
from kmstui.ui.commands import program
from kmstui.ui.commands.command import Context
from kmstui.ui.commands.key_names import readable_key
from kmstui.ui.commands.registry import all_commands
from kmstui.ui.dialogs.menu import Menu, MenuItem
from kmstui.ui.dialogs.questions import Line, QuestionDialog
from kmstui.ui.editing.history_screen import HistoryScreen
from kmstui.ui.main import copying
from kmstui.ui.main.connection import ConsoleDialog, Link
from kmstui.ui.main.palette import Palette
from kmstui.ui.runtime.options import UiOptions
from kmstui.ui.terminal.clipboard import osc_52
from tests.fakes import (
    CALLER,
    IMPORTED,
    ROLE_ARN,
    SIGNING,
    FakeGateway,
    arn_of,
    key_id_of,
    large_world,
)
from tests.screens import WIDE, running


async def test_help_shows_every_key_with_the_focused_panes_first():
    async with running(size=(160, 180)) as run:
        await run.press("2", "question_mark")
        await run.wait_for("Filter (/)")
        for command in all_commands():
            assert not command.keys or command.help[:50] in run.text, command.id
            if command.keys:
                assert readable_key(command.keys[0]) in run.text
        assert run.text.index("Go to the key that the alias names") < run.text.index("Everywhere")
        assert run.text.index("Everywhere") < run.text.index("half a page down")
        await run.press("q")
        assert run.app.screen is run.main


async def test_help_begins_with_a_first_minute_wraps_and_is_searched():
    async with running() as run:
        await run.choose(IMPORTED)
        await run.press("3", "question_mark")
        await run.wait_for("find a key: type a part of its name, then Enter")
        assert "…" not in run.text.replace("⋯", "")
        assert "Cursor" not in run.text
        await run.press("slash")
        await run.type("finding before")
        await run.wait_for("1 of 1")
        assert "Shift-F8" in run.text


async def test_other_screens_tell_their_keys_too():
    async with running() as run:
        await run.choose(IMPORTED)
        await run.press("H")
        await run.wait_for(lambda: run.main.key_pane.scope == "history")
        await run.press("enter")
        await run.wait_for_screen(HistoryScreen)
        await run.press("question_mark")
        await run.wait_for("ask CloudTrail")


async def test_help_and_messages_say_what_they_are_about_where_it_is_narrow():
    async with running(size=(44, 14)) as run:
        await run.press("question_mark")
        await run.wait_for("find a key: type a")
        await run.press("escape", "v")
        run.session.notify("Something was said to somebody.")
        await run.press("exclamation_mark")
        await run.wait_for("Something was said")
        assert "MESSAGE" in run.text


async def test_the_palette_finds_keys_commands_profiles_regions_and_themes():
    async with running() as run:
        await run.press("colon")
        await run.type("ing-old")
        await run.press("enter")
        await run.wait_for(lambda: run.main.chosen == SIGNING)
        await run.press("ctrl+p")
        await run.type("light")
        await run.press("enter")
        await run.wait_for(lambda: run.app.theme == "kmstui-light")
        await run.press("colon")
        await run.type("reg us-e")
        await run.wait_for("us-east-1")
        await run.press("enter")
        await run.wait_for(lambda: run.connector.asked[-1].region == "us-east-1")
        await run.press("colon")
        await run.type("prof work")
        await run.press("enter")
        await run.wait_for(lambda: run.connector.asked[-1].profile == "workshop")
        assert run.connector.asked[-1].region == ""


async def test_enter_before_the_search_has_ended_does_what_was_typed(monkeypatch):
    async with running(FakeGateway(large_world(300))) as run:
        monkeypatch.setattr(TimeSlices, "over", True)  # every step of the search lets keys go first
        for key in (Key("colon", ":"), *(Key(each, each) for each in "000123"), Key("enter", "\r")):
            run.app.post_message(key)
        await run.wait_for(lambda: run.main.chosen == key_id_of(123))
        assert run.app.screen is run.main


async def test_the_palette_offers_first_what_begins_with_the_words_typed():
    async with running() as run:
        run.gateway.world.add(key_id_of(50), "filter")
        await run.press("r", "colon")
        await run.type("filter")
        await run.wait_for("Filter the keys while typing")
        texts = [entry.text for entry in run.front(Palette)._found]
        assert texts[:2] == ["Filter", "filter"]


async def test_the_palette_says_why_a_command_is_off():
    async with running(FakeGateway(large_world(0)), loaded=False) as run:
        await run.wait_for("There are no keys in")
        await run.press("colon")
        await run.type("full size")
        await run.wait_for("No keys in eu-central-1.")
        await run.press("enter", "escape")
        assert run.app.screen is run.main


async def test_copying_sends_the_text_to_the_terminal(clipboard):
    async with running() as run:
        await run.choose(IMPORTED)
        await run.press("y", "i")
        await run.wait_for("Key ID sent to the terminal's clipboard")
        await run.press("y", "c")
        await run.wait_for(lambda: len(clipboard) == 2)
        assert clipboard == [
            IMPORTED,
            f"aws kms get-key-policy --key-id {IMPORTED} --policy-name default "
            "--output text --query Policy --region eu-central-1",
        ]


def test_gnu_screen_passes_a_copy_on_in_pieces_that_it_takes():
    text = "a policy " * 400
    sent = osc_52(text, {"STY": "1.pts-0"})
    pieces = re.findall("\x1bP(.*?)\x1b\\\\", sent, re.DOTALL)
    assert sent == "".join(f"\x1bP{piece}\x1b\\" for piece in pieces)
    assert max(map(len, pieces)) < 768
    assert "".join(pieces) == osc_52(text, {})


async def test_what_names_the_connection_is_read_whole_and_copied(clipboard):
    async with running(size=WIDE) as run:
        await run.press("W")
        await run.wait_for(CALLER.arn)
        assert ROLE_ARN in run.prose
        await run.press("escape")
        for letter in "uone":
            await run.press("y", letter)
        await run.wait_for(lambda: len(clipboard) == 4)
        assert clipboard == [CALLER.arn, ROLE_ARN, CALLER.account, "eu-central-1"]


async def test_the_page_of_a_key_in_the_console_is_a_link_and_can_be_copied(clipboard):
    url = f"https://eu-central-1.console.aws.amazon.com/kms/home?region=eu-central-1#/kms/keys/{IMPORTED}"
    async with running(size=WIDE) as run:
        await run.choose(IMPORTED)
        await run.press("o")
        link = (await run.wait_for_screen(ConsoleDialog)).query_one(Link)
        await run.wait_for(lambda: link.size.width)
        assert {each.style and each.style.link for each in link.render_line(0)} == {url}
        await run.press("y")
        await run.wait_for(lambda: clipboard == [url])


@pytest.mark.parametrize(
    ("partition", "region", "start"),
    [
        ("aws-cn", "cn-north-1", "https://cn-north-1.console.amazonaws.cn/kms/home?region=cn-n"),
        ("aws-us-gov", "us-gov-west-1", "https://us-gov-west-1.console.amazonaws-us-gov.com/kms/"),
        ("aws-iso", "us-iso-east-1", ""),
    ],
)
def test_each_partition_has_its_console(partition, region, start):
    key = KmsKey(IMPORTED, arn_of(IMPORTED))
    url = console_url(key, partition, region)
    assert url.startswith(start)
    assert bool(url) == bool(start)


async def test_the_demo_says_that_it_is_one(clipboard):
    async with running(demo=True) as run:
        assert "DEMO" in run.lines[0]
        assert "nothing is kept when it ends" in run.prose
        await run.choose(IMPORTED)
        await run.press("y", "l")
        await run.wait_for(lambda: clipboard)
        first, command = clipboard[0].splitlines()
        assert first == "# Of the demo of kmstui: no account has these keys."
        assert command.startswith("aws kms list-keys")


async def test_copying_inside_tmux_goes_through_tmux(monkeypatch, tmp_path):
    tmux = tmp_path / "tmux"
    tmux.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/asked\ncat > {tmp_path}/taken\n')
    tmux.chmod(0o755)
    monkeypatch.setenv("TMUX", "/tmp/tmux-1/default,1,0")
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    async with running() as run:
        await run.choose(IMPORTED)
        await run.press("y", "a")
        await run.wait_for("Alias sent to tmux's buffer")
        assert (tmp_path / "taken").read_text() == "alias/ImportedCMK"
        assert (tmp_path / "asked").read_text() == "load-buffer -w -\n"


async def test_a_text_that_cannot_be_copied_is_shown_to_be_selected(monkeypatch):
    monkeypatch.setenv("TMUX", "/tmp/tmux-1/default,1,0")
    monkeypatch.setenv("PATH", "/nonexistent")
    async with running() as run:
        await run.choose(IMPORTED)
        await run.press("y", "p")
        await run.wait_for("tmux could not be started")
        assert '"Sid": "Enable IAM User Permissions"' in run.text
        await run.press("escape")
        assert run.app.screen is run.main


@pytest.mark.usefixtures("clipboard")
async def test_a_text_too_long_for_a_terminal_is_shown():
    async with running() as run:
        context = Context(run.app, run.app.screen)
        await copying.copy_text(context, "x" * 60_000, "Policy")
        await run.wait_for("too long for a terminal's clipboard (60,000 characters)")


async def test_calls_made_are_listed_with_their_errors():
    async with running(size=WIDE) as run:
        await run.press("exclamation_mark", "tab")
        await run.wait_for("kms:DescribeKey")
        assert "sts:GetCallerIdentity" in run.text
        await run.press("enter")
        await run.wait_for("Kind    only reads")
        await run.press("escape", "escape")
        assert run.app.screen is run.main


async def test_quitting_asks_only_when_something_is_unsaved():
    async with running() as run:
        run.app.unsaved.append(lambda: "The policy of alias/x was changed and not saved.")
        await run.press("q")
        await run.wait_for("The policy of alias/x was changed and not saved.")
        await run.press("n")
        assert run.app.is_running
        run.app.unsaved.clear()
        await run.press("q")
        await run.wait_for(lambda: not run.app.is_running)


async def test_switching_asks_when_something_is_unsaved():
    async with running() as run:
        run.app.unsaved.append(lambda: "A draft is open.")
        await run.press("R", "down", "enter")
        await run.wait_for("A draft is open.")
        await run.press("escape")
        assert len(run.connector.asked) == 1
        await run.press("R", "down", "enter", "y")
        await run.wait_for(lambda: len(run.connector.asked) == 2)


async def test_an_mfa_code_is_asked_for_while_a_thread_waits():
    async with running() as run:
        answer = asyncio.create_task(asyncio.to_thread(run.app.ask_mfa_code, "arn:mfa/me"))
        await run.wait_for("For the device arn:mfa/me.")
        await run.type("12345")
        await run.press("enter")
        await run.wait_for("A code has 6 digits.")
        await run.type("6")
        await run.press("enter")
        assert await answer == "123456"


async def test_an_mfa_question_that_is_cancelled_or_left_behind_gives_no_code():
    async with running() as run:
        first = asyncio.create_task(asyncio.to_thread(run.app.ask_mfa_code, "arn:mfa/me"))
        await run.wait_for("MFA code")
        await run.press("escape")
        assert await first == ""
        second = asyncio.create_task(asyncio.to_thread(run.app.ask_mfa_code, "arn:mfa/me"))
        await run.wait_for("MFA code")
    assert await second == ""


async def test_a_confirmation_wants_the_alias_typed():
    answers: list[Any] = []
    async with running() as run:
        dialog = QuestionDialog("Delete?", "It cannot be undone.", word="alias/x")
        run.app.push_screen(dialog, answers.append)
        await run.wait_for("Type alias/x to go on")
        await run.type("alias/y")
        await run.press("enter")
        await run.wait_for("That is not alias/x.")
        assert answers == []
        await run.press("backspace")
        await run.type("x")
        await run.press("enter")
        await run.wait_for(lambda: answers == [""])


async def test_a_menu_shows_why_an_item_is_off_and_does_not_choose_it():
    answers: list[Any] = []
    items = [
        MenuItem("enable", "Enable", key="e"),
        MenuItem("delete", "Delete", key="d", off="alias/aws/s3 is managed by AWS."),
    ]
    async with running() as run:
        run.app.push_screen(Menu("Actions", items), answers.append)
        await run.press("d")
        await run.wait_for("alias/aws/s3 is managed by AWS.")
        assert answers == []
        await run.press("e")
        await run.wait_for(lambda: answers == ["enable"])


async def test_a_menu_without_letters_narrows_by_what_is_typed_or_pasted():
    answers: list[Any] = []
    async with running() as run:
        menu = Menu("Region", [MenuItem(name, name) for name in ("eu-west-1", "eu-north-1")])
        run.app.push_screen(menu, answers.append)
        await run.type("zz")
        await run.wait_for("Nothing matches; Backspace deletes letters.")
        await run.press("backspace", "backspace")
        run.app.post_message(Paste("north\n"))
        await run.wait_for("Region: north")
        await run.press("enter")
        await run.wait_for(lambda: answers == ["eu-north-1"])


async def test_a_paste_into_a_menu_with_letters_chooses_nothing():
    answers: list[Any] = []
    async with running() as run:
        run.app.push_screen(Menu("Actions", [MenuItem("a", "A", key="a")]), answers.append)
        run.app.post_message(Paste("a"))
        await run.press("down", "escape")
        await run.wait_for(lambda: answers == [None])


async def test_of_two_fields_the_one_that_is_typed_into_is_pointed_at():
    async with running() as run:
        line = Line(ask="Days to wait:", value="30", replaced=True)
        run.app.push_screen(QuestionDialog("Delete?", "", yes="Delete", line=line, word="x"))
        await run.wait_for("❯ Days to wait:")
        assert "Enter Next line" in run.text
        await run.press("enter")
        await run.wait_for("❯ Type x to go on:")
        assert "❯ Days to wait:" not in run.text
        assert "Enter Delete" in run.text


@pytest.mark.parametrize("bell", [False, True])
async def test_the_terminal_rings_at_the_end_of_long_work_by_choice(monkeypatch, bell):
    monkeypatch.setattr(program, "LONG_SECONDS", 0.0)
    rings: list[str] = []

    async def nothing() -> None:
        pass

    async with running(options=UiOptions(bell=bell)) as run:
        monkeypatch.setattr(run.app, "bell", lambda: rings.append("bell"))
        await run.app.work(nothing, group="test", what="testing").wait()
        await run.app.work(nothing, group="test", what="testing", rings=True).wait()
    assert len(rings) == bell


async def test_a_prompt_checks_while_one_types():
    answers: list[Any] = []
    async with running() as run:
        run.app.push_screen(
            QuestionDialog(
                "Name", "", line=Line(check=lambda text: "" if text == "ok" else "It must be ok.")
            ),
            answers.append,
        )
        await run.type("o")
        await run.wait_for("It must be ok.")
        await run.press("enter")
        assert answers == []
        await run.type("k")
        await run.press("enter")
        await run.wait_for(lambda: answers == ["ok"])


async def test_a_dialog_that_is_gone_hears_no_news_of_the_store():
    async with running() as run:
        subscribed = len(run.store._subscribers[Topic.NOTICES])
        await run.press("exclamation_mark")
        await run.wait_for("Messages")
        assert len(run.store._subscribers[Topic.NOTICES]) > subscribed
        await run.press("escape")
        run.session.notify("something new")
        await run.wait_for("something new")
        assert len(run.store._subscribers[Topic.NOTICES]) == subscribed
