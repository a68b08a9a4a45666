"""`kmstui can PRINCIPAL ACTION KEY`: yes or no, why, and what was not considered."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, TextIO

from kmstui.model import visible
from kmstui.policy.evaluation import (
    Answer,
    Applied,
    Decision,
    On,
    Others,
    Outcome,
    PartAnswer,
    Policies,
    answer_word,
    ask,
    not_considered_sentence,
    reason_sentence,
)
from kmstui.policy.iam import (
    Context,
    Principal,
    Request,
    action_info,
    canonical_action,
    has_wildcard,
    key_and_value,
    knowledge,
    time_keys,
)
from kmstui.scripting.can_policies import Asked, PolicyReader, add_policy_options
from kmstui.scripting.command import CommandError
from kmstui.scripting.control_policies import add_control_options, with_files_together
from kmstui.scripting.definition import Command
from kmstui.scripting.parser import (
    COULD_NOT_RUN,
    Parser,
    add_connection_options,
    target_of,
)

if TYPE_CHECKING:
    from kmstui.scripting.surroundings import Surroundings

ALLOWED, DENIED = 0, 1
"""Exit codes, besides `COULD_NOT_RUN`."""


def _run(options: argparse.Namespace, around: Surroundings) -> int:
    if options.ask:
        return _ask_kms(options, around)
    if options.grant_token:
        raise CommandError(
            "--grant-token is for KMS alone, which --ask asks: a prediction goes by the grants"
            " that are listed."
        )
    asked, answers = _decide(options, around, ask)
    if options.format == "json":
        _write_json(asked, answers, around.streams.out)
    else:
        _write_text(answers, around.streams.out)
    return _exit_code(answer.outcome for answer in answers)


def _ask_kms(options: argparse.Namespace, around: Surroundings) -> int:
    # What is told from files and policies alone loads nothing of this.
    from kmstui.scripting import asking
    from kmstui.service.access import predict

    asking.require_askable(options, _actions(options.action))
    asked, answers = _decide(options, around, predict)
    as_json = options.format == "json"
    out = around.streams.out
    told = around.streams.err if as_json else out
    compared = asking.ask_about(options, around.live(), asked, answers, told)
    if as_json:
        _write_json(asked, answers, out, [asking.as_json(each) for each in compared])
    else:
        asking.write_text(compared, out)
    return _exit_code(asking.outcomes(compared))


def _options(parser: Parser) -> None:
    add = parser.add_argument
    add("principal", metavar="PRINCIPAL", help="ARN, account, service, *, or `me`")
    add("action", metavar="ACTION", help="such as kms:Decrypt or Decrypt; * and ? list each")
    add("key", metavar="KEY", nargs="?", help="key ID, ARN or alias of a live key")
    add(
        "--context",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="a condition key of the request; repeat it for several values; \\= is a = in KEY",
    )
    add(
        "--without",
        metavar="KEY",
        action="append",
        default=[],
        help="a condition key that the request does not carry",
    )
    add(
        "--ask",
        action="store_true",
        help="for `me`: ask KMS too, by dry runs, which do nothing and which CloudTrail records",
    )
    add(
        "--grant-token",
        metavar="TOKEN",
        action="append",
        default=[],
        help="with --ask: a grant token that goes along; repeat it for several",
    )
    add_policy_options(parser)
    add_control_options(parser)
    add("--format", choices=("text", "json"), default="text")
    add_connection_options(parser)


COMMAND = Command(
    "Whether a principal may do something with a KMS key, and why: by the key policy, IAM"
    " policies, grants and control policies, as far as they can be read. Each answer says what it"
    " did not consider. A wildcard lists each action.",
    _options,
    _run,
    examples=(
        ("can me kms:Decrypt alias/ImportedCMK", "you, and the policy that is stored"),
        ("can me 'kms:*' alias/ImportedCMK --ask", "and what KMS says, by dry runs"),
        (
            "can 111122223333 Decrypt --policy p.json --key-arn"
            " arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
            "an account, and the policy of a file",
        ),
        ("can me kms:Sign alias/x --scp FullAWSAccess root.json", "under control policies"),
    ),
    exits={
        0: "allowed; with a wildcard: all are allowed",
        1: "denied",
        2: "could not say, or not all is known that the operation needs. With --ask it goes by"
        " KMS's answer, 2 where KMS was asked and did not judge; by the prediction where it has no"
        " dry run",
    },
    rewrite=with_files_together,
)


def _decide(
    options: argparse.Namespace,
    around: Surroundings,
    decide: Callable[[Request, Policies, Others], Answer],
) -> tuple[Asked, tuple[Answer, ...]]:
    actions = _actions(options.action)
    if options.policy is None and options.key is None:
        raise CommandError("name a KEY, or a --policy FILE with the --key-arn it is for.")
    me, now = options.principal == "me", around.now()
    name = around.live().caller(target_of(options)) if me else options.principal
    try:
        principal = Principal.parse(name)
    except ValueError as error:
        raise CommandError(f"{error}.") from error
    context = _context(options.context, options.without, now)
    named = context.values.get("aws:sourcevpce")
    endpoint = None if me and named is None else next(iter(named or ()), "")
    reader = PolicyReader(options, around.live, endpoint)
    asked = reader.asked(principal)
    # Only the policies tell which `=` ends a condition key that holds one itself.
    known = asked.policies.condition_keys
    context = _context(options.context, options.without, now, known)
    others = reader.others(asked, actions)

    def answer(action: str) -> Answer:
        request = Request(asked.principal, action, asked.key_arn, context)
        return decide(request, asked.policies, others.get(action, Others()))

    return asked, tuple(map(answer, actions))


def _actions(pattern: str) -> tuple[str, ...]:
    """The action, or all that a wildcard stands for."""
    action = canonical_action(pattern)
    if has_wildcard(action):
        found = knowledge().expand(action)
    elif action.lower() == "kms:reencrypt":
        found = ("kms:ReEncrypt",)  # an operation without a permission of its name
    else:
        found = () if action_info(action) is None else (action,)
    if not found:
        raise CommandError(
            f"{pattern!r} is not an action of KMS that kmstui knows (as of {knowledge().date});"
            " an example is kms:Decrypt."
        )
    return found


def _context(
    pairs: Iterable[str],
    without: Iterable[str],
    now: datetime,
    known: frozenset[str] = frozenset(),
) -> Context:
    given: dict[str, list[str]] = {}
    for pair in pairs:
        halves = key_and_value(pair, known)
        if halves is None:
            raise CommandError(f"--context {pair!r} is not KEY=VALUE.")
        given.setdefault(halves[0].lower(), []).append(halves[1])
    return Context.of({**time_keys(now), **given}, absent=without)


def _exit_code(found: Iterable[Outcome]) -> int:
    outcomes = set(found)
    if outcomes == {Outcome.ALLOWED}:
        return ALLOWED
    if outcomes & {Outcome.IMPLICITLY_DENIED, Outcome.EXPLICITLY_DENIED}:
        return DENIED
    return COULD_NOT_RUN


_OPTIONS = {
    On.KEY: "KEY",
    On.ALIAS: "--alias",
    On.OTHER_KEY: "--other-key",
    On.REGION: "--replica-region",
}
"""What names a resource."""


def _write_text(answers: Sequence[Answer], out: TextIO) -> None:
    if len(answers) == 1:
        for line in answers[0].explain():
            print(visible(line.text), file=out)
        for need in answers[0].missing:
            print(f"{_OPTIONS[need.on]} says which {need.role} is.", file=out)
        return
    width = max(len(answer.operation) for answer in answers)
    for answer in answers:
        head = f"{answer.operation:<{width}}  {answer.word:<10}"
        print(visible(f"{head}  {answer.sentence}"), file=out)
    left_out = dict.fromkeys(word for answer in answers for word in answer.not_considered)
    print(visible(not_considered_sentence(left_out)), file=out)


def _write_json(
    asked: Asked,
    answers: Sequence[Answer],
    out: TextIO,
    kms: Sequence[dict[str, Any]] = (),
) -> None:
    told: dict[str, Any] = {
        "principal": asked.principal.name,
        "key": asked.key_arn,
        "answers": [_as_json(answer) for answer in answers],
    }
    for answer, said in zip(told["answers"], kms, strict=False):
        answer["kms"] = said
    print(json.dumps(told, indent=2), file=out)


def _as_json(answer: Answer) -> dict[str, Any]:
    whole = {
        **_decision(answer.weakest),
        "action": answer.operation,
        "answer": answer.word,
        "outcome": answer.outcome.value,
        "reason": answer.sentence,
    }
    if len(answer.parts) > 1:
        whole["permissions"] = [_part(part) for part in answer.parts]
    return whole


def _part(part: PartAnswer) -> dict[str, Any]:
    on = {"on": part.need.role, "resource": part.resource}
    if part.decision is None:
        return {"action": part.need.action, **on, "answer": "not known", "reason": part.how}
    return {**_decision(part.decision), **on}


def _decision(decision: Decision) -> dict[str, Any]:
    return {
        "action": decision.request.action,
        "answer": answer_word(decision),
        "outcome": decision.outcome.value,
        "reason": reason_sentence(decision),
        "statements": [_statement(each) for each in decision.deciding],
        "conditionsNotMet": [_statement(each) for each in decision.near],
        "grants": [grant.id for grant in decision.grants],
        "doubts": [doubt.value for doubt in decision.doubts],
        "missingContext": list(decision.missing_keys),
        "considered": list(decision.considered),
        "notConsidered": list(decision.not_considered),
    }


def _statement(applied: Applied) -> dict[str, Any]:
    document = applied.compiled.policy.document
    line, column = document.location(applied.span.start)
    return {
        "policy": applied.source,
        "sid": applied.statement.sid,
        "number": applied.statement.index + 1,
        "effect": applied.statement.effect,
        "applies": applied.truth.name.lower(),
        "line": line + 1,
        "column": column + 1,
        "conditions": [
            {
                "operator": result.entry.operator.value,
                "key": result.entry.key.value,
                "holds": result.truth.name.lower(),
                "request": None if result.given is None else list(result.given),
            }
            for result in applied.conditions
        ],
    }
