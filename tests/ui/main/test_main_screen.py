import pytest
from textual.events import Key

from kmstui.service.errors import AccessDeniedError
from kmstui.ui.main import main_screen as main_module
from kmstui.ui.runtime.options import UiOptions
from tests.fakes import (
    DENIED,
    DISABLED,
    IMPORTED,
    MANAGED,
    NAMELESS,
    SIGNING,
    FakeGateway,
    key_id_of,
    large_world,
)
from tests.screens import NARROW, WIDE, running

DENIAL = AccessDeniedError("your role may not")


async def test_keys_are_listed_with_alias_state_and_counts():
    async with running() as run:
        await run.wait_for("1 Keys  8 (and 1 of AWS: a)")
        line = next(line for line in run.lines if "ImportedCMK" in line)
        for cell in (IMPORTED[:12], "Enabled", "env=dev"):
            assert cell in line
        assert next(line for line in run.lines if SIGNING[:12] in line).startswith("  signing +2")
        assert "Disabled" in next(line for line in run.lines if DISABLED[:12] in line)
        await run.wait_for("2 Aliases  1 of 11 for this key")


async def test_the_header_tells_what_the_connection_is():
    async with running(size=WIDE, read_only=True) as run:
        header = run.lines[0]
        for part in ("444455556666", "KMSWorkshop-InstanceInitRole/i-0123456789abcdef0",
                     "eu-central-1", "public endpoint", "READ-ONLY"):  # fmt: skip
            assert part in header


@pytest.mark.parametrize(
    ("columns", "line"),
    [
        (80, " 444455556666 · KMSWorkshop-InstanceInitRole · eu-central-1 READ-ONLY"),
        (70, " 444455556666 · KMSWorkshop-InstanceInitRole · eu-central-1 READ-ONLY"),
        (60, " 444455556666 · KMSWorkshop-Insta… · eu-central-1 READ-ONLY"),
        (44, " KMSWorkshop-Inst… · eu-central-1 READ-ONLY"),
    ],
)
async def test_role_region_and_read_only_stay_readable_where_it_is_narrow(columns, line):
    async with running(size=(columns, 24), read_only=True) as run:
        assert " ".join(run.lines[0].split()) == " ".join(line.split())


async def test_the_whole_route_fits_80_columns_where_it_is_a_word():
    async with running() as run:
        assert "KMSWorkshop-InstanceInitRole · eu-central-1 · public endpoint" in run.lines[0]


async def test_a_key_without_an_alias_is_known_by_its_id_where_no_id_fits():
    async with running(size=(44, 14)) as run:
        await run.press("G")
        await run.wait_for(NAMELESS[:20])


async def test_the_view_in_front_is_named_where_all_names_do_not_fit():
    async with running(size=(44, 14)) as run:
        await run.choose(IMPORTED)
        await run.press("left_square_bracket")
        # The view counts its versions in between once it has read them.
        await run.wait_for(
            lambda: any(
                line.startswith(" 3 History") and "(8 of 8: ])" in line for line in run.lines
            )
        )
        await run.pilot.resize_terminal(109, 24)
        await run.wait_for("Access c  Role p  Details d  Grants T  Events L  Uses U")


async def test_four_panes_on_a_wide_terminal_show_the_chosen_key():
    async with running(size=WIDE) as run:
        await run.choose(IMPORTED)
        await run.wait_for('"Sid": "Enable IAM User Permissions"')
        await run.wait_for("kmsworkshop")
        for title in ("1 Keys", "2 Aliases", "3 Policy", "4 Tags  2"):
            assert title in run.text


async def test_one_pane_opens_at_80_columns_and_the_others_are_titles():
    async with running() as run:
        await run.choose(IMPORTED)
        await run.press("4")
        await run.wait_for("kmsworkshop")
        titles = [line for line in run.lines if line.startswith((" 1 ", " 2 ", " 3 ", " 4 "))]
        assert len(titles) == 4
        assert IMPORTED[:12] not in run.text
        await run.press("1")
        await run.wait_for(IMPORTED[:12])


