"""`kmstui can PRINCIPAL ACTION KEY`: yes or no, why, and what was not considered."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TextIO

from kmstui.model import Arn, Identity, visible
from kmstui.policy.evaluation import (
    Applied,
    Decision,
    Outcome,
    Policies,
    answer_word,
    compile_identity_policy,
    evaluate,
    explain,
    not_considered_sentence,
    reason_sentence,
)
from kmstui.policy.iam import (
    Context,
    Principal,
    Request,
    account_of,
    action_info,
    brought_to_role,
    canonical_action,
    has_wildcard,
    knowledge,
)
from kmstui.scripting.command import (
    COULD_NOT_RUN,
    CommandError,
    Streams,
    add_connection_options,
    command_parser,
    run_command,
    target_of,
)
from kmstui.scripting.control_policies import (
    add_control_options,
    given_chain,
    require_session,
    with_files_together,
)
from kmstui.scripting.policy_files import policy_in

if TYPE_CHECKING:
    from kmstui.scripting.live_source import LiveSource

ALLOWED, DENIED = 0, 1
"""Exit codes, besides `COULD_NOT_RUN`."""


def run(
    arguments: Sequence[str],
    source: Callable[[], LiveSource],
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    out: TextIO | None = None,
    err: TextIO | None = None,
) -> int:
    """Run `can` on what the arguments ask; returns the exit code.

    Args:
        arguments: The command line behind `can`.
        source: Called for what reads live keys.
        now: The clock, for conditions on the time.
        out: Where the answer goes; standard output if not given.
        err: Where complaints go; standard error if not given.
    """
    streams = Streams.of(None, out, err)
    options = _parser().parse_args(with_files_together(arguments))

    def job() -> int:
        decisions = _decide(options, source, now())
        write = _write_json if options.format == "json" else _write_text
        write(decisions, streams.out)
        return _exit_code(decisions)

    return run_command(job, streams.err, "kmstui")


def _parser() -> argparse.ArgumentParser:
    parser = command_parser(
        "can",
        "Whether a principal may do something with a KMS key, and why.",
        "Exit code 0: allowed; 1: denied; 2: could not say. With a wildcard: 0 only where"
        " all are allowed.",
    )
    add = parser.add_argument
    add("principal", metavar="PRINCIPAL", help="ARN, account, service, *, or `me`")
    add("action", metavar="ACTION", help="such as kms:Decrypt or Decrypt; * and ? list each")
    add("key", metavar="KEY", nargs="?", help="key ID, ARN or alias of a live key")
    add("--policy", metavar="FILE", help="judge this key policy instead of the stored one")
    add("--key-arn", metavar="ARN", help="the key that --policy is for")
    add(
        "--context",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="a condition key of the request; repeat it for several values",
    )
    add(
        "--without",
        metavar="KEY",
        action="append",
        default=[],
        help="a condition key that the request does not carry",
    )
    for name, what in (
        ("--identity-policy", "an IAM policy of the principal; may be repeated"),
        ("--session-policy", "a session policy; may be repeated"),
    ):
        add(name, metavar="FILE", action="append", default=[], help=what)
    add("--permissions-boundary", metavar="FILE", help="the principal's permissions boundary")
    add_control_options(parser)
    add("--format", choices=("text", "json"), default="text")
    add_connection_options(parser)
    return parser


def _decide(
    options: argparse.Namespace, source: Callable[[], LiveSource], now: datetime
) -> tuple[Decision, ...]:
    actions = _actions(options.action)
    context = _context(options.context, options.without, now)
    if options.policy is None and options.key is None:
        raise CommandError("name a KEY, or a --policy FILE with the --key-arn it is for.")
    me = options.principal == "me"
    name = source().caller(target_of(options)) if me else options.principal
    try:
        principal = Principal.parse(name)
    except ValueError as error:
        raise CommandError(f"{error}.") from error
    named = context.values.get("aws:sourcevpce")
    endpoint = None if me and named is None else next(iter(named or ()), "")
    key_arn, policies, identity = _key_policies(options, source, principal, endpoint)
    if identity is not None and identity.arn and not principal.path_known:
        principal = principal.with_role(identity.arn)
    principal = brought_to_role(principal, (policies.key.policy,))
    if options.session_policy:
        require_session(principal)
    chain = given_chain(
        policies.chain, options, principal.account, lambda name: policy_in(name).text
    )
    policies = replace(_with_files(policies, options), chain=chain)
    return tuple(
        evaluate(Request(principal, action, key_arn, context), policies) for action in actions
    )


def _actions(pattern: str) -> tuple[str, ...]:
    """The action, or all that a wildcard stands for."""
    action = canonical_action(pattern)
    if has_wildcard(action):
        found = knowledge().expand(action)
    else:
        found = () if action_info(action) is None else (action,)
    if not found:
        raise CommandError(
            f"{pattern!r} is not an action of KMS that kmstui knows (as of {knowledge().date});"
            " an example is kms:Decrypt."
        )
    return found


def _context(pairs: Iterable[str], without: Iterable[str], now: datetime) -> Context:
    values: dict[str, list[str]] = {
        "aws:CurrentTime": [now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")],
        "aws:EpochTime": [str(int(now.timestamp()))],
    }
    given: dict[str, list[str]] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise CommandError(f"--context {pair!r} is not KEY=VALUE.")
        given.setdefault(key.lower(), []).append(value)
    return Context.of({**values, **given}, absent=without)


def _key_policies(
    options: argparse.Namespace,
    source: Callable[[], LiveSource],
    principal: Principal,
    endpoint: str | None,
) -> tuple[str, Policies, Identity | None]:
    if options.policy is not None:
        key_arn = options.key_arn or options.key or ""
        parsed = Arn.maybe(key_arn)
        if parsed is None or parsed.service != "kms" or parsed.resource_type != "key":
            raise CommandError(
                "--policy needs --key-arn with the ARN of the key that the policy is for, such as"
                " arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab."
            )
        return key_arn, Policies.of_key(policy_in(options.policy)), None
    asked = principal.role_arn or principal.name
    access = source().key_access(target_of(options), options.key, asked, endpoint=endpoint)
    policies = replace(Policies.of_key(access.policy, access.grants), chain=access.chain)
    identity = access.identity
    if identity is None or account_of(identity.arn) != principal.account:
        # IAM finds roles and users by name: one of the same name in this account is another.
        return access.key_arn, policies, None
    return access.key_arn, policies.with_identity(identity), identity


def _with_files(policies: Policies, options: argparse.Namespace) -> Policies:
    """The policies that files replace."""
    if options.identity_policy:
        identity = tuple(
            compile_identity_policy(policy_in(name), f"identity policy {name}")
            for name in options.identity_policy
        )
        policies = replace(policies, identity=identity, identity_incomplete="")
    if options.permissions_boundary is not None:
        name = options.permissions_boundary
        boundary = compile_identity_policy(policy_in(name), f"permissions boundary {name}")
        policies = replace(policies, boundary=boundary)
    if options.session_policy:
        session = tuple(
            compile_identity_policy(policy_in(name), f"session policy {name}")
            for name in options.session_policy
        )
        policies = replace(policies, session=session)
    return policies


def _exit_code(decisions: Iterable[Decision]) -> int:
    outcomes = {decision.outcome for decision in decisions}
    if outcomes == {Outcome.ALLOWED}:
        return ALLOWED
    if outcomes & {Outcome.IMPLICITLY_DENIED, Outcome.EXPLICITLY_DENIED}:
        return DENIED
    return COULD_NOT_RUN


def _write_text(decisions: Sequence[Decision], out: TextIO) -> None:
    if len(decisions) == 1:
        for line in explain(decisions[0]):
            print(visible(line.text), file=out)
        return
    width = max(len(decision.request.action) for decision in decisions)
    for decision in decisions:
        head = f"{decision.request.action:<{width}}  {answer_word(decision):<10}"
        print(visible(f"{head}  {reason_sentence(decision)}"), file=out)
    left_out = dict.fromkeys(word for each in decisions for word in each.not_considered)
    print(visible(not_considered_sentence(left_out)), file=out)


def _write_json(decisions: Sequence[Decision], out: TextIO) -> None:
    request = decisions[0].request
    answer = {
        "principal": request.principal.name,
        "key": request.resource,
        "answers": [_as_json(decision) for decision in decisions],
    }
    print(json.dumps(answer, indent=2), file=out)


def _as_json(decision: Decision) -> dict[str, Any]:
    return {
        "action": decision.request.action,
        "answer": answer_word(decision),
        "outcome": decision.outcome.value,
        "reason": reason_sentence(decision),
        "statements": [_statement(each) for each in decision.deciding],
        "conditionsNotMet": [_statement(each) for each in decision.near],
        "grants": [grant.id for grant in decision.grants],
        "barredBy": decision.barrier,
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
