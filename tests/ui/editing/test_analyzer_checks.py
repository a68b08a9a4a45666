"""V lets IAM Access Analyzer check the change that is looked at, once it was said what is sent."""

from __future__ import annotations

import pytest

from kmstui.service.errors import AccessDeniedError, CancelledByPersonError, ErrorContext
from kmstui.service.ports import CheckReason, PolicyCheck
from kmstui.ui.dialogs import QuestionDialog
from kmstui.ui.editing.analyzer_checks import AnalyzerAnswers, AnalyzerQuestion
from kmstui.ui.editing.edit_screen import EditScreen
from kmstui.ui.editing.review_screen import ReviewScreen
from kmstui.ui.widgets import Sentences
from tests.fakes import IMPORTED, REGION
from tests.ui.editing.conftest import MINE, OLD, ROLE, ROOT_STATEMENT, allow, policy, service
from tests.ui.editing.test_history import open_history

TAKEN = policy(allow("Put", ROLE, "kms:PutKeyPolicy"))
BEFORE = policy(allow("Put", ROLE, "kms:PutKeyPolicy"), allow("Use", ROLE, "kms:Decrypt"))
FAIL = PolicyCheck(False, "It may grant new access.", (CheckReason("In [b]Use[/b]", 1, "Use"),))


async def asked(bench, expected: str) -> None:
    """Press V, and wait until it is suggested what to ask about and what that should come to."""
    await bench.run.press("V")
    question = await bench.run.wait_for_screen(AnalyzerQuestion)
    await bench.run.wait_for(lambda: question.preview.text == f"kmstui expects: {expected}.")


async def question(bench, text: str, expected: str = "PASS") -> None:
    """Review a text, and press V."""
    await bench.open()
    await bench.write(text)
    await bench.review()
    await asked(bench, expected)


def said(bench) -> str:
    screen = bench.run.front(AnalyzerAnswers)
    return " ".join(screen.rows.text.split())


async def answered(bench) -> str:
    await bench.run.press("enter")
    await bench.run.wait_for(lambda: "Both go by the policies alone" in said(bench))
    return said(bench)


async def test_it_names_what_is_sent_and_that_it_costs_before_anything_is(editing):
    async with editing(service(BEFORE)) as bench:
        await question(bench, TAKEN)
        # Of the box alone: it stands before the text of the review.
        words = " ".join(each.text for each in bench.run.app.screen.query(Sentences))
        assert "kms:Decrypt kms:ScheduleKeyDeletion" in bench.run.prose
        assert f"the old one ({len(BEFORE.encode()):,} bytes)" in words
        assert f"are sent to IAM Access Analyzer in {REGION}" in words
        assert "AWS charges for each custom policy check" in words
        assert "Read-only" not in words
        await bench.run.press("escape")
        await bench.run.wait_for_screen(ReviewScreen)
        assert bench.gateway.sent_to_analyzer == []
        await asked(bench, "PASS")
        words = await answered(bench)
        assert bench.gateway.sent_to_analyzer == [
            (BEFORE, TAKEN), (TAKEN, "kms:Decrypt", "kms:ScheduleKeyDeletion"),
        ]  # fmt: skip
        assert "CheckNoNewAccess: PASS, as kmstui expects" in words
        assert "CheckAccessNotGranted: PASS, as kmstui expects" in words
        assert bench.gateway.puts == []


async def test_a_difference_says_what_may_be_the_cause_and_enter_goes_to_the_statement(editing):
    use = allow("Use", ROLE, "kms:Encrypt")
    never = allow("Never", {"AWS": "arn:aws:iam::999999999999:root"}, "kms:ScheduleKeyDeletion")
    async with editing(service(policy(ROOT_STATEMENT, use))) as bench:
        bench.gateway.no_new_access = FAIL
        await question(bench, policy(ROOT_STATEMENT, use, never), "FAIL")
        words = await answered(bench)
        assert bench.run.shows("AWS and kmstui differ.")
        assert "CheckNoNewAccess: FAIL, and kmstui expects PASS" in words
        assert "In [b]Use[/b] (number 2 of the new policy)." in words
        assert "It may be: - Access Analyzer goes by the texts alone" in words
        await bench.run.press("enter")
        await bench.run.wait_for_screen(EditScreen)
        area = bench.screen.viewer.area
        line, _ = area.cursor_location
        assert area.document.get_line(line + 1).strip() == '"Sid": "Use",'


