"""A person changes a policy: nothing is lost, and undo goes back over every step."""

from __future__ import annotations

import json

import pytest
from textual import events

from kmstui.ui.policy.editor import PolicyEditor

from .conftest import POLICY, ROOT, Bench


def shown(at: Bench) -> str:
    return next(line for line in at.lines if "ReEncrypt" in line)


# Typing


async def test_a_new_line_keeps_the_indent_and_deepens_it_behind_a_bracket(bench):
    async with bench('{\n    "Statement": [{}]\n}') as at:
        await at.go("{}", behind=False)
        await at.press("right", "enter")
        await at.type('"Sid": "x",\n"Effect')
        assert at.widget.text == (
            '{\n    "Statement": [{\n        "Sid": "x",\n        "Effect\n    }]\n}'
        )


async def test_a_closing_bracket_goes_below_its_partner(bench):
    async with bench('{\n    "A": {\n        ') as at:
        at.area.move_cursor(at.area.document.end)
        await at.press("right_curly_bracket")
        assert at.widget.text == '{\n    "A": {\n    }'
        await at.press("ctrl+z")
        assert at.widget.text == '{\n    "A": {\n        '


async def test_tab_indents_by_the_texts_own_step_and_shift_tab_takes_it_back(bench):
    async with bench('{\n  "A": 1\n}') as at:
        at.area.move_cursor((1, 0))
        await at.press("tab")
        assert at.area.document[1] == '    "A": 1'
        await at.press("shift+tab", "shift+tab", "shift+tab")
        assert at.area.document[1] == '"A": 1'


async def test_selected_lines_are_indented_together_as_one_step(bench):
    async with bench() as at:
        at.area.move_cursor((1, 2))
        at.area.move_cursor((3, 4), select=True)
        await at.press("tab")
        assert [at.area.document[row][:8] for row in (1, 2, 3)] == [" " * 8] * 3
        await at.press("ctrl+z")
        assert at.widget.text == POLICY


async def test_the_letter_of_an_alt_key_stays_out_of_the_text(bench):
    async with bench() as at:
        at.pilot.app.post_message(events.Key("alt+k", "k"))
        await at.pilot.pause()
        assert at.widget.text == POLICY


async def test_keys_typed_ahead_act_in_the_order_they_came(bench):
    async with bench("[1,\n2,\n3]") as at:
        for key, character in (("down", None), ("end", None), ("x", "x"), ("ctrl+f", None)):
            at.area.post_message(events.Key(key, character))
        for character in "3]":
            at.area.post_message(events.Key(character, character))
        await at.until(lambda: at.area.selected_text == "3]", "the match")
        assert at.widget.text == "[1,\n2,x\n3]"


async def test_keys_typed_before_a_dialog_was_seen_are_dropped(bench):
    async with bench() as at:
        await at.press("f8")
        for key, character in (("f1", None), ("x", "x"), ("enter", "\r")):
            at.area.post_message(events.Key(key, character))
        await at.until(lambda: len(at.pilot.app.screen_stack) == 2)
        await at.pilot.pause()
        assert len(at.pilot.app.screen_stack) == 2
        assert at.widget.text == POLICY


# Findings


async def test_a_range_is_carried_along_while_typing_until_it_is_linted_again(bench):
    async with bench() as at:
        await at.go("kms:ReEncrypt")
        at.area.move_cursor((0, 1))
        before = next(iter(at.area.marks))
        at.widget._lint = None  # nothing new comes
        await at.press("enter")
        after = next(iter(at.area.marks))
        assert after.start == (before.start[0] + 1, before.start[1])
        assert shown(at).startswith("22 ▲ ")


async def test_findings_of_an_older_text_are_dropped(bench):
    async with bench() as at:
        at.widget._linted(at.area.revision - 1, ())
        await at.pilot.pause()
        assert at.widget.counts.warnings == 1


async def test_the_linter_runs_after_a_pause_in_typing(bench):
    async with bench() as at:
        await at.go("kms:ReEncrypt", behind=True)
        await at.type("To")
        before = at.widget.counts
        await at.linted()
        assert before is None
        assert at.widget.counts.warnings == 0
        assert at.messages(PolicyEditor.FindingsChanged)[-1].counts.warnings == 0


