"""`kmstui findings`: what is wrong with keys, and with their policies."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO

from kmstui.model import Key, bare_name
from kmstui.policy.lint import RULES as POLICY_RULES
from kmstui.policy.lint import Finding, Severity, UnknownRuleError, known_rule
from kmstui.scripting.catalogue import explain as explain_of_policies
from kmstui.scripting.command import CommandError, Progress, complain
from kmstui.scripting.definition import Command
from kmstui.scripting.keys import parsed_filter, read_facts, told_of
from kmstui.scripting.parser import COULD_NOT_RUN, Parser, add_connection_options
from kmstui.scripting.putting import tell_unread, with_session
from kmstui.scripting.several import PLACE
from kmstui.scripting.table import FORMATS, Column, write_rows
from kmstui.service.access import lint_context
from kmstui.service.findings import (
    EVERY_RULE,
    RULES,
    AllFindings,
    KeyFindings,
    LocatedFinding,
    Wanted,
    controls_of,
    in_short,
    lint_stored,
    located,
)
from kmstui.service.inventory import Topic

if TYPE_CHECKING:
    from kmstui.scripting.surroundings import Surroundings
    from kmstui.service.session import Session

FINE, ERRORS = 0, 1
"""Exit codes, besides `COULD_NOT_RUN`."""

_COLUMNS = tuple(
    Column(name, name.upper().replace("_", " "))
    for name in (
        "severity", "rule", "alias", "id", "account", "region", "line", "finding", "controls",
        "why", "url", "arn",
    )
)  # fmt: skip
_FOR_PEOPLE = ("severity", "rule", "serves", "key", "finding")
"""What is long stands last."""


class _Row(NamedTuple):
    """One finding of one key."""

    key: Key
    alias: str
    located: LocatedFinding

    @property
    def order(self) -> tuple[int, str, str, int, str]:
        finding = self.located.finding
        return (-finding.severity, self.alias, self.key.id, self.located.line, finding.rule)

    def values(self) -> dict[str, Any]:
        """By the ids of the columns."""
        finding, key = self.located.finding, self.key
        controls = controls_of(finding.rule)
        return {
            "severity": finding.severity.word,
            "rule": finding.rule,
            "key": self.alias.removeprefix("alias/") or key.bare_id,
            "alias": self.alias or None,
            "id": key.bare_id,
            "account": key.account,
            "region": key.region,
            "line": self.located.line or None,
            "finding": finding.message,
            "controls": [each.words for each in controls],
            "serves": in_short(controls),
            "why": finding.why,
            "url": finding.url,
            "arn": key.arn,
        }


def _options(parser: Parser) -> None:
    add = parser.add_argument
    add("filter", nargs="*", metavar="FILTER", help="which keys, as of `kmstui keys`")
    add("--rule", action="append", default=[], metavar="ID", help="this rule alone (repeatable)")
    add("--disable", action="append", default=[], metavar="ID", help="turn a rule off (repeatable)")
    add(
        "--severity",
        choices=[severity.word for severity in Severity],
        default="info",
        help="the least that is reported, and read for: last use is slow; default: info",
    )
    add("--format", choices=(*FORMATS, "sarif"), default="table", help="default: table")
    add("--explain", metavar="ID", help="tell about one rule")
    add("--list-rules", action="store_true", help="list the rules about keys themselves")
    add_connection_options(parser)


def _run(options: argparse.Namespace, around: Surroundings) -> int:
    if options.explain:
        _explain(options.explain, around.streams.out)
        return FINE
    if options.list_rules:
        for rule in RULES.values():
            served = in_short(rule.controls)
            line = f"{rule.id}  {rule.severity.word:<7}  {rule.title:<24}  {served}"
            print(line.rstrip(), file=around.streams.out)
        return FINE
    search = _Search(options, around)
    return with_session(around, search.run)


def _explain(written: str, out: TextIO) -> None:
    id_ = _asked(written)
    if id_ not in RULES:
        explain_of_policies(id_, out)
        return
    rule = RULES[id_]
    served = "".join(f"  {each.words}\n" for each in rule.controls)
    print(f"{rule.id} ({rule.severity.word}): {rule.title}\n\n{rule.flags}\n\n{rule.why}", file=out)
    print(f"\nWhat to do: {'; or '.join(rule.remedies)}.", file=out)
    print(f"{rule.url}\n\nControls that it serves:\n{served or '  none'}".rstrip(), file=out)
    if rule.controls:
        print(f"  as {rule.controls[0].url} says", file=out)


def _asked(id_: str) -> str:
    """The id of a rule of either kind, in its own case.

    Raises:
        CommandError: no rule has it.
    """
    if id_.upper() in RULES:
        return id_.upper()
    try:
        return known_rule(id_)
    except UnknownRuleError as error:
        known = f"Those about keys are {', '.join(RULES)}; `kmstui lint --list-rules` lists others."
        raise CommandError(f"{error} {known}") from None


def _all_asked(words: Sequence[str]) -> set[str]:
    return {_asked(id_) for each in words for id_ in each.replace(",", " ").split()}


class _Search:
    """One run of the command."""

    def __init__(self, options: argparse.Namespace, around: Surroundings) -> None:
        self._options = options
        self._around = around
        self._least = Severity[options.severity.upper()]
        self._filter = parsed_filter(options.filter)
        self._off = _all_asked(options.disable) | set(around.disabled)
        if only := _all_asked(options.rule):
            self._off |= {*RULES, *POLICY_RULES} - only
        chosen = dict(around.posture.severity)
        for rule in RULES.values():
            worst = Severity[chosen[rule.id].upper()] if rule.id in chosen else rule.severity
            if worst < self._least:
                # What nobody reports need not be read either.
                self._off.add(rule.id)
        self._problems: list[str] = []
        """What is not known, and should be."""

    async def run(self, session: Session) -> int:
        progress = Progress(self._around.streams.err)
        with told_of(session.store, progress):
            await session.refresh()
            if self._filter.facts:
                await read_facts(session.store, session.gateway, self._filter, (), aws=True)
        code = tell_unread(session, self._around, "findings")
        if session.store.banner:
            self._problems.append(session.store.banner)
        found = session.shared(AllFindings)
        found.wanted = Wanted(self._around.posture, self._off_for, self._filter.matches)
        try:
            await self._look(session, found, progress)
        finally:
            progress.end()
        rows = sorted(self._rows(session, found), key=lambda row: row.order)
        self._tell(session, found)
        self._write(rows, several=len(session.each) > 1)
        if any(row.located.finding.severity is Severity.ERROR for row in rows):
            return ERRORS
        return COULD_NOT_RUN if self._problems else code

    def _off_for(self, key_id: str) -> frozenset[str]:
        bare = bare_name(key_id)
        return frozenset((*self._off, *self._around.disabled_by_key.get(bare, ())))

    async def _look(self, session: Session, found: AllFindings, progress: Progress) -> None:
        def judge(key: Key, text: str) -> tuple[LocatedFinding, ...]:
            context = lint_context(key, session.of(key.id).caller)
            findings = lint_stored(text, text, context, self._off_for(key.id))
            return located(text, findings)

        def told(_: KeyFindings) -> None:
            progress.show(len(found.results), found.total, "policies read")

        async def no_pause() -> None:
            """Nobody presses keys."""

        await found.run(judge, told, no_pause)
        wanted = max(found.facts_left().values(), default=0)
        unsubscribe = session.store.subscribe(
            Topic.KEYS,
            lambda _: progress.show(
                wanted - max(found.facts_left().values(), default=0), wanted, "keys asked about"
            ),
        )
        try:
            await found.finish()
        finally:
            unsubscribe()

    def _rows(self, session: Session, found: AllFindings) -> Iterator[_Row]:
        store = session.store
        for key_id, result in found.results.items():
            of_key = (LocatedFinding(each) for each in found.judged(key_id).found)
            alias = next(iter(store.aliases_of(key_id)), "")
            for each in (*result.found, *of_key):
                if each.finding.severity >= self._least:
                    yield _Row(store.keys[key_id], alias, each)

    def _tell(self, session: Session, found: AllFindings) -> None:
        """Say what is not known, and why: of each rule once."""
        name_of = session.store.name_of
        for key_id, result in found.results.items():
            if result.problem:
                self._problems.append(f"The policy of {name_of(key_id)}: {result.problem}")
        self._problems += found.facts_problems
        for rule, whys in _not_known(found).items():
            (why, keys), *_ = whys.most_common(1)
            number = sum(whys.values())
            what = "What rules about keys would say" if rule == EVERY_RULE else rule
            others = "" if keys == number else " Of others for other reasons."
            plural = "1 key" if number == 1 else f"{number:,} keys"
            sentence = f"{what} is not known of {plural}. {why[0]}{others}"
            if why[1]:
                complain(sentence, self._around.streams.err, "kmstui findings")
            else:
                self._problems.append(sentence)
        for sentence in self._problems:
            complain(sentence, self._around.streams.err, "kmstui findings")

    def _write(self, rows: Sequence[_Row], *, several: bool) -> None:
        form, out = self._options.format, self._around.streams.out
        if form == "sarif":
            self._write_sarif(rows, out)
            return
        people = form in ("table", "md")
        titles = {"serves": "CONTROLS"}
        brief = [Column(name, titles.get(name, name.upper())) for name in _FOR_PEOPLE]
        columns = (*(PLACE if several else ()), *brief) if people else _COLUMNS
        write_rows([row.values() for row in rows], columns, form, out)

    def _write_sarif(self, rows: Sequence[_Row], out: TextIO) -> None:
        from kmstui.scripting.report import LEVELS, write_sarif_log

        ids = [*POLICY_RULES, *RULES]
        results = []
        for row in rows:
            finding, arn = row.located.finding, row.key.arn
            place: dict[str, Any] = {"artifactLocation": {"uri": arn}}
            if isinstance(finding, Finding):
                line, column = row.located.line, row.located.column
                place["region"] = {"startLine": line, "startColumn": column}
            results.append(
                {
                    "ruleId": finding.rule,
                    "ruleIndex": ids.index(finding.rule),
                    "level": LEVELS[finding.severity],
                    "message": {"text": finding.message},
                    "locations": [
                        {
                            "physicalLocation": place,
                            "logicalLocations": [{"fullyQualifiedName": arn, "kind": "resource"}],
                        }
                    ],
                    "properties": {"tags": [each.words for each in controls_of(finding.rule)]},
                }
            )
        write_sarif_log([*POLICY_RULES.values(), *RULES.values()], results, self._problems, out)


def _not_known(found: AllFindings) -> dict[str, Counter[tuple[str, bool]]]:
    """Of how many keys something is not known, by rule, reason, and whether nobody can know it."""
    counted: dict[str, Counter[tuple[str, bool]]] = {}
    for key_id in found.results:
        said = {each.rule: each for each in found.judged(key_id).not_known}
        for rule, each in said.items():
            why = each.why or "It was not read."
            counted.setdefault(rule, Counter())[why, each.nobody_knows] += 1
    return counted


COMMAND = Command(
    "Say what is wrong with the keys of an account and Region, and with their policies: no"
    " rotation, material that expires, scheduled deletions, no use, no alias, missing tags, access"
    " from outside, and all that `kmstui lint` finds; with the controls of CIS, PCI DSS and AWS"
    " Security Hub that it serves. Thresholds stand in the table [posture] of config.toml. What is"
    " not known is told, with its reason.",
    _options,
    _run,
    examples=(
        ("findings", "all customer managed keys"),
        ("findings tag:env=prod --severity warning", "the keys of production; no last use is read"),
        ("findings --rule KEY01 --format csv", "keys that could rotate and do not, for a sheet"),
        ("findings --format sarif", "for code scanning"),
        ("findings --explain KEY01", "what it finds, why, and which controls ask for it"),
        ("findings --list-rules", "all rules about keys themselves"),
    ),
    exits={
        0: "no errors were found, and all is known",
        1: "errors were found",
        2: "no errors were found, but something could not be read",
    },
)
