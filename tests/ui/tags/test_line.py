"""The line in which tags are typed: it completes, and marks faults before anything is sent."""

import pytest
from textual import events

from kmstui.model import Tag
from kmstui.ui.runs.run_screen import RunScreen
from kmstui.ui.tags.line import TagLine
from tests.fakes import (
    DYING,
    IMPORTED,
    MANAGED,
    NAMELESS,
    SIGNING,
    FakeGateway,
    key_id_of,
    large_world,
)
from tests.screens import running

MUTATING = ("kms:TagResource", "kms:UntagResource")


def sent(run):
    return [name for name, _ in run.gateway.calls if name in MUTATING]


async def planned(run, words):
    """Wait for the plan, which says these words."""
    await run.wait_for("Enter Sends it")
    assert words in run.front(RunScreen).summary.text


async def paste(run, text):
    run.app.post_message(events.Paste(text))
    await run.pilot.pause()


async def test_three_keys_and_the_text_tag_a_key():
    async with running() as run:
        await run.choose(SIGNING)
        await run.press("t")
        await run.type("project=kmsworkshop")
        await run.press("enter")
        await planned(run, "adds 1 tag")
        assert sent(run) == []
        await run.press("enter")
        await run.wait_for("now has project=kmsworkshop (1 tag in all). z undoes it.")
        assert run.gateway.world.tags[SIGNING] == (Tag("project", "kmsworkshop"),)
        assert run.app.screen is run.main


async def test_an_enter_before_the_plan_is_there_sends_when_tags_are_only_added():
    async with running() as run:
        await run.choose(SIGNING)
        gate = run.gateway.hold("kms:ListResourceTags")
        await run.press("t")
        await run.type("a=1")
        await run.press("enter", "enter")
        gate.set()
        await run.wait_for("now has a=1")


async def test_an_enter_before_the_plan_is_there_overwrites_nothing():
    async with running() as run:
        await run.choose(IMPORTED)
        gate = run.gateway.hold("kms:ListResourceTags")
        await run.press("t")
        await run.type("env=prod")
        await run.press("enter", "enter")
        gate.set()
        await run.wait_for("dev → prod")
        assert sent(run) == []


async def test_tab_completes_tag_keys_and_values_of_the_account():
    async with running() as run:
        await run.choose(SIGNING)
        await run.press("t")
        await run.type("pro")
        await run.wait_for("project  on 2 keys")
        await run.press("tab")
        await run.wait_for("project=kmsworkshop  on 1 key")
        await run.press("down", "down", "right")
        await run.wait_for("project=old")
        await run.press("enter")
        await planned(run, "adds 1 tag")
        assert "old" in run.text


async def test_enter_on_a_chosen_proposal_takes_it_first():
    async with running() as run:
        await run.choose(SIGNING)
        await run.press("t")
        await run.type("en")
        await run.wait_for("env  on 1 key")
        await run.press("down", "enter")
        await run.wait_for("env=dev  on 1 key")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("env", "'env' has no value: write env=VALUE, or env=."),
        ("a=1 a=2", "The tag key 'a' is given twice with different values."),
        ("aws:a=1", "The tag key 'aws:a' begins with aws:, which is AWS's own."),
        ("a=b*", "The value of 'a' holds '*' (U+002A), which tags do not allow."),
        ('"a=b', "The quote is not closed."),
        (f"{'k' * 129}=v", "has 129 characters, 128 at most."),
        (f"k={'v' * 257}", "The value of 'k' has 257 characters, 256 at most."),
    ],
)
async def test_faults_are_told_and_nothing_is_sent(text, sentence):
    async with running() as run:
        await run.choose(SIGNING)
        await run.press("t")
        await paste(run, text)
        await run.press("enter")
        await run.wait_for(sentence)
        await run.wait_for("1 fault")
        assert run.app.screen is not run.main
        assert sent(run) == []
        await run.press("escape")
        assert run.app.screen is run.main


async def test_the_word_that_is_being_typed_is_no_fault_yet_and_another_one_is():
    async with running() as run:
        await run.choose(SIGNING)
        await run.press("t")
        await run.type("a*=1")
        await run.pilot.pause()
        assert "fault" not in run.text
        await run.type(" b=2")
        await run.wait_for("1 fault")


async def test_the_fault_is_underlined_where_it_stands():
    async with running() as run:
        await run.choose(SIGNING)
        await run.press("t")
        await run.type("a=1 b*=2 c=3")
        await run.wait_for("1 fault")
        area = run.front(TagLine).text_area
        assert [(span.start, span.end) for span in area.get_line(0).spans] == [(4, 8)]


async def test_many_pasted_lines_are_read_and_the_bad_one_is_named():
    async with running() as run:
        await run.choose(SIGNING)
        await run.press("t")
        await paste(run, "project: kms\r\nteam: blue\r\nnonsense\r\nowner: me")
        await run.wait_for("Line 3: 'nonsense' is neither k=v nor k: v.")
        await run.press("escape", "t")
        await paste(run, "project: kms\rteam: blue\rcost center: 42")
        await run.press("enter")
        await planned(run, "adds 3 tags")


async def test_json_of_the_aws_cli_is_read():
    async with running() as run:
        await run.choose(SIGNING)
        await run.press("t")
        await paste(run, '{"Tags": [{"TagKey": "a", "TagValue": "1"}], "Truncated": false}')
        await run.press("enter")
        await planned(run, "adds 1 tag")