async def test_a_fix_is_one_step_of_undo(bench):
    async with bench() as at:
        await at.press("f8", "f4")
        assert '"kms:ReEncrypt*"' in at.widget.text
        await at.linted()
        assert at.widget.counts.warnings == 0
        await at.press("ctrl+z")
        assert at.widget.text == POLICY


async def test_all_findings_of_a_kind_are_fixed_at_once(bench):
    text = POLICY.replace('"kms:*"', '"kms:ReEncrypt"').replace("kms:Encrypt", "kms:Decrpyt")
    async with bench(text) as at:
        await at.go('"kms:ReEncrypt"')
        assert "Shift-F4 all 2 alike" in at.widget._line.render().plain
        await at.press("shift+f4")
        assert at.widget.text.count('"kms:ReEncrypt*"') == 2
        assert '"kms:Decrpyt"' in at.widget.text
        await at.press("ctrl+z")
        assert at.widget.text == text


async def test_tab_goes_from_one_place_to_fill_in_to_the_next(bench):
    text = json.dumps({"A": "<FILL IN>", "B": "x", "C": "<FILL IN>"}, indent=4)
    async with bench(text) as at:
        rows = []
        for _ in range(3):
            await at.press("tab")
            rows.append(at.area.selection.start[0])
            assert at.area.selected_text == '"<FILL IN>"'
        assert rows == [1, 3, 1]
        await at.type('"done')
        assert at.area.document[1] == '    "A": "done,'


# Paste

CLI = json.dumps({"Policy": POLICY, "PolicyName": "default"}, indent=4)


@pytest.mark.parametrize(
    "paste",
    [
        CLI,
        CLI.replace("\n", "\r\n"),
        json.dumps({"Policy": POLICY}),
        '"Policy": ' + json.dumps(POLICY) + ",",
        json.dumps(POLICY),
        json.dumps(POLICY)[1:-1],
        json.dumps(json.loads(POLICY)),
        json.dumps({"RoleName": "r", "PolicyDocument": json.loads(POLICY)}),
    ],
    ids=["cli", "crlf", "one line", "member", "string", "escaped", "minified", "iam"],
)
async def test_what_aws_tools_print_is_pasted_as_a_policy(bench, paste):
    async with bench("") as at:
        at.area.post_message(events.Paste(paste))
        await at.until(lambda: at.widget.text)
        assert json.loads(at.widget.text) == json.loads(POLICY)
        assert at.widget.text == POLICY
        await at.press("ctrl+z")
        assert at.widget.text == ""


async def test_a_pasted_statement_takes_the_indent_of_its_place(bench):
    async with bench() as at:
        await at.go("        },\n        {", behind=False)
        at.area.move_cursor((at.area.cursor_location[0], 10))
        await at.press("enter")
        at.area.post_message(events.Paste('{\n"Sid": "new",\n"Action": [\n"kms:X"\n]\n},'))
        await at.until(lambda: "new" in at.widget.text)
        assert (
            '        },\n        {\n            "Sid": "new",\n            "Action": [\n'
            '                "kms:X"\n            ]\n        },\n        {\n'
        ) in at.widget.text
        json.loads(at.widget.text)


@pytest.mark.parametrize("characters", [131_073, 1_000_000])
async def test_a_paste_that_is_too_long_is_refused_in_words(bench, characters):
    async with bench("") as at:
        at.area.post_message(events.Paste("[" * characters))
        await at.until(lambda: f"would have {characters:,} characters" in at.said_below)
        assert at.widget.text == ""


async def test_pastes_that_are_too_long_together_are_refused_too(bench):
    async with bench("") as at:
        for _ in range(3):
            at.area.post_message(events.Paste("x" * 60_000))
        await at.until(lambda: "would have 180,000 characters" in at.said_below)
        assert len(at.widget.text) == 120_000


async def test_a_paste_of_brackets_alone_stands_as_it_was_pasted(bench):
    async with bench("") as at:
        at.area.post_message(events.Paste("[" * 20_000))
        await at.until(lambda: at.widget.text)
        await at.press("f9", "x")
        assert at.widget.text.replace("x", "") == "[" * 20_000


