"""The options of `can` and `diff` that name control policies and the policy of a VPC endpoint."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from kmstui.model import ControlLevel, ControlPolicy
from kmstui.policy.evaluation import FULL_ACCESS, Chain
from kmstui.policy.iam import Principal, PrincipalKind
from kmstui.policy.syntax import Statement
from kmstui.scripting.command import STDIN, CommandError
from kmstui.scripting.policy_files import Check, names_nobody, names_somebody, policy_in

_LEVELS = ("--scp", "--rcp")
_BETWEEN = "\0"
"""Stands between the files of one option: no file name holds it."""


def add_control_options(parser: argparse.ArgumentParser) -> None:
    """Add `--scp`, `--rcp` and `--vpc-endpoint-policy`."""
    for name, what in (
        ("--scp", "service control policies of the principal's account"),
        ("--rcp", "resource control policies of the key's account"),
    ):
        parser.add_argument(
            name,
            metavar="FILE",
            action="append",
            default=[],
            help=f"{what}: the files of one level (root, OU or account), or {FULL_ACCESS.name};"
            " repeat the option for each level",
        )
    parser.add_argument(
        "--vpc-endpoint-policy",
        metavar="FILE",
        help="the policy of the VPC endpoint through which the request goes",
    )


def with_files_together(arguments: Sequence[str]) -> list[str]:
    """The arguments with the files behind one `--scp` or `--rcp` made one, for argparse.

    `nargs="+"` would take PRINCIPAL and ACTION for files where they stand behind; here more files
    than one are what exists as a file.
    """
    found: list[str] = []
    taking = False
    for argument in arguments:
        if taking and _is_file(argument):
            found[-1] += _BETWEEN + argument
            continue
        taking = len(found) > 0 and found[-1] in _LEVELS
        found.append(argument)
        taking = taking or argument.startswith(tuple(f"{name}=" for name in _LEVELS))
    return found


def _is_file(argument: str) -> bool:
    return argument in (STDIN, FULL_ACCESS.name) or Path(argument).is_file()


def given_chain(chain: Chain, options: argparse.Namespace, account: str) -> Chain:
    """The chain with what the files say in place of what was read.

    Args:
        chain: What was read.
        options: What `add_control_options` read.
        account: The principal's account; empty for one that has none.

    Raises:
        CommandError: as `policy_in` does.
    """
    if options.scp:
        chain = chain.with_scps(account, tuple(_levels(options.scp, _SCP)))
    if options.rcp:
        chain = chain.with_rcps(tuple(_levels(options.rcp, _names_everybody)))
    name = options.vpc_endpoint_policy
    if name is None:
        return chain
    return chain.with_endpoint(ControlPolicy(name, policy_in(name, _ENDPOINT_POLICY).text))


_WITHOUT_SESSION_POLICIES = frozenset(
    {PrincipalKind.USER, PrincipalKind.ROOT, PrincipalKind.SERVICE, PrincipalKind.ANONYMOUS}
)


def require_session(principal: Principal) -> None:
    """See that the principal can have session policies, which AssumeRole and its like take.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#policies_session

    Raises:
        CommandError: it cannot, so an answer with one would be about nobody.
    """
    if principal.kind in _WITHOUT_SESSION_POLICIES:
        raise CommandError(
            f"{principal.short} has no session policies; sessions of roles and federated users do."
        )


_SCP = names_nobody("a service control policy")
_ENDPOINT_POLICY = names_somebody("the policy of a VPC endpoint")


def _levels(given: Sequence[str], check: Check) -> Iterator[ControlLevel]:
    for number, files in enumerate(given, 1):
        names = files.split(_BETWEEN)
        policies = tuple(
            FULL_ACCESS
            if name == FULL_ACCESS.name
            else ControlPolicy(name, policy_in(name, check).text)
            for name in names
        )
        place = f"level {number} ({', '.join(names)})"
        yield ControlLevel(place, policies, complete=False)


def _names_everybody(statement: Statement) -> str:
    """RCP syntax: Principal is "*", and Allow is for RCPFullAWSAccess alone.

    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps_syntax.html
    """
    if [entry.value.value for entry in statement.principals] != ["*"]:
        return 'needs the Principal "*", the only one of a resource control policy'
    if statement.effect == "Allow" and [node.value for node in statement.actions] != ["*"]:
        return "allows, and a resource control policy can only deny"
    return ""
