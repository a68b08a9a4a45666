"""From `e` to what the service holds."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import pytest
from textual import events

from kmstui.model.arn import Arn
from kmstui.policy.authoring.completion import CompletionContext
from kmstui.policy.evaluation.lockout import DIRECT_CALL, CanPut
from kmstui.policy.lint.core import KeyContext
from kmstui.service.access.account_facts import AccountFacts
from kmstui.service.changes.runner import begin_changes
from kmstui.service.editing.key_target import KeyPolicyRules
from kmstui.service.editing.location import KeyPolicyLocation
from kmstui.service.editing.put import put_change
from kmstui.service.editing.review import Weight
from kmstui.service.errors import (
    AccessDeniedError,
    ErrorContext,
    JournalError,
    NetworkError,
    PolicyRefusedError,
    UnreportedOutcomeError,
)
from kmstui.service.ports import Scope
from kmstui.ui.editing.unfinished import tell_unfinished_changes
from kmstui.ui.runtime.options import UiOptions
from tests.fakes import ACCOUNT, CALLER, IMPORTED, MANAGED, NOW, REGION, ROLE_ARN, arn_of
from tests.policy.lockouts import lockouts
from tests.screens import WIDE
from tests.ui.editing.conftest import (
    MINE,
    OLD,
    ROLE,
    ROOT_STATEMENT,
    THEIRS,
    allow,
    policy,
    service,
)

HERE = Scope(ACCOUNT, REGION)


async def test_a_change_is_reviewed_sent_read_back_and_told(editing):
    async with editing() as bench:
        await bench.open()
        await bench.write(MINE)
        await bench.review()
        assert "Yes: you can put this policy again" in bench.said
        # The answer comes before what must be looked at one by one.
        head, _, rest = bench.said.partition("Who gains and who loses")
        assert "After this save: LOSES 0 · GAINS 1 · findings" in head
        gains, findings, _ = rest.partition("Findings")
        assert findings and "role/KMSWorkshop-InstanceInitRole gains Encrypt" in gains
        assert '+ "Sid": "Use",' in bench.said
        assert bench.gateway.puts == []
        await bench.run.press("y")
        await bench.run.wait_for("holds your policy, read back")
        assert json.loads(bench.gateway.stored) == json.loads(MINE)
        assert bench.gateway.puts == [(MINE, False)]
        await bench.run.wait_for(lambda: bench.run.store.policies[IMPORTED][0].text == MINE)
        assert "put-key-policy" in bench.run.app.last_change_command


async def test_a_save_that_gives_back_what_the_one_before_took_is_warned_of_first(editing):
    async with editing(service(MINE)) as bench:
        await bench.open()
        await bench.write(OLD)
        await bench.review()
        assert "This undoes" not in bench.said
        await bench.run.press("y")
        await bench.run.wait_for("holds your policy, read back")
        await bench.open()
        await bench.write(MINE)
        await bench.review()
        _, _, warning, *_ = bench.run.lines
        assert "This undoes your save of less than a minute ago" in warning
        assert "gains Encrypt, which that took away" in bench.said


async def test_what_stays_opens_by_enter_and_closes_again(editing):
    async with editing() as bench:
        await bench.open()
        await bench.write(MINE)
        await bench.review()
        assert "What stays, and for whom (Enter opens)" in bench.said
        assert bench.run.app.screen.rows.go_to("staying")
        await bench.run.press("enter")
        await bench.run.wait_for(lambda: f"root of {ACCOUNT} keeps all actions." in bench.said)
        await bench.run.press("enter")
        await bench.run.wait_for(lambda: "keeps all actions" not in bench.said)


async def test_keys_typed_ahead_of_the_review_never_reach_the_text_or_the_service(editing):
    async with editing() as bench:
        screen = await bench.open()
        await bench.write(MINE)
        gate = bench.gateway.hold("kms:GetKeyPolicy")
        await bench.run.pilot.press("ctrl+s", "y", "y", "x", "ctrl+s")
        assert screen.viewer.text == MINE
        gate.set()
        await bench.run.wait_for(lambda: "After this save" in bench.said)
        assert bench.gateway.puts == []


async def test_ctrl_s_twice_does_not_send(editing):
    async with editing() as bench:
        await bench.open()
        await bench.write(MINE)
        await bench.review()
        await bench.run.press("ctrl+s")
        await bench.run.wait_for("y saves it")
        assert bench.gateway.puts == []


async def test_nothing_is_sent_where_somebody_stored_the_same_meanwhile(editing):
    async with editing() as bench:
        await bench.open()
        await bench.write(MINE)
        bench.gateway.stored = MINE
        await bench.review()
        assert "m shows it" not in bench.said
        await bench.run.press("y")
        await bench.run.wait_for("is this one already; nothing was sent")
        assert bench.gateway.puts == []


async def test_a_text_that_only_differs_in_layout_is_called_so(editing):
    async with editing() as bench:
        await bench.open()
        await bench.write(json.dumps(json.loads(OLD)))
        await bench.review()
        assert "This text means what is stored: only its layout would change." in bench.said
        assert "Nobody gains or loses anything." in bench.said


async def test_every_error_must_be_acknowledged_by_itself(editing):
    text = policy(
        ROOT_STATEMENT,
        allow("a", {"AWS": "${nobody}"}, "kms:Sign"),
        allow("b", {"AWS": "arn:aws:iam::12:root"}, "kms:Sign"),
    )
    async with editing() as bench:
        await bench.open()
        await bench.write(text)
        await bench.review()
        assert "2 errors to acknowledge" in bench.run.text
        await bench.run.press("y")
        await bench.run.wait_for("Each error must be acknowledged")
        await bench.run.press("space")
        await bench.run.wait_for("1 error to acknowledge")
        await bench.run.press("y", "y")
        assert bench.gateway.puts == []
        await bench.run.press("space")
        await bench.run.wait_for("Every error is acknowledged: y saves it.")
        await bench.run.press("y")
        await bench.run.wait_for(lambda: bench.gateway.puts == [(text, False)])


async def test_a_text_that_is_no_json_is_never_called_safe(editing):
    broken = MINE.replace('"Sid": "Use",', '"Sid": "Use"')
    async with editing() as bench:
        await bench.open()
        await bench.write(broken)
        await bench.review()
        assert (
            "KMS will refuse this text as it stands, because it is not valid JSON (line 1"
            in bench.said
        )
        assert "The part that could be read lets you put this policy again" in bench.said
        assert "Yes: you can" not in bench.said
        assert "Who gains and who loses, as far as the text could be read" in bench.said
        await bench.run.press("y")
        await bench.run.wait_for("Each error must be acknowledged")
        assert bench.gateway.puts == []


CASES = lockouts(ACCOUNT, ROLE_ARN.rsplit("/", 1)[-1], arn_of(IMPORTED))


@pytest.mark.parametrize("case", CASES, ids=lambda each: each.name)
async def test_each_lock_out_is_called_one_with_its_reason(case):
    rules = KeyPolicyRules(
        key=KeyContext(arn=Arn.parse(arn_of(IMPORTED)), caller=Arn.parse(CALLER.arn)),
        facts=AccountFacts(service().world.identities[ROLE_ARN]),
        context=CompletionContext(),
        caller=CALLER.arn,
        name="the key",
        request=lambda _: DIRECT_CALL,
    )
    assessment = rules.assess(OLD, case.text)
    assert assessment.locks_out
    verdict = assessment.judgements[0].sentence
    assert verdict.startswith(("No: you could not", "Only under conditions"))
    assert assessment.judgements[0].weight is not Weight.GOOD
    # What KMS would let pass is never offered to be bypassed.
    assert assessment.bypassable == (case.caller is CanPut.NO)


def test_there_are_enough_of_them():
    assert len(CASES) >= 20


@pytest.mark.parametrize("half", [CASES[::2], CASES[1::2]], ids=["even", "odd"])
async def test_every_lock_out_is_stopped_until_the_name_is_typed(editing, half):
    async with editing() as bench:
        await bench.open()
        for case in half:
            await bench.write(case.text)
            await bench.review()
            no = case.caller is CanPut.NO
            begins = "No: you could not put" if no else "Only under conditions can you put"
            reason = bench.said.partition(begins)[2].partition("After this save, the")[0]
            assert len(reason) > 40, (case.name, bench.said)
            await bench.acknowledge()
            await bench.run.press("y")
            await bench.run.wait_for("Type ImportedCMK to go on")
            await bench.run.press("x", "enter")
            await bench.run.wait_for("That is not ImportedCMK.")
            assert bench.gateway.puts == [], case.name
            if case is not half[-1]:
                await bench.run.press("escape", "escape")
        await bench.run.press("backspace")
        await bench.run.type("ImportedCMK")
        await bench.run.press("enter")
        await bench.run.wait_for(lambda: bench.gateway.puts == [(half[-1].text, False)])


async def test_the_check_is_bypassed_only_when_asked_for_by_name(editing):
    locked = policy(allow("Only use", ROLE, "kms:Encrypt"))
    async with editing() as bench:
        await bench.open()
        await bench.write(locked)
        await bench.review()
        await bench.acknowledge()
        await bench.run.press("y")
        await bench.run.wait_for("lock-out check stays on")
        await bench.run.type("ImportedCMK")
        await bench.run.press("enter")
        await bench.run.wait_for(lambda: bench.gateway.puts == [(locked, False)])


async def test_the_bypass_is_sent_after_the_alias_was_typed(editing):
    locked = policy(allow("Only use", ROLE, "kms:Encrypt"))
    async with editing() as bench:
        flags = []
        put = bench.gateway.put_policy

        async def noting(key_id: str, text: str, *, bypass_lockout_check: bool = False) -> None:
            flags.append(bypass_lockout_check)
            await put(key_id, text, bypass_lockout_check=bypass_lockout_check)

        bench.gateway.put_policy = noting
        await bench.open()
        await bench.write(locked)
        await bench.review()
        await bench.acknowledge()
        await bench.run.press("b")
        await bench.run.wait_for("only AWS Support can help")
        await bench.run.type("ImportedCMK")
        await bench.run.press("enter")
        await bench.run.wait_for(lambda: flags == [True])
        await bench.run.wait_for("holds your policy, read back")
        assert "--bypass-policy-lockout-safety-check" in bench.run.app.last_change_command


async def test_a_refusal_stands_at_its_place_and_the_text_is_kept(editing):
    gone = "arn:aws:iam::444455556666:role/Gone"
    text = policy(ROOT_STATEMENT, allow("Use", {"AWS": gone}, "kms:Encrypt"))
    words = "Policy contains a statement with one or more invalid principals."
    async with editing() as bench:
        bench.gateway.put_error = PolicyRefusedError(
            "KMS refused it", "Mend it.", ErrorContext("kms:PutKeyPolicy", service_message=words)
        )
        bench.gateway.stores = False
        screen = await bench.open()
        await bench.write(text)
        await bench.review()
        await bench.run.press("y")
        await bench.run.wait_for("Refused: nothing has changed")
        assert f'"Use" names {gone}: account 444455556666 has no such role.' in bench.said
        await bench.run.press("enter")
        await bench.run.wait_for(lambda: any(each.rule == "AWS" for each in screen.viewer.findings))
        (finding,) = [each for each in screen.viewer.findings if each.rule == "AWS"]
        assert text[finding.span.start : finding.span.end] == f'"{gone}"'
        assert words in finding.message
        assert "account 444455556666 has no such role" in finding.message
        assert screen.viewer.text == text
        # It goes once the place is changed.
        await bench.write(text.replace("Gone", "Here"))
        await bench.run.wait_for(
            lambda: not any(each.rule == "AWS" for each in screen.viewer.findings)
        )


@pytest.mark.parametrize(
    ("error", "stores", "title"),
    [
        (AccessDeniedError("you may not"), False, "Refused: nothing has changed"),
        (UnreportedOutcomeError("no answer came"), False, "It is not known yet"),
        (NetworkError("nothing answered"), False, "Refused: nothing has changed"),
    ],
)
async def test_whatever_fails_is_said_and_leaves_the_text(editing, error, stores, title):
    async with editing() as bench:
        screen = await bench.open()
        bench.screen.editing._pauses = ()
        await bench.write(MINE)
        await bench.review()
        bench.gateway.put_error, bench.gateway.stores = error, stores
        await bench.run.press("y")
        await bench.run.wait_for(title)
        # Only keys that work from here are named: in the editor r types a letter.
        assert ("Ctrl-s there reads the stored policy again" in bench.said) == (
            title == "It is not known yet"
        )
        assert "with r" not in bench.said
        await bench.run.press("enter")
        await bench.run.wait_for(lambda: bench.run.app.screen is screen)
        assert screen.viewer.text == MINE


async def test_a_put_without_an_answer_that_was_stored_is_saved(editing):
    async with editing() as bench:
        await bench.open()
        await bench.write(MINE)
        await bench.review()
        bench.gateway.put_error = UnreportedOutcomeError("the connection broke")
        await bench.run.press("y")
        await bench.run.wait_for("The put got no clear answer")
        assert bench.gateway.stored == MINE


async def test_what_is_not_visible_yet_is_called_propagating(editing):
    async with editing() as bench:
        await bench.open()
        bench.screen.editing._pauses = (0.0,)
        await bench.write(MINE)
        await bench.review()
        bench.gateway.stale = [OLD, OLD, OLD]
        await bench.run.press("y")
        await bench.run.wait_for("Saved, still propagating")
        await bench.run.press("enter")
        await bench.run.wait_for(lambda: bench.run.app.screen is bench.run.main)


async def test_somebody_elses_put_at_the_same_time_is_shown_beside_mine(editing):
    async with editing() as bench:
        screen = await bench.open()
        screen.editing._pauses = (0.0, 0.0)
        await bench.write(MINE)
        await bench.review()
        bench.gateway.at_put = lambda: bench.gateway.stale.extend([THEIRS] * 3)
        await bench.run.press("y")
        await bench.run.wait_for("Accepted, but something else is stored")
        assert '"Sid": "Theirs",' in bench.said
        await bench.run.press("enter")
        await bench.run.wait_for(lambda: bench.run.app.screen is screen)
        assert screen.viewer.text == MINE


async def test_where_nothing_is_kept_the_screen_says_so_and_nothing_is_sent(editing):
    async with editing() as bench:
        journal = bench.run.session.journal
        journal.durable, journal.warning = False, "The journal is in memory only."
        await bench.open()
        assert "The journal is in memory only." in bench.run.prose
        await bench.write(MINE)
        await bench.run.wait_for("NOT KEPT")
        await bench.review()
        await bench.run.press("y")
        await bench.run.wait_for("Not saved: nothing was sent")
        assert bench.gateway.puts == []
        await bench.run.press("enter", "escape")
        await bench.run.wait_for("are not kept anywhere")


async def test_somebody_elses_change_stops_the_save_and_can_be_merged(editing):
    async with editing() as bench:
        await bench.open()
        await bench.write(MINE)
        bench.gateway.stored = THEIRS
        await bench.review()
        assert "was changed by someone else since you opened it" in bench.said
        await bench.run.press("y")
        await bench.run.wait_for("m merges, then save")
        await bench.run.press("m")
        await bench.run.wait_for("Both changes can be merged")
        await bench.run.press("tab")
        await bench.run.wait_for(lambda: '"Sid": "Theirs"' in bench.said)
        await bench.run.press("y")
        await bench.run.wait_for(lambda: "After this save" in bench.said)
        assert "gains Encrypt" in bench.said
        await bench.run.press("y")
        await bench.run.wait_for("holds your policy, read back")
        sids = [each["Sid"] for each in json.loads(bench.gateway.stored)["Statement"]]
        assert sorted(sids) == ["Enable IAM User Permissions", "Theirs", "Use"]


async def test_a_place_that_both_changed_is_decided_by_the_person(editing):
    base = policy(ROOT_STATEMENT, allow("Use", ROLE, "kms:Encrypt"))
    mine = policy(ROOT_STATEMENT, allow("Use", ROLE, "kms:Encrypt", "kms:Decrypt"))
    theirs = policy(ROOT_STATEMENT)
    async with editing(service(base)) as bench:
        await bench.open()
        await bench.write(mine)
        bench.gateway.stored = theirs
        await bench.review()
        await bench.run.press("m")
        await bench.run.wait_for("1 place you must decide")
        await bench.run.press("n", "space", "y")
        await bench.run.wait_for(lambda: "After this save" in bench.said)
        await bench.run.press("escape")
        await bench.run.wait_for(lambda: bench.run.app.screen is bench.screen)
        kept = [each["Sid"] for each in json.loads(bench.screen.viewer.text)["Statement"]]
        assert "Enable IAM User Permissions" in kept


async def test_a_journal_that_cannot_be_written_sends_nothing_and_says_so(editing):
    async with editing() as bench:
        await bench.open()
        await bench.write(MINE)
        bench.run.session.journal.error = JournalError("the disk is full", "Free some space.")
        bench.screen.editor.replace_text(MINE.replace("kms:Encrypt", "kms:DescribeKey"))
        await bench.run.wait_for("NOT KEPT")
        await bench.run.press("ctrl+s")
        await bench.run.wait_for(lambda: "After this save" in bench.said)
        await bench.run.press("y")
        await bench.run.wait_for("Not saved: nothing was sent")
        assert "the disk is full" in bench.said
        assert bench.gateway.puts == []


async def test_read_only_mode_and_aws_managed_keys_can_be_looked_at(editing):
    async with editing(read_only=True) as bench:
        screen = await bench.open()
        assert screen.editor is None
        assert "Read-only mode: you can look" in bench.run.prose
        await bench.run.press("x", "ctrl+s")
        assert screen.viewer.text.startswith("{")
        await bench.run.press("q")
        await bench.run.wait_for(lambda: bench.run.app.screen is bench.run.main)
    async with editing(key=MANAGED) as bench:
        await bench.open()
        assert "is managed by AWS: nobody else can change its policy" in bench.run.prose


async def test_rules_that_the_person_turned_off_stay_silent(editing):
    text = policy(allow("Use", ROLE, "kms:Encrypt"))
    options = UiOptions(disable=("KMS506",), disable_by_key=((IMPORTED, ("KMS507",)),))
    async with editing(options=options) as bench:
        screen = await bench.open()
        await bench.write(text)
        await bench.run.wait_for(lambda: screen.viewer.counts is not None)
        assert {"KMS506", "KMS507"}.isdisjoint(each.rule for each in screen.viewer.findings)


async def test_a_policy_that_may_not_be_read_says_why_and_nothing_can_be_saved(editing):
    async with editing() as bench:
        bench.gateway.fail("kms:GetKeyPolicy", AccessDeniedError("your role may not"))
        await bench.run.press("e")
        await bench.run.wait_for("your role may not")
        await bench.run.press("ctrl+s", "x", "ctrl+t")
        assert not bench.screen.viewer.display
        await bench.run.press("escape")
        await bench.run.wait_for(lambda: bench.run.app.screen is bench.run.main)


async def test_two_texts_stand_side_by_side_where_there_is_room(editing):
    async with editing(size=WIDE) as bench:
        await bench.open()
        await bench.write(MINE.replace('"kms:*"', '"kms:D*"'))
        await bench.review()
        await bench.run.wait_for(
            lambda: any(
                "- " in line and '"kms:*"' in line and '"kms:D*"' in line
                for line in bench.run.lines
            )
        )


async def test_a_draft_of_an_earlier_run_is_offered_with_its_age(editing):
    async with editing() as bench:
        journal = bench.run.session.journal
        await journal.save_draft(HERE, IMPORTED, MINE, base=OLD, caller="somebody")
        await bench.run.press("e")
        await bench.run.wait_for("There is an unsaved draft, less than a minute old")
        await bench.run.press("g")
        await bench.run.wait_for(lambda: bench.screen.viewer.text == MINE)


async def test_leaving_with_changes_asks_and_keeps_the_draft(editing):
    async with editing() as bench:
        await bench.open()
        await bench.write(MINE)
        await bench.run.press("escape")
        await bench.run.wait_for("The changes of alias/ImportedCMK are not saved.")
        await bench.run.press("s")
        assert bench.screen.viewer.text == MINE
        await bench.run.press("escape", "l")
        await bench.run.wait_for(lambda: bench.run.app.screen is bench.run.main)
        draft = await bench.run.session.journal.draft(HERE, IMPORTED)
        assert draft is not None
        assert draft.text == MINE


async def test_discarding_leaves_the_text_in_the_history(editing):
    async with editing() as bench:
        await bench.open()
        await bench.write(MINE)
        await bench.run.press("escape", "d")
        await bench.run.wait_for(lambda: bench.run.app.screen is bench.run.main)
        await asyncio.sleep(0)
        journal = bench.run.session.journal
        assert await journal.draft(HERE, IMPORTED) is None
        assert MINE in [each.text for each in await journal.versions(HERE, IMPORTED)]


async def test_quitting_tells_of_what_is_not_saved(editing):
    async with editing() as bench:
        await bench.open()
        assert bench.run.app.unsaved_words() == ""
        await bench.write(MINE)
        assert "kept as a draft" in bench.run.app.unsaved_words()
        await bench.run.press("escape", "l")
        await bench.run.wait_for(lambda: bench.run.app.screen is bench.run.main)
        assert bench.run.app.unsaved_words() == ""


async def test_unfinished_puts_and_drafts_of_an_earlier_run_are_told(editing):
    async with editing() as bench:
        session = bench.run.session
        await session.journal.save_draft(HERE, IMPORTED, MINE, base=OLD)
        change = put_change(KeyPolicyLocation(bench.gateway, IMPORTED), MINE, OLD)
        await begin_changes(session.change_scope(), [change])
        session.clock = lambda: NOW + timedelta(minutes=6)
        await tell_unfinished_changes(session)
        await bench.run.wait_for("it was not stored")
        told = " ".join(each.text for each in bench.run.store.notices)
        assert f"Drafts that are not saved: key {IMPORTED} (alias/ImportedCMK)" in told
        assert "kmstui ended while it saved the policy" in told


async def test_side_by_side_nothing_of_a_long_line_is_hidden(editing):
    long = f"arn:aws:iam::{ACCOUNT}:role/{'x' * 60}"
    before = policy(ROOT_STATEMENT, allow("Use", {"AWS": f"{long}-old"}, "kms:Encrypt"))
    async with editing(service(before), size=WIDE) as bench:
        await bench.open()
        await bench.write(before.replace("-old", "-new"))
        await bench.review()
        await bench.run.wait_for('-old"')
        await bench.run.wait_for('-new"')


async def test_nothing_pasted_vanishes_because_a_box_is_open(editing):
    async with editing() as bench:
        run, screen = bench.run, await bench.open()
        for keys in (("f8", "f1"), ("ctrl+f",)):
            await run.press(*keys)
            run.app.post_message(events.Paste('"Id": "pasted",\n"Sid": "x"'))
            await run.wait_for(lambda: "What you pasted (2 lines)" in run.store.notices[-1].text)
            await run.press("escape")
            await run.press("ctrl+v")
            assert '"Id": "pasted"' in screen.viewer.text
            await run.press("ctrl+z")


async def test_a_key_with_a_draft_carries_a_mark_in_the_list(editing):
    async with editing() as bench:
        await bench.open()
        await bench.write(MINE)
        await bench.run.press("escape", "l")
        await bench.run.wait_for("(draft) ImportedCMK")
        await bench.run.press("e")
        await bench.run.wait_for("Discard the draft")
        await bench.run.press("d")
        await bench.run.wait_for(lambda: bench.run.app.focused is bench.screen.viewer.area)
        await bench.run.press("escape")
        await bench.run.wait_until_gone("(draft)")
        await bench.run.wait_for("ImportedCMK")