async def test_cut_and_paste_keep_strange_characters(bench):
    async with bench('["a\x1bb\u202ec"]') as at:
        await at.press("f7", "ctrl+x")
        assert at.widget.text == ""
        await at.press("ctrl+v")
        assert at.widget.text == '["a\x1bb\u202ec"]'
        assert at.lines[0] == '1   ["a␛b�c"]'


# Commands


async def test_format_keeps_the_cursor_at_its_token_and_is_one_step(bench):
    minified = json.dumps(json.loads(POLICY))
    async with bench(minified) as at:
        await at.go("kms:ReEncrypt")
        await at.press("f9")
        assert at.widget.text == POLICY
        assert at.area.document[at.area.cursor_location[0]].strip() == '"kms:ReEncrypt"'
        await at.press("ctrl+z")
        assert at.widget.text == minified
        await at.press("ctrl+y")
        assert at.widget.text == POLICY


async def test_replace_one_then_all(bench):
    async with bench() as at:
        at.area.move_cursor((0, 0))
        await at.press("ctrl+r")
        await at.type("Allow")
        await at.press("tab")
        await at.type("Deny")
        await at.press("enter")
        assert at.widget.text == POLICY.replace("Allow", "Deny", 1)
        await at.press("f4")
        assert at.widget.text == POLICY.replace("Allow", "Deny")
        await at.press("escape", "ctrl+z")
        assert at.widget.text == POLICY.replace("Allow", "Deny", 1)
        await at.press("ctrl+z")
        assert at.widget.text == POLICY


async def test_statements_are_moved_duplicated_and_deleted_with_their_commas(bench):
    async with bench() as at:
        await at.go('"Use"')
        await at.press("alt+up")
        sids = [each["Sid"] for each in json.loads(at.widget.text)["Statement"]]
        assert sids == ["Use", "Enable IAM policies"]
        assert at.area.document[at.area.cursor_location[0]].strip() == '"Sid": "Use",'
        await at.press("alt+shift+down")
        assert [each["Sid"] for each in json.loads(at.widget.text)["Statement"]] == [
            "Use",
            "Use",
            "Enable IAM policies",
        ]
        await at.press("ctrl+delete", "ctrl+delete")
        assert [each["Sid"] for each in json.loads(at.widget.text)["Statement"]] == ["Use"]
        await at.press("ctrl+z", "ctrl+z", "ctrl+z", "ctrl+z")
        assert at.widget.text == POLICY


async def test_a_statement_that_is_not_there_is_told(bench):
    async with bench("{") as at:
        await at.press("alt+down")
        assert at.said_below == "There is no statement in this policy."
        assert not at.pilot.app._notifications, "a toast would cover the text"
        await at.press("right")
        assert at.said_below == "No findings"


# Completion


async def test_proposals_open_while_typing_and_enter_takes_one(bench):
    async with bench() as at:
        await at.go('"kms:ReEncrypt"', behind=True)
        await at.type(',\n"kms:descr')
        await at.proposed()
        assert any("kms:DescribeKey" in line and "Read" in line for line in at.lines)
        await at.press("enter")
        assert '"kms:ReEncrypt",\n                "kms:DescribeKey"\n' in at.widget.text
        assert at.area.popup is None


async def test_enter_takes_what_fits_all_that_was_typed(bench):
    async with bench() as at:
        await at.go('"kms:ReEncrypt"', behind=True)
        await at.type(',\n"kms:de')
        await at.proposed()
        assert at.area.popup.chosen.label == "kms:Decrypt"
        for key in "scr":
            at.area.post_message(events.Key(key, key))
        at.area.post_message(events.Key("enter", "\r"))
        await at.until(lambda: at.area.popup is None)
        assert '"kms:DescribeKey"' in at.widget.text
        assert "kms:Decrypt" not in at.widget.text


async def test_proposals_can_be_asked_for_walked_through_and_dismissed(bench):
    async with bench() as at:
        await at.go(ROOT)
        await at.press("ctrl+@")
        assert at.area.popup.chosen.label == ROOT
        await at.press("down")
        assert at.area.popup.chosen.label == "*"
        await at.press("escape")
        assert at.area.popup is None
        assert at.widget.text == POLICY
        assert not at.messages(PolicyEditor.CloseRequested)