@pytest.mark.parametrize("keys", [("tab", "tab"), ("l", "l"), ("3",), ("shift+tab", "shift+tab")])
async def test_panes_are_reached_by_digits_tab_and_letters(keys):
    async with running() as run:
        await run.press(*keys)
        assert run.focused_pane() is run.main.key_pane
        await run.press("h", "h")
        assert run.focused_pane() is run.main.keys_pane


async def test_enter_opens_the_policy_full_size_and_escape_goes_back():
    async with running() as run:
        await run.main.go_to_key(IMPORTED)
        await run.press("enter")
        await run.wait_for('"Action": "kms:*"')
        assert "1 Keys" not in run.text
        await run.press("escape")
        await run.wait_for("1 Keys")
        assert run.main.chosen == IMPORTED


async def test_a_pane_can_be_widened_and_narrowed():
    async with running(size=WIDE) as run:
        await run.press("plus")
        assert run.lines[1].startswith(" 1 Keys")
        assert "│" not in run.lines[10]
        await run.press("plus")
        await run.wait_until_gone("2 Aliases")
        await run.press("underscore", "underscore")
        await run.wait_for("4 Tags")
        assert "│" in run.lines[10]


async def test_resizing_keeps_the_place():
    async with running(FakeGateway(large_world(300))) as run:
        await run.press("G", *["k"] * 20)
        chosen = run.main.chosen
        for size in ((160, 45), (40, 10), (200, 8), (80, 24)):
            await run.pilot.resize_terminal(*size)
            await run.pilot.pause()
            assert run.main.chosen == chosen
            assert chosen in run.main.keys_pane.table.rows_in_sight


async def test_any_size_is_survived_and_too_small_ones_say_so():
    async with running(size=(1, 1)) as run:
        for size in ((1, 1), (200, 1), (1, 50), (20, 4), (27, 24), (80, 6), (28, 7), (80, 24)):
            await run.pilot.resize_terminal(*size)
            await run.press("j", "4", "3", "1")
            if size in ((1, 1), (20, 4), (28, 7)):
                await run.press("plus", "question_mark", "escape", "y", "escape", "underscore")
            small = size[0] < 28 or size[1] < 7
            if small and size[0] >= 20 and size[1] >= 3:
                assert "too small" in run.prose
        await run.wait_for("1 Keys  8")


async def test_a_key_that_may_not_be_described_is_a_row_with_its_reason():
    gateway = FakeGateway()
    gateway.fail("kms:DescribeKey", DENIAL, key=DENIED)
    async with running(gateway, size=(200, 45)) as run:
        line = next(line for line in run.lines if "secret" in line)
        assert "✖ AccessDenied: your" in line
        await run.choose(DENIED)
        await run.press("3", "right_square_bracket")
        await run.wait_for("AccessDenied: your role may no")


async def test_hostile_text_is_shown_and_not_obeyed():
    async with running(size=(340, 45)) as run:
        await run.press("plus")
        line = next(line for line in run.lines if "hostile" in line)
        assert r"[bold red]markup[/] \x1b[2Jescape \u202egnol\u202c\ttab\nline" in line
        assert r"no\x07te=a\u202eb" in line


async def test_aws_managed_keys_come_last_when_they_are_asked_for():
    async with running() as run:
        await run.press("a")
        await run.wait_for("aws/s3")
        assert run.main.keys_pane.table.rows[-1] == MANAGED
        assert run.main.keys_pane.table.rows[-2] == NAMELESS
        await run.press("a")
        await run.wait_until_gone("aws/s3")


async def test_marks_are_counted_and_kept_through_filters():
    async with running() as run:
        await run.press("space", "j", "ctrl+@")
        assert len(run.main.targets) == 3
        await run.wait_for("3 marked")
        await run.press("slash")
        await run.type("imported")
        await run.press("enter")
        await run.wait_for("1 of 9")
        assert len(run.main.targets) == 3
        await run.press("asterisk")
        assert len(run.main.targets) == 4
        await run.press("asterisk")
        assert len(run.main.targets) == 3
        assert IMPORTED not in run.main.targets