async def test_a_word_that_is_no_action_is_refused_before_it_is_paid_for(editing):
    async with editing(service(BEFORE)) as bench:
        await question(bench, TAKEN)
        await bench.run.type(" Frobnicate")
        await bench.run.wait_for("kms:Frobnicate is no action of KMS")
        await bench.run.press("enter")
        assert isinstance(bench.run.app.screen, QuestionDialog)
        await bench.run.press("ctrl+u", "enter")
        await bench.run.wait_for(lambda: "Both go by the policies alone" in said(bench))
        assert bench.gateway.sent_to_analyzer == [(BEFORE, TAKEN)]


async def test_who_may_not_ask_is_told_what_is_needed(editing):
    async with editing(service(BEFORE)) as bench:
        for name in ("CheckNoNewAccess", "CheckAccessNotGranted"):
            context = ErrorContext(f"access-analyzer:{name}")
            bench.gateway.fail(context.operation, AccessDeniedError("denied", "Ask.", context))
        await question(bench, TAKEN)
        words = await answered(bench)
        assert "CheckNoNewAccess: not checked" in words
        assert "AccessDenied on access-analyzer:CheckAccessNotGranted: denied. Ask." in words


async def test_esc_ends_the_wait_and_a_switched_connection_is_said(editing):
    async with editing(service(BEFORE)) as bench:
        gate = bench.gateway.hold("access-analyzer:CheckNoNewAccess")
        await question(bench, TAKEN)
        await bench.run.press("enter")
        await bench.run.wait_for("Asking IAM Access Analyzer… (Esc stops)")
        await bench.run.press("escape")
        await bench.run.wait_for_screen(ReviewScreen)
        gate.set()
        bench.gateway.fail(
            "access-analyzer:CheckNoNewAccess", CancelledByPersonError("the connection is gone")
        )
        await asked(bench, "PASS")
        await bench.run.press("enter")
        await bench.run.wait_for("the connection is gone")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (OLD.replace('"Sid": "E', '"Sid" "E'), "not asked about what is not valid JSON"),
        (OLD + "\n", "the two policies mean the same"),
    ],
)
async def test_where_there_is_nothing_to_check_nothing_is_asked(editing, text, why):
    async with editing() as bench:
        await bench.open()
        await bench.write(text)
        await bench.review()
        await bench.run.press("V")
        await bench.run.wait_for(why)
        assert isinstance(bench.run.app.screen, ReviewScreen)


async def test_a_role_s_policy_is_not_asked_about(editing):
    async with editing() as bench:
        await bench.open_role()
        await bench.write(policy())
        await bench.review()
        assert "V Analyzer" not in bench.run.text
        await bench.run.press("V")
        await bench.run.wait_for("and this is a role's.")
        assert bench.gateway.sent_to_analyzer == []


async def test_versions_of_the_history_are_checked_in_read_only_mode_too(editing):
    async with editing(service(OLD), read_only=True) as bench:
        bench.gateway.stored = MINE
        await bench.run.session.read_policies(IMPORTED, again=True)
        view = await open_history(bench)
        await bench.run.wait_for(lambda: view.panel.count == 2)
        await asked(bench, "FAIL")
        assert "Read-only mode lets the checks pass" in bench.run.prose
        await answered(bench)
        assert bench.gateway.sent_to_analyzer[0] == (OLD, MINE)
        await bench.run.press("escape", "G", "V")
        await bench.run.wait_for("There is no older version here to compare this one with.")