async def test_moving_away_closes_the_proposals(bench):
    async with bench() as at:
        await at.go(ROOT)
        await at.press("ctrl+@", "home")
        assert at.area.popup is None


# Messages


async def test_requests_carry_the_text_as_it_is(bench):
    async with bench() as at:
        at.area.move_cursor((0, 1))
        await at.type("x")
        await at.press("ctrl+s", "ctrl+o", "ctrl+t", "escape")
        text = "{x" + POLICY[1:]
        for kind in ("SaveRequested", "ExternalEditorRequested", "CloseRequested"):
            assert [each.text for each in at.messages(getattr(PolicyEditor, kind))] == [text]
        assert [each.text for each in at.messages(PolicyEditor.TemplateRequested)] == [
            at.widget.text
        ]
        # The draft was told before the save was asked for.
        names = [type(each).__name__ for each in at.said]
        assert names.index("TextChanged") < names.index("SaveRequested")


async def test_a_typed_text_is_told_after_a_short_pause(bench):
    async with bench() as at:
        await at.press("x")
        await at.until(lambda: at.messages(PolicyEditor.TextChanged), "the draft")
        assert at.messages(PolicyEditor.TextChanged)[-1].text == "x" + POLICY
        at.widget.load("[]")
        await at.linted()
        assert len(at.messages(PolicyEditor.TextChanged)) == 1


async def test_nothing_runs_while_nothing_happens(bench):
    async with bench() as at:
        await at.type("x")
        await at.until(lambda: at.messages(PolicyEditor.TextChanged), "the draft")
        await at.linted()
        await at.until(lambda: not at.area._propose_soon.pending)
        assert not at.widget._lint_soon.pending
        assert not at.widget._draft_soon.pending
        assert at.area.blink_timer._active.is_set() is False


async def test_no_key_changes_a_text_that_is_being_saved(bench):
    async with bench() as at:
        at.area.read_only = True
        await at.press("f8", "f4", "ctrl+f4", "f9", "alt+up", "alt+shift+down", "ctrl+delete")
        await at.press("x", "enter", "tab", "shift+tab", "right_curly_bracket", "ctrl+k", "ctrl+w")
        at.area.post_message(events.Paste("x"))
        await at.press("ctrl+@", "enter", "ctrl+x", "ctrl+v", "backspace", "ctrl+z")
        assert at.widget.text == POLICY
        at.area.read_only = False
        await at.press("f8", "f4")
        assert at.widget.text != POLICY


@pytest.mark.parametrize("size", [(1, 1), (12, 3)])
async def test_any_size_of_the_screen_will_do(bench, size):
    async with bench(size=size) as at:
        await at.go('"kms:ReEncrypt"', behind=True)
        await at.type(',\n"kms:')
        await at.press("ctrl+@", "down", "enter", "ctrl+f", "escape", "ctrl+r", "escape", "f2")
        await at.press("escape", "f8", "f4", "ctrl+g", "escape", "f5", "x", "pagedown", "pageup")
        await at.pilot.resize_terminal(80, 24)
        await at.press("ctrl+s")
        assert at.messages(PolicyEditor.SaveRequested)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n" * 50,
        "{" * 2000,
        '"' * 301,
        "x" * 40_000,
        "[" + "\x00\ud800\U000f0001" * 50,
        "\t\t{",
    ],
    ids=["empty", "blank", "brackets", "quotes", "long", "strange", "tabs"],
)
async def test_any_text_can_be_edited_and_comes_back(bench, text):
    async with bench(text) as at:
        assert at.widget.text == text
        await at.press("x", "enter", "right_curly_bracket", "f9", "ctrl+@", "escape", "f8", "end")
        for _ in range(6):
            await at.press("ctrl+z")
        assert at.widget.text == text


async def test_the_cursor_stays_in_sight_when_the_terminal_becomes_smaller(bench):
    async with bench("\n".join(f'"line {row}"' for row in range(100)), size=(80, 40)) as at:
        at.area.move_cursor((60, 3))
        await at.pilot.pause()
        await at.pilot.resize_terminal(40, 12)
        await at.until(lambda: any('"line 60"' in line for line in at.lines))