async def test_without_marks_the_chosen_key_is_the_target():
    async with running() as run:
        await run.choose(IMPORTED)
        assert run.main.targets == (IMPORTED,)


async def test_an_alias_leads_to_its_key_and_back():
    async with running() as run:
        await run.press("2", "G")
        assert run.main.aliases_pane.chosen == "alias/z-last"
        await run.press("enter")
        await run.wait_for(lambda: run.main.chosen == SIGNING)
        assert run.focused_pane() is run.main.keys_pane
        await run.press("O")
        assert run.main.aliases_pane.chosen == "alias/signing"


async def test_what_is_done_among_the_aliases_is_about_the_alias_under_the_cursor():
    async with running() as run:
        await run.choose(IMPORTED)
        await run.press("2")
        assert run.main.aliases_pane.chosen == "alias/ImportedCMK"
        await run.press("j")
        assert run.main.aliases_pane.chosen == "alias/retired"
        assert run.main.targets == (DISABLED,)
        await run.wait_for_key(DISABLED)
        await run.press("3")
        assert run.main.chosen == DISABLED
        await run.press("1")
        assert run.main.chosen == DISABLED


async def test_the_aliases_are_those_of_the_keys_that_the_filter_shows():
    async with running() as run:
        run.main.keys_pane.filter_input.value = "imported"
        await run.wait_for("1 of 9")
        await run.press("2")
        await run.wait_for("2 Aliases  1 of 11, of the keys that the filter shows")
        assert run.main.targets == (IMPORTED,)
        await run.press("1", "escape")
        await run.wait_for("2 Aliases  1 of 11 for this key")
        await run.press("2")
        await run.wait_for("2 Aliases  9 (and 2 of AWS: a)")


async def test_an_alias_of_a_hidden_aws_key_leads_there_too():
    async with running() as run:
        await run.press("a", "2")
        await run.wait_for("aws/ebs")
        await run.press("g", "enter")
        await run.wait_for("names no key yet")
        await run.press("j", "enter")
        await run.wait_for(lambda: run.main.chosen == MANAGED)


async def test_opening_on_a_named_key():
    async with running(options=UiOptions(key="alias/ImportedCMK")) as run:
        await run.wait_for_key(IMPORTED)
        assert run.main.chosen == IMPORTED


async def test_what_is_typed_at_once_is_meant_for_the_named_key_and_not_for_the_first_of_the_list():
    gateway = FakeGateway()
    gates = gateway.hold("kms:ListAliases"), gateway.hold("kms:DescribeKey")
    async with running(gateway, options=UiOptions(key="alias/retired"), loaded=False) as run:
        await run.wait_for(lambda: run.main.chosen)
        assert run.main.chosen != DISABLED
        await run.press("e")
        for gate in gates:
            gate.set()
        await run.wait_for(lambda: run.app.screen is not run.main)
        await run.wait_for(DISABLED)


async def test_opening_on_a_key_of_nobody_says_so():
    async with running(options=UiOptions(key="alias/nobody")) as run:
        await run.wait_for("Not found on kms:DescribeKey for key alias/nobody")
        assert "1 Keys  8" in run.text


async def test_passing_over_keys_reads_none_of_them(monkeypatch):
    monkeypatch.setattr(main_module, "REST_SECONDS", 0.5)
    async with running(FakeGateway(large_world(100))) as run:
        await run.wait_for(lambda: len(run.store.policies) == 1)
        before = run.gateway.count("kms:GetKeyPolicy")
        for _ in range(10):
            run.app.post_message(Key("j", "j"))
        await run.wait_for_key(key_id_of(10))
        assert run.gateway.count("kms:GetKeyPolicy") == before + 1