async def test_pasted_control_characters_are_shown_and_not_obeyed():
    async with running() as run:
        await run.choose(SIGNING)
        await run.press("t")
        await paste(run, "a=\x1b[2Jb\u202ec")
        await run.press("enter")
        await run.wait_for("holds '\\x1b' (U+001B), which tags do not allow.")
        assert "\x1b" not in run.text
        assert "\u202e" not in run.text
        assert run.front(TagLine).text_area.text == "a=\x1b[2Jb\u202ec"


async def test_one_long_word_is_a_fault_and_the_next_key_is_taken():
    async with running() as run:
        await run.choose(IMPORTED)
        await run.press("t")
        line = await run.wait_for_screen(TagLine)
        run.app.post_message(events.Paste("a" * 60_000))
        await run.wait_for(lambda: len(line.text_area.text) == 60_000)
        await run.press("space")
        await run.wait_for("has no value")


async def test_a_paste_that_no_key_has_room_for_is_refused_at_once():
    async with running() as run:
        await run.choose(IMPORTED)
        await run.press("t")
        line = await run.wait_for_screen(TagLine)
        run.app.post_message(events.Paste("a " * 500_000))
        await run.wait_for("The paste has 1,000,000 characters")
        assert line.text_area.text == ""
        await run.press("escape")
        await run.wait_for(lambda: run.app.screen is run.main)


async def test_nothing_typed_sends_nothing():
    async with running() as run:
        await run.choose(SIGNING)
        await run.press("t", "enter")
        await run.wait_for("Nothing is asked for yet. Esc leaves.")


async def test_escape_on_the_plan_goes_back_to_the_text():
    async with running() as run:
        await run.choose(SIGNING)
        await run.press("t")
        await run.type("a=1")
        await run.press("enter")
        await planned(run, "adds 1 tag")
        await run.press("escape")
        await run.type("2")
        await run.press("enter")
        await run.wait_for("12")
        assert sent(run) == []


async def test_untagging_proposes_the_tags_that_are_there():
    async with running() as run:
        await run.choose(IMPORTED)
        await run.press("u")
        await run.wait_for("project  on 1 key")
        await run.press("tab", "enter")
        await planned(run, "removes 1 tag")
        await run.press("enter")
        await run.wait_for("has no tag env any more (1 tag in all)")
        assert run.gateway.world.tags[IMPORTED] == (Tag("project", "kmsworkshop"),)


@pytest.mark.parametrize(
    ("key_id", "key", "sentence"),
    [
        (DYING, "t", "(alias/dying) is pending deletion: cancel the deletion to change its tags."),
        (MANAGED, "t", "(alias/aws/s3) is managed by AWS: nobody else can change its tags."),
        (MANAGED, "u", "(alias/aws/s3) is managed by AWS: nobody else can change its tags."),
        (NAMELESS, "u", f"{NAMELESS} has no tags."),
    ],
)
async def test_where_it_cannot_work_the_reason_is_told_at_once(key_id, key, sentence):
    async with running() as run:
        await run.choose(key_id)
        await run.wait_for(lambda: run.store.keys[key_id].tags is not None)
        await run.press(key)
        await run.wait_for(sentence)
        assert run.app.screen is run.main
        assert sent(run) == []


@pytest.mark.parametrize("keys", [("t",), ("u",), ("z",), ("4", "e"), ("4", "n"), ("4", "d")])
async def test_read_only_mode_tells_so(keys):
    async with running(read_only=True) as run:
        await run.choose(IMPORTED)
        await run.press(*keys)
        await run.wait_for("This is read-only mode: start kmstui without --read-only")
        assert run.app.screen is run.main
        assert sent(run) == []


async def test_without_a_lasting_journal_nothing_is_changed():
    async with running() as run:
        await run.choose(IMPORTED)
        run.journal.durable = False
        run.journal.warning = "The journal cannot be written, so nothing is changed."
        await run.press("t")
        await run.wait_for("The journal cannot be written, so nothing is changed.")
        assert run.app.screen is run.main


async def test_completion_of_a_large_account_comes_from_all_of_it():
    world = large_world(3000)
    world.tags[key_id_of(2999)] = (Tag("rare", "one"),)
    async with running(FakeGateway(world)) as run:
        await run.press("t")
        await run.type("ra")
        await run.wait_for("rare  on 1 key")


PASTED = "\n".join(f"team-{number}=blue-{number}" for number in range(8))


async def kept_tags(run):
    return [draft.text for draft in await run.session.journal.drafts(run.session.scope)]


@pytest.mark.parametrize("key", ["t", "u", "e", "n"])
async def test_what_was_pasted_and_not_sent_is_brought_back(key):
    async with running() as run:
        await run.choose(IMPORTED)
        await run.press(*["4"] * (key in "en"), key)
        await paste(run, PASTED)
        text = run.front(TagLine).text_area.text
        assert PASTED in text
        await run.press("escape", key)
        await run.wait_for("Ctrl-r Brings back what was typed")
        await run.press("ctrl+r")
        assert run.front(TagLine).text_area.text == text
        assert await kept_tags(run) == [text]


async def test_pasted_tags_that_were_sent_are_no_draft_any_more():
    async with running() as run:
        await run.choose(SIGNING)
        await run.press("t")
        await paste(run, PASTED)
        await run.press("enter")
        await planned(run, "adds 8 tags")
        assert await kept_tags(run) == [PASTED]
        await run.press("enter")
        await run.wait_for("8 tags in all")
        await run.pilot.pause()
        assert await kept_tags(run) == []


async def test_a_few_words_in_the_line_leave_no_draft():
    async with running() as run:
        await run.choose(SIGNING)
        await run.press("t")
        await run.type("a=1")
        await run.press("escape")
        assert await kept_tags(run) == []
