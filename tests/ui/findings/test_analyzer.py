"""What IAM Access Analyzer says stands beside the linter's findings, marked as AWS's own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kmstui.policy.lint.core import Severity
from kmstui.service.errors import AccessDeniedError, ErrorContext
from kmstui.service.ports import AnalyzerFinding
from kmstui.ui.findings.analyzer import as_findings
from kmstui.ui.main.policy_view import PolicyView
from kmstui.ui.policy.layout import pretty
from tests.fakes import IMPORTED, SIGNING, FakeGateway, default_policy
from tests.screens import WIDE, Running, running

FOUND = AnalyzerFinding(
    "SECURITY_WARNING", "PASS_ROLE_WITH_STAR", "Too much is allowed.", "https://example.org/p",
    line=3, column=5, end_line=3, end_column=9,
)  # fmt: skip
PUBLIC = AnalyzerFinding("SECURITY_WARNING", "PUBLIC_ACCESS", "It is public.", statement=0)


class Analyzing(FakeGateway):
    """Access Analyzer with something to say."""

    async def validate_policy(self, text: str) -> tuple[AnalyzerFinding, ...]:
        await super().validate_policy(text)
        return (FOUND,)

    async def check_no_public_access(self, text: str) -> AnalyzerFinding | None:
        await super().check_no_public_access(text)
        return PUBLIC


async def ask(run: Running) -> None:
    await run.choose(IMPORTED)
    await run.press("3", "V")
    await run.wait_for("Ask IAM Access Analyzer?")
    await run.press("y")


async def test_its_findings_join_those_in_the_text():
    async with running(Analyzing(), size=WIDE) as run:
        await ask(run)
        await run.wait_for("IAM Access Analyzer: 2 findings.")
        await run.wait_for("3 Policy ▲2")
        await run.press("f2")
        await run.wait_for("3:5   Analyzer  Too much is allowed (IAM Access Analyzer: ")
        viewer = run.view(PolicyView).viewer
        places = {each.message[:9]: viewer.area.location_of(each.span.start)[0]
                  for each in viewer.findings}  # fmt: skip
        assert places == {"Too much ": 2, "It is pub": 4}


async def test_another_key_shows_nothing_of_it():
    async with running(Analyzing(), size=WIDE) as run:
        await ask(run)
        await run.wait_for("3 Policy ▲2")
        run.gateway.world.policies[SIGNING]["default"] = default_policy().replace(
            "default-1", "default-2"
        )
        await run.press("1")
        await run.choose(SIGNING)
        await run.wait_for("No findings")
        assert "▲2" not in run.text


async def test_nothing_found_is_said():
    async with running() as run:
        await ask(run)
        await run.wait_for("IAM Access Analyzer: nothing.")


@pytest.mark.parametrize("denied", ["both", "access-analyzer:ValidatePolicy"])
async def test_denied_it_is_one_quiet_line(denied):
    gateway = Analyzing()
    error = AccessDeniedError("your role may not", context=ErrorContext("access-analyzer:…"))
    for operation in ("access-analyzer:ValidatePolicy", "access-analyzer:CheckNoPublicAccess"):
        if denied in ("both", operation):
            gateway.fail(operation, error)
    async with running(gateway) as run:
        await ask(run)
        if denied == "both":
            await run.wait_for("IAM Access Analyzer was not asked. AccessDenied on")
        else:
            await run.wait_for("1 finding. Its validation was not asked. AccessDenied on")
        assert run.store.notices[-1].severity == "information"


def test_places_that_are_not_in_the_text_do_no_harm():
    text = pretty(default_policy())
    found = [
        replace(FOUND, line=999, end_line=0),
        replace(FOUND, line=0),
        replace(PUBLIC, statement=7),
        replace(FOUND, type="NEW_KIND", line=1, column=1, end_line=1, end_column=1),
    ]
    findings = as_findings(text, found)
    assert all(0 <= each.span.start <= each.span.end <= len(text) for each in findings)
    assert findings[-1].severity is Severity.INFO
    assert as_findings("", found)