async def test_every_key_press_holds_background_reads_back():
    async with running() as run:
        before = run.gateway.held_background
        await run.press("j", "k", "4")
        assert run.gateway.held_background == before + 3


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_further_policies_can_be_switched_to(size):
    gateway = FakeGateway()
    gateway.world.policies[IMPORTED]["AWS_RAM"] = '{"Statement":[{"Sid":"shared"}]}'
    async with running(gateway, size=size) as run:
        await run.choose(IMPORTED)
        await run.press("3")
        await run.wait_for("default (1 of 2: v)")
        await run.press("v")
        await run.wait_for('"Sid": "shared"')
        assert "AWS_RAM (2 of 2: v)" in run.text


async def test_a_policy_that_is_no_json_is_shown_as_it_is():
    gateway = FakeGateway()
    gateway.world.policies[IMPORTED]["default"] = '{"Statement": [,]} trailing'
    async with running(gateway, size=(200, 45)) as run:
        await run.choose(IMPORTED)
        await run.wait_for('{"Statement": [,]} trailing')


async def test_details_show_everything_and_ask_for_the_last_use_when_told():
    async with running(size=(200, 45)) as run:
        await run.choose(IMPORTED)
        await run.press("3", "right_square_bracket")
        while run.main.key_pane.scope != "details":
            await run.press("right_square_bracket")
        await run.wait_for("KEY_MATERIAL_DOES_NOT_EXPIRE")
        await run.wait_for("Rotation            off")
        assert run.gateway.count("kms:GetKeyLastUsage") == 0
        run.gateway.fail("kms:GetKeyLastUsage", DENIAL)
        await run.press("enter")
        await run.wait_for("✖ AccessDenied: your role may not.")


async def test_columns_are_those_that_a_person_chose_and_unknown_ones_are_told():
    options = UiOptions(columns=("state", "colour", "alias"))
    async with running(options=options, size=WIDE) as run:
        assert run.main.keys_pane.table.visible_columns == ("state", "alias")
        await run.wait_for("The setting columns names colour, but there is no such column")


@pytest.mark.usefixtures("every_frame")
async def test_a_widget_that_fails_ends_the_program_in_words(tmp_path, capsys, monkeypatch):
    log = tmp_path / "faults.log"
    with pytest.raises(ZeroDivisionError):
        async with running(options=UiOptions(fault_log=log)) as run:
            painter = run.main.keys_pane.table._painter
            monkeypatch.setattr(painter, "cells", lambda row, columns: 1 / 0)
            run.main.keys_pane.table.redraw()
            await run.press("j", "k", "j")
    assert "ZeroDivisionError" in log.read_text()
    told = capsys.readouterr().err
    assert "A fault in kmstui itself, in the screen: ZeroDivisionError." in told
    assert "Traceback" not in told


async def test_escape_goes_back_to_the_keys_before_it_clears_their_filter():
    async with running() as run:
        await run.press("slash", *"imported", "enter")
        await run.wait_for("1 of ")
        await run.press("enter")
        await run.wait_for(lambda: run.focused_pane() is run.main.key_pane)
        await run.press("escape")
        assert run.focused_pane() is run.main.keys_pane
        assert run.main.keys_pane.filter_text == "imported"
        await run.press("escape")
        assert run.main.keys_pane.filter_text == ""


async def test_a_key_of_another_pane_says_where_it_works():
    async with running() as run:
        await run.press("4", "s")
        await run.wait_for("s does nothing here; in keys: Sort.")
        await run.press("1", "b")
        await run.wait_for("b does nothing here; in history: Bring back")
        before = len(run.store.notices)
        await run.press("escape")
        assert len(run.store.notices) == before


async def test_without_keys_a_command_says_why_there_are_none():
    gateway = FakeGateway()
    gate = gateway.hold("kms:ListKeys")
    async with running(gateway, loaded=False) as run:
        await run.wait_for(lambda: run.store.progress.listing and run.store.info)
        await run.press("e")
        await run.wait_for("No keys yet: they are being read.")
        await run.press("escape", "escape")
        await run.wait_for(lambda: run.store.progress.stopped)
        await run.press("e")
        await run.wait_for("No keys were read. Press r to read them.")
        gate.set()
        await run.press("r")
        await run.wait_for("ImportedCMK")
