"""Cases whose results others gave: another simulator, and AWS's documents.

Each line of the files in `evaluation/oracle/` is a world: the policies that bear on a key, where
the results come from (`origin`), and requests with what that origin says comes out. Where kmstui
says something else, `kmstui` is its answer and `decided` names the entry of `decided.json` that
tells who is right and why.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kmstui.model.key import Grant
from kmstui.model.organization import ControlLevel, ControlPolicy
from kmstui.policy.evaluation.chain import NOTHING_READ, Chain
from kmstui.policy.evaluation.compiled import CompiledPolicy
from kmstui.policy.evaluation.evaluator import Decision, evaluate
from kmstui.policy.evaluation.policies import (
    Policies,
    compile_identity_policy,
    compile_key_policy,
)
from kmstui.policy.iam.principals import Principal, PrincipalKind
from kmstui.policy.iam.requests import Context, Request

FOLDER = Path(__file__).parent / "evaluation/oracle"
SIMULATED, DOCUMENTED = FOLDER / "simulated.jsonl", FOLDER / "documented.jsonl"
DECIDED = FOLDER / "decided.json"
KEY = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"

_SESSIONS = (PrincipalKind.SESSION, PrincipalKind.FEDERATED_USER)


@dataclass(frozen=True)
class Case:
    """One request in its world."""

    world: Mapping[str, Any]
    request: Mapping[str, Any]

    @property
    def says(self) -> str:
        """What the origin says comes out."""
        return str(self.request["says"])

    @property
    def expected(self) -> str:
        """What kmstui should say."""
        return str(self.request.get("kmstui", self.says))

    def __str__(self) -> str:
        return json.dumps({**self.world, **self.request}, indent=1)


def cases(path: Path) -> Iterator[Case]:
    """All cases of a file."""
    for line in path.read_text("utf-8").splitlines():
        world = json.loads(line)
        requests = world.pop("requests")
        yield from (Case(world, request) for request in requests)


def decisions() -> Mapping[str, Mapping[str, str]]:
    """What was decided about disagreements, by name."""
    found: dict[str, dict[str, str]] = json.loads(DECIDED.read_text("utf-8"))
    return found


def decide(case: Case) -> Decision:
    """What kmstui decides about a case."""
    world, request = case.world, case.request
    principal = Principal.parse(
        request["who"], role_arn=request.get("role", ""), parent=request.get("parent", "")
    )
    session = world.get("session", ()) if principal.kind in _SESSIONS else ()
    policies = Policies(
        compile_key_policy(json.dumps(world["key"])),
        identity=_compiled(world.get("identity", ())),
        boundary=next(iter(_compiled(filter(None, [world.get("boundary")]))), None),
        boundary_known=True,
        session=_compiled(session),
        grants=tuple(_grant(**each) for each in world.get("grants", ())),
        chain=_chain(world, principal.account),
    )
    context = Context.of(request.get("with"), complete=True)
    resource = request.get("on", KEY)
    return evaluate(Request(principal, request["do"], resource, context), policies)


def _compiled(policies: Iterable[Mapping[str, Any]]) -> tuple[CompiledPolicy, ...]:
    return tuple(compile_identity_policy(json.dumps(policy), "policy") for policy in policies)


def _grant(grantee: str, operations: list[str], **more: Any) -> Grant:
    for name in ("context_equals", "context_subset"):
        more[name] = tuple(more.get(name, {}).items())
    return Grant("g", KEY, grantee, tuple(operations), **more)


def _chain(world: Mapping[str, Any], account: str) -> Chain:
    chain = NOTHING_READ.with_scps(account, _levels(world.get("scps", ())))
    chain = chain.with_rcps(_levels(world.get("rcps", ())))
    if endpoint := world.get("endpoint"):
        chain = chain.with_endpoint(_control(endpoint))
    return chain


def _levels(levels: Iterable[Iterable[Mapping[str, Any]]]) -> tuple[ControlLevel, ...]:
    return tuple(ControlLevel("the level", tuple(map(_control, each))) for each in levels)


def _control(policy: Mapping[str, Any]) -> ControlPolicy:
    return ControlPolicy("policy", json.dumps(policy))
