"""`kmstui diff OLD NEW`: who gains and who loses what when one key policy replaces another."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, TextIO

from kmstui.model import Arn, visible
from kmstui.policy.access import AccessChange, AccessDiff, Direction, access_diff
from kmstui.policy.evaluation import NOTHING_READ, Chain, not_considered_sentence
from kmstui.policy.lint import KeyContext, accounts_in_question
from kmstui.scripting.command import CommandError
from kmstui.scripting.control_policies import (
    add_control_options,
    given_chain,
    with_files_together,
)
from kmstui.scripting.definition import Command
from kmstui.scripting.parser import (
    COULD_NOT_RUN,
    Parser,
    add_connection_options,
    target_of,
)
from kmstui.scripting.policy_files import KEY_POLICY, is_key, policy_in

if TYPE_CHECKING:
    from kmstui.scripting.surroundings import Surroundings
    from kmstui.service.access import CheckAnswer

NO_GAIN, GAIN = 0, 1
"""Exit codes, besides `COULD_NOT_RUN`."""
_GAINS = (Direction.GAINS, Direction.UNDENIED, Direction.UNCLEAR)
"""What may give somebody more than before."""


class _Side(NamedTuple):
    text: str
    key_arn: str = ""
    chain: Chain = NOTHING_READ


def _run(options: argparse.Namespace, around: Surroundings) -> int:
    if options.old == options.new == "-":
        raise CommandError("Only one of the two policies can come from standard input.")
    old, new = (_side(each, options, around) for each in (options.old, options.new))
    key_arn = options.key_arn or old.key_arn or new.key_arn or _only_key(old, new)
    diff = access_diff(old.text, new.text, key_arn, _chain(options, (old, new), key_arn))
    checked: tuple[CheckAnswer, ...] = ()
    if options.ask_analyzer or options.not_granted:
        # Who compares files waits for nothing that asks AWS.
        from kmstui.scripting.analyzer import check_change
        from kmstui.service.access import PolicyChange

        change = PolicyChange(old.text, new.text, key_arn)
        checked = check_change(options, around.live(), change, around.streams.err)
    write = _write_json if options.format == "json" else _write_text
    write(diff, key_arn, checked, around.streams.out)
    return _exit_code(diff, checked, held=bool(options.not_granted))


def _exit_code(diff: AccessDiff, checked: Sequence[CheckAnswer], *, held: bool) -> int:
    """`held`: also to the actions that NEW must give nobody."""
    gains = not diff.complete or any(change.direction in _GAINS for change in diff.changes)
    counted = checked if held else checked[:1]
    if gains or any(each.said is not None and not each.said.passed for each in counted):
        return GAIN
    return COULD_NOT_RUN if any(each.said is None for each in counted) else NO_GAIN


def _options(parser: Parser) -> None:
    add = parser.add_argument
    add("old", metavar="OLD", help="the policy before: a file, - for standard input, or a key")
    add("new", metavar="NEW", help="the policy after: likewise")
    add("--key-arn", metavar="ARN", default="", help="the key that the files are for")
    add("--format", choices=("text", "json"), default="text")
    add_control_options(parser)
    parser.add_argument(
        "--ask-analyzer",
        action="store_true",
        help="let IAM Access Analyzer check the change, too, for which AWS charges; says first what"
        " is sent. Exit code 1: it finds new access; 2: it did not answer",
    )
    parser.add_argument(
        "--not-granted",
        metavar="ACTIONS",
        help="with that, actions that NEW must give nobody, as kms:Decrypt,kms:Sign; exit code 1"
        " where it does (if not given, those taken away are checked and only told of)",
    )
    add_connection_options(parser)


COMMAND = Command(
    "Who gains and who loses what when one key policy replaces another. A policy is a file, - for"
    " standard input, or the one that is stored of a key. A gain that a control policy refuses"
    " today is one: the control policy may change.",
    _options,
    _run,
    examples=(
        ("diff alias/ImportedCMK new.json", "what a put of new.json would do"),
        ("diff old.json new.json --format json", "for scripts"),
        ("diff old.json new.json --ask-analyzer", "and what IAM Access Analyzer says"),
    ),
    exits={
        0: "nobody gains access",
        1: "somebody does, or what is left open may give it",
        2: "the policies could not be compared, or Access Analyzer was asked and did not answer",
    },
    rewrite=with_files_together,
)


def _side(name: str, options: argparse.Namespace, around: Surroundings) -> _Side:
    if not is_key(name):
        return _Side(policy_in(name, KEY_POLICY, around.streams.stdin).text)
    found = around.live().policy(target_of(options), name, with_chain=True)
    return _Side(found.text, str(found.key.arn or ""), found.chain)


def _chain(options: argparse.Namespace, sides: Sequence[_Side], key_arn: str) -> Chain:
    """What was read with a live key, and what the files say in its place.

    Raises:
        CommandError: a file is wrong, or cannot be held against a key that is not known.
    """
    arn = Arn.parse(key_arn)
    read = next((side.chain for side in sides if side.key_arn == key_arn), NOTHING_READ)
    chain = given_chain(read, options, arn.account)
    if chain.is_known and not arn.region:
        raise CommandError(
            "Control policies and those of VPC endpoints can name Regions and keys: say which key"
            " it is with --key-arn arn:aws:kms:REGION:ACCOUNT:key/ID."
        )
    return chain


def _only_key(old: _Side, new: _Side) -> str:
    """A key of the account that both policies are for, where that can be told.

    Raises:
        CommandError: it cannot.
    """
    found = {
        account for side in (old, new) for account in accounts_in_question(side.text, KeyContext())
    }
    if len(found) != 1:
        raise CommandError(
            "Which account the key is in cannot be told from the policies, and everything hangs on"
            " it: say so with --key-arn arn:aws:kms:REGION:ACCOUNT:key/ID."
        )
    return str(Arn("aws", "kms", "", found.pop(), "key/any"))


def _write_text(
    diff: AccessDiff, _key_arn: str, checked: Sequence[CheckAnswer], out: TextIO
) -> None:
    for sentence in diff.sentences:
        print(visible(sentence), file=out)
    print(visible(not_considered_sentence(diff.not_considered)), file=out)
    if checked:
        from kmstui.scripting.analyzer import write_text

        write_text(checked, out)


def _write_json(
    diff: AccessDiff, key_arn: str, checked: Sequence[CheckAnswer], out: TextIO
) -> None:
    answer: dict[str, object] = {
        "key": key_arn,
        "complete": diff.complete,
        "openKeys": list(diff.open_keys),
        "changes": [_as_json(change) for change in diff.changes],
        "notConsidered": list(diff.not_considered),
    }
    if checked:
        from kmstui.scripting.analyzer import as_json

        answer["accessAnalyzer"] = list(map(as_json, checked))
    json.dump(answer, out, indent=2)
    print(file=out)


def _as_json(change: AccessChange) -> dict[str, object]:
    return {
        "direction": change.direction.name.lower(),
        "who": list(change.names),
        "actions": list(change.actions),
        "before": change.before.name.lower(),
        "after": change.after.name.lower(),
        "when": [words for words in change.when if words],
        "refused": change.refused,
        "sentence": change.sentence,
        "statementsBefore": [statement.label for statement in change.statements_before],
        "statementsAfter": [statement.label for statement in change.statements_after],
    }
