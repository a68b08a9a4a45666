"""From `e` to what the service holds."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import pytest

from kmstui.model.arn import Arn
from kmstui.policy.authoring.completion import CompletionContext
from kmstui.policy.evaluation.lockout import CanPut
from kmstui.policy.lint.rules import KeyContext
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


async def test_a_change_is_reviewed_sent_read_back_and_told(at_desk):
    async with at_desk() as desk:
        await desk.open()
        await desk.write(MINE)
        await desk.review()
        assert "Yes: you can put this policy again" in desk.said
        assert "role/KMSWorkshop-InstanceInitRole gains Encrypt" in desk.said
        assert '+ "Sid": "Use",' in desk.said
        assert desk.gateway.puts == []
        await desk.run.press("y")
        await desk.run.wait_for("holds your policy, read back")
        assert json.loads(desk.gateway.stored) == json.loads(MINE)
        assert desk.gateway.puts == [(MINE, False)]
        await desk.run.wait_for(lambda: desk.run.store.policies[IMPORTED][0].text == MINE)
        assert "put-key-policy" in desk.run.app.last_change_command


async def test_keys_typed_ahead_of_the_review_never_reach_the_text_or_the_service(at_desk):
    async with at_desk() as desk:
        screen = await desk.open()
        await desk.write(MINE)
        gate = desk.gateway.hold("kms:GetKeyPolicy")
        await desk.run.pilot.press("ctrl+s", "y", "y", "x", "ctrl+s")
        assert screen.viewer.text == MINE
        gate.set()
        await desk.run.wait_for(lambda: "After this save" in desk.said)
        assert desk.gateway.puts == []


async def test_ctrl_s_twice_does_not_send(at_desk):
    async with at_desk() as desk:
        await desk.open()
        await desk.write(MINE)
        await desk.review()
        await desk.run.press("ctrl+s")
        await desk.run.wait_for("y saves it")
        assert desk.gateway.puts == []


async def test_nothing_is_sent_where_somebody_stored_the_same_meanwhile(at_desk):
    async with at_desk() as desk:
        await desk.open()
        await desk.write(MINE)
        desk.gateway.stored = MINE
        await desk.review()
        assert "m shows it" not in desk.said
        await desk.run.press("y")
        await desk.run.wait_for("is this one already; nothing was sent")
        assert desk.gateway.puts == []


async def test_a_text_that_only_differs_in_layout_is_called_so(at_desk):
    async with at_desk() as desk:
        await desk.open()
        await desk.write(json.dumps(json.loads(OLD)))
        await desk.review()
        assert "This text means what is stored: only its layout would change." in desk.said
        assert "Nobody gains or loses anything." in desk.said


async def test_every_error_must_be_acknowledged_by_itself(at_desk):
    text = policy(
        ROOT_STATEMENT,
        allow("a", {"AWS": "${nobody}"}, "kms:Sign"),
        allow("b", {"AWS": "arn:aws:iam::12:root"}, "kms:Sign"),
    )
    async with at_desk() as desk:
        await desk.open()
        await desk.write(text)
        await desk.review()
        assert "2 errors to acknowledge" in desk.run.text
        await desk.run.press("y")
        await desk.run.wait_for("Each error must be acknowledged")
        await desk.run.press("space")
        await desk.run.wait_for("1 error to acknowledge")
        await desk.run.press("y", "y")
        assert desk.gateway.puts == []
        await desk.run.press("space")
        await desk.run.wait_for("Every error is acknowledged: y saves it.")
        await desk.run.press("y")
        await desk.run.wait_for(lambda: desk.gateway.puts == [(text, False)])


async def test_a_text_that_is_no_json_is_never_called_safe(at_desk):
    broken = MINE.replace('"Sid": "Use",', '"Sid": "Use"')
    async with at_desk() as desk:
        await desk.open()
        await desk.write(broken)
        await desk.review()
        assert (
            "KMS will refuse this text as it stands, because it is not valid JSON (line 1"
            in desk.said
        )
        assert "The part that could be read lets you put this policy again" in desk.said
        assert "Yes: you can" not in desk.said
        assert "Who gains and who loses, as far as the text could be read" in desk.said
        await desk.run.press("y")
        await desk.run.wait_for("Each error must be acknowledged")
        assert desk.gateway.puts == []


CASES = lockouts(ACCOUNT, ROLE_ARN.rsplit("/", 1)[-1], arn_of(IMPORTED))


@pytest.mark.parametrize("case", CASES, ids=lambda each: each.name)
async def test_each_lock_out_is_called_one_with_its_reason(case):
    rules = KeyPolicyRules(
        key=KeyContext(arn=Arn.parse(arn_of(IMPORTED)), caller=Arn.parse(CALLER.arn)),
        facts=AccountFacts(service().world.identities[ROLE_ARN]),
        context=CompletionContext(),
        caller=CALLER.arn,
        name="the key",
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
async def test_every_lock_out_is_stopped_until_the_name_is_typed(at_desk, half):
    async with at_desk() as desk:
        await desk.open()
        for case in half:
            await desk.write(case.text)
            await desk.review()
            no = case.caller is CanPut.NO
            begins = "No: you could not put" if no else "Only under conditions can you put"
            reason = desk.said.partition(begins)[2].partition("After this save, the")[0]
            assert len(reason) > 40, (case.name, desk.said)
            await desk.acknowledge()
            await desk.run.press("y")
            await desk.run.wait_for("Type ImportedCMK to go on")
            await desk.run.press("x", "enter")
            await desk.run.wait_for("That is not ImportedCMK.")
            assert desk.gateway.puts == [], case.name
            if case is not half[-1]:
                await desk.run.press("escape", "escape")
        await desk.run.press("backspace")
        await desk.run.type("ImportedCMK")
        await desk.run.press("enter")
        await desk.run.wait_for(lambda: desk.gateway.puts == [(half[-1].text, False)])


async def test_the_check_is_bypassed_only_when_asked_for_by_name(at_desk):
    locked = policy(allow("Only use", ROLE, "kms:Encrypt"))
    async with at_desk() as desk:
        await desk.open()
        await desk.write(locked)
        await desk.review()
        await desk.acknowledge()
        await desk.run.press("y")
        await desk.run.wait_for("KMS's own lock-out check stays on")
        await desk.run.type("ImportedCMK")
        await desk.run.press("enter")
        await desk.run.wait_for(lambda: desk.gateway.puts == [(locked, False)])


async def test_the_bypass_is_sent_after_the_alias_was_typed(at_desk):
    locked = policy(allow("Only use", ROLE, "kms:Encrypt"))
    async with at_desk() as desk:
        flags = []
        put = desk.gateway.put_policy

        async def noting(key_id: str, text: str, *, bypass_lockout_check: bool = False) -> None:
            flags.append(bypass_lockout_check)
            await put(key_id, text, bypass_lockout_check=bypass_lockout_check)

        desk.gateway.put_policy = noting
        await desk.open()
        await desk.write(locked)
        await desk.review()
        await desk.acknowledge()
        await desk.run.press("b")
        await desk.run.wait_for("only AWS Support can help")
        await desk.run.type("ImportedCMK")
        await desk.run.press("enter")
        await desk.run.wait_for(lambda: flags == [True])
        await desk.run.wait_for("holds your policy, read back")
        assert "--bypass-policy-lockout-safety-check" in desk.run.app.last_change_command


async def test_a_refusal_stands_at_its_place_and_the_text_is_kept(at_desk):
    gone = "arn:aws:iam::444455556666:role/Gone"
    text = policy(ROOT_STATEMENT, allow("Use", {"AWS": gone}, "kms:Encrypt"))
    words = "Policy contains a statement with one or more invalid principals."
    async with at_desk() as desk:
        desk.gateway.put_error = PolicyRefusedError(
            "KMS refused it", "Mend it.", ErrorContext("kms:PutKeyPolicy", service_message=words)
        )
        desk.gateway.stores = False
        screen = await desk.open()
        await desk.write(text)
        await desk.review()
        await desk.run.press("y")
        await desk.run.wait_for("Refused: nothing has changed")
        await desk.run.press("enter")
        await desk.run.wait_for(lambda: any(each.rule == "AWS" for each in screen.viewer.findings))
        (finding,) = [each for each in screen.viewer.findings if each.rule == "AWS"]
        assert text[finding.span.start : finding.span.end] == f'"{gone}"'
        assert words in finding.message
        assert screen.viewer.text == text
        # It goes once the place is changed.
        await desk.write(text.replace("Gone", "Here"))
        await desk.run.wait_for(
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
async def test_whatever_fails_is_said_and_leaves_the_text(at_desk, error, stores, title):
    async with at_desk() as desk:
        screen = await desk.open()
        desk.screen.editing._pauses = ()
        await desk.write(MINE)
        await desk.review()
        desk.gateway.put_error, desk.gateway.stores = error, stores
        await desk.run.press("y")
        await desk.run.wait_for(title)
        # Only keys that work from here are named: in the editor r types a letter.
        assert ("Ctrl-s there reads the stored policy again" in desk.said) == (
            title == "It is not known yet"
        )
        assert "with r" not in desk.said
        await desk.run.press("enter")
        await desk.run.wait_for(lambda: desk.run.app.screen is screen)
        assert screen.viewer.text == MINE


async def test_a_put_without_an_answer_that_was_stored_is_saved(at_desk):
    async with at_desk() as desk:
        await desk.open()
        await desk.write(MINE)
        await desk.review()
        desk.gateway.put_error = UnreportedOutcomeError("the connection broke")
        await desk.run.press("y")
        await desk.run.wait_for("The put got no clear answer")
        assert desk.gateway.stored == MINE


async def test_what_is_not_visible_yet_is_called_propagating(at_desk):
    async with at_desk() as desk:
        await desk.open()
        desk.screen.editing._pauses = (0.0,)
        await desk.write(MINE)
        await desk.review()
        desk.gateway.stale = [OLD, OLD, OLD]
        await desk.run.press("y")
        await desk.run.wait_for("Saved, still propagating")
        await desk.run.press("enter")
        await desk.run.wait_for(lambda: desk.run.app.screen is desk.run.main)


async def test_somebody_elses_put_at_the_same_time_is_shown_beside_mine(at_desk):
    async with at_desk() as desk:
        screen = await desk.open()
        screen.editing._pauses = (0.0, 0.0)
        await desk.write(MINE)
        await desk.review()
        desk.gateway.at_put = lambda: desk.gateway.stale.extend([THEIRS] * 3)
        await desk.run.press("y")
        await desk.run.wait_for("Accepted, but something else is stored")
        assert '"Sid": "Theirs",' in desk.said
        await desk.run.press("enter")
        await desk.run.wait_for(lambda: desk.run.app.screen is screen)
        assert screen.viewer.text == MINE


async def test_where_nothing_is_kept_the_screen_says_so_and_nothing_is_sent(at_desk):
    async with at_desk() as desk:
        journal = desk.run.session.journal
        journal.durable, journal.warning = False, "The journal is in memory only."
        await desk.open()
        assert "The journal is in memory only." in desk.run.prose
        await desk.write(MINE)
        await desk.run.wait_for("NOT KEPT")
        await desk.review()
        await desk.run.press("y")
        await desk.run.wait_for("Not saved: nothing was sent")
        assert desk.gateway.puts == []
        await desk.run.press("enter", "escape")
        await desk.run.wait_for("are not kept anywhere")


async def test_somebody_elses_change_stops_the_save_and_can_be_merged(at_desk):
    async with at_desk() as desk:
        await desk.open()
        await desk.write(MINE)
        desk.gateway.stored = THEIRS
        await desk.review()
        assert "was changed by someone else since you opened it" in desk.said
        await desk.run.press("y")
        await desk.run.wait_for("m merges, then save")
        await desk.run.press("m")
        await desk.run.wait_for("Both changes can be merged")
        await desk.run.press("tab")
        await desk.run.wait_for(lambda: '"Sid": "Theirs"' in desk.said)
        await desk.run.press("y")
        await desk.run.wait_for(lambda: "After this save" in desk.said)
        assert "gains Encrypt" in desk.said
        await desk.run.press("y")
        await desk.run.wait_for("holds your policy, read back")
        sids = [each["Sid"] for each in json.loads(desk.gateway.stored)["Statement"]]
        assert sorted(sids) == ["Enable IAM User Permissions", "Theirs", "Use"]


async def test_a_place_that_both_changed_is_decided_by_the_person(at_desk):
    base = policy(ROOT_STATEMENT, allow("Use", ROLE, "kms:Encrypt"))
    mine = policy(ROOT_STATEMENT, allow("Use", ROLE, "kms:Encrypt", "kms:Decrypt"))
    theirs = policy(ROOT_STATEMENT)
    async with at_desk(service(base)) as desk:
        await desk.open()
        await desk.write(mine)
        desk.gateway.stored = theirs
        await desk.review()
        await desk.run.press("m")
        await desk.run.wait_for("1 place you must decide")
        await desk.run.press("n", "space", "y")
        await desk.run.wait_for(lambda: "After this save" in desk.said)
        await desk.run.press("escape")
        await desk.run.wait_for(lambda: desk.run.app.screen is desk.screen)
        kept = [each["Sid"] for each in json.loads(desk.screen.viewer.text)["Statement"]]
        assert "Enable IAM User Permissions" in kept


async def test_a_journal_that_cannot_be_written_sends_nothing_and_says_so(at_desk):
    async with at_desk() as desk:
        await desk.open()
        await desk.write(MINE)
        desk.run.session.journal.error = JournalError("the disk is full", "Free some space.")
        desk.screen.editor.replace_text(MINE.replace("kms:Encrypt", "kms:DescribeKey"))
        await desk.run.wait_for("NOT KEPT")
        await desk.run.press("ctrl+s")
        await desk.run.wait_for(lambda: "After this save" in desk.said)
        await desk.run.press("y")
        await desk.run.wait_for("Not saved: nothing was sent")
        assert "the disk is full" in desk.said
        assert desk.gateway.puts == []


async def test_read_only_mode_and_aws_managed_keys_can_be_looked_at(at_desk):
    async with at_desk(read_only=True) as desk:
        screen = await desk.open()
        assert screen.editor is None
        assert "Read-only mode: you can look" in desk.run.prose
        await desk.run.press("x", "ctrl+s")
        assert screen.viewer.text.startswith("{")
        await desk.run.press("q")
        await desk.run.wait_for(lambda: desk.run.app.screen is desk.run.main)
    async with at_desk(key=MANAGED) as desk:
        await desk.open()
        assert "is managed by AWS: nobody else can change its policy" in desk.run.prose


async def test_rules_that_the_person_turned_off_stay_silent(at_desk):
    text = policy(allow("Use", ROLE, "kms:Encrypt"))
    options = UiOptions(disable=("KMS506",), disable_by_key=((IMPORTED, ("KMS507",)),))
    async with at_desk(options=options) as desk:
        screen = await desk.open()
        await desk.write(text)
        await desk.run.wait_for(lambda: screen.viewer.counts is not None)
        assert {"KMS506", "KMS507"}.isdisjoint(each.rule for each in screen.viewer.findings)


async def test_a_policy_that_may_not_be_read_says_why_and_nothing_can_be_saved(at_desk):
    async with at_desk() as desk:
        desk.gateway.fail("kms:GetKeyPolicy", AccessDeniedError("your role may not"))
        await desk.run.press("e")
        await desk.run.wait_for("your role may not")
        await desk.run.press("ctrl+s", "x", "ctrl+t")
        assert not desk.screen.viewer.display
        await desk.run.press("escape")
        await desk.run.wait_for(lambda: desk.run.app.screen is desk.run.main)


async def test_two_texts_stand_side_by_side_where_there_is_room(at_desk):
    async with at_desk(size=WIDE) as desk:
        await desk.open()
        await desk.write(MINE.replace('"kms:*"', '"kms:D*"'))
        await desk.review()
        await desk.run.wait_for(
            lambda: any(
                "- " in line and '"kms:*"' in line and '"kms:D*"' in line for line in desk.run.lines
            )
        )


async def test_a_draft_of_an_earlier_run_is_offered_with_its_age(at_desk):
    async with at_desk() as desk:
        journal = desk.run.session.journal
        await journal.save_draft(HERE, IMPORTED, MINE, base=OLD, caller="somebody")
        await desk.run.press("e")
        await desk.run.wait_for("There is an unsaved draft, less than a minute old")
        await desk.run.press("g")
        await desk.run.wait_for(lambda: desk.screen.viewer.text == MINE)


async def test_leaving_with_changes_asks_and_keeps_the_draft(at_desk):
    async with at_desk() as desk:
        await desk.open()
        await desk.write(MINE)
        await desk.run.press("escape")
        await desk.run.wait_for("The changes of alias/ImportedCMK are not saved.")
        await desk.run.press("s")
        assert desk.screen.viewer.text == MINE
        await desk.run.press("escape", "l")
        await desk.run.wait_for(lambda: desk.run.app.screen is desk.run.main)
        draft = await desk.run.session.journal.draft(HERE, IMPORTED)
        assert draft is not None
        assert draft.text == MINE


async def test_discarding_leaves_the_text_in_the_history(at_desk):
    async with at_desk() as desk:
        await desk.open()
        await desk.write(MINE)
        await desk.run.press("escape", "d")
        await desk.run.wait_for(lambda: desk.run.app.screen is desk.run.main)
        await asyncio.sleep(0)
        journal = desk.run.session.journal
        assert await journal.draft(HERE, IMPORTED) is None
        assert MINE in [each.text for each in await journal.versions(HERE, IMPORTED)]


async def test_quitting_tells_of_what_is_not_saved(at_desk):
    async with at_desk() as desk:
        await desk.open()
        assert desk.run.app.unsaved_words() == ""
        await desk.write(MINE)
        assert "kept as a draft" in desk.run.app.unsaved_words()
        await desk.run.press("escape", "l")
        await desk.run.wait_for(lambda: desk.run.app.screen is desk.run.main)
        assert desk.run.app.unsaved_words() == ""


async def test_unfinished_puts_and_drafts_of_an_earlier_run_are_told(at_desk):
    async with at_desk() as desk:
        session = desk.run.session
        await session.journal.save_draft(HERE, IMPORTED, MINE, base=OLD)
        change = put_change(KeyPolicyLocation(desk.gateway, IMPORTED), MINE, OLD)
        await begin_changes(session.change_scope(), [change])
        session.clock = lambda: NOW + timedelta(minutes=6)
        await tell_unfinished_changes(session)
        await desk.run.wait_for("it was not stored")
        told = " ".join(each.text for each in desk.run.store.notices)
        assert f"Drafts that are not saved: key {IMPORTED} (alias/ImportedCMK)" in told
        assert "kmstui ended while it saved the policy" in told


async def test_side_by_side_nothing_of_a_long_line_is_hidden(at_desk):
    long = f"arn:aws:iam::{ACCOUNT}:role/{'x' * 60}"
    before = policy(ROOT_STATEMENT, allow("Use", {"AWS": f"{long}-old"}, "kms:Encrypt"))
    async with at_desk(service(before), size=WIDE) as desk:
        await desk.open()
        await desk.write(before.replace("-old", "-new"))
        await desk.review()
        await desk.run.wait_for('-old"')
        await desk.run.wait_for('-new"')
