"""Make `simulated.jsonl` anew: what another simulator says of drawn policies and requests.

The simulator is the npm package `@cloud-copilot/iam-simulate` (David Kerber, AGPL-3.0), which knows
that a key policy must let the account's IAM policies in. Nothing of it is kept but its results: it
is installed, with npm and for node, into a folder that is gone afterwards.

Usage: python -m tests.make_policy_oracle                     writes the file anew
       python -m tests.make_policy_oracle --compare SEED N    asks both about N drawn worlds

A disagreement that was decided before keeps its decision; the others are printed, and have an
empty `decided`, with which the tests fail until somebody writes down who is right.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.policy.oracle import SIMULATED, Case, cases, decide
from tests.policy.oracle_draws import Draw, World
from tests.policy.oracle_vocabulary import KEY, OF_THE_KEY, OWNER, PRINCIPALS, Who

PACKAGE = "@cloud-copilot/iam-simulate"
VERSION = "0.1.173"
ORIGIN = f"iam-simulate {VERSION}"
SEED, WORLDS, REQUESTS = 12, 2500, 20
_MOST_BYTES = 385_000
_REQUESTS_KEPT = 7
_DISAGREEING = 10
"""How many worlds show one kind of disagreement."""
_ENOUGH = 3
"""How many cases show a feature before a world must bring another one."""
_SAYS = {
    "Allowed": "allowed",
    "ImplicitlyDenied": "implicitly denied",
    "ExplicitlyDenied": "explicitly denied",
}
_RUNNER = """
import { anonymousPrincipal, runSimulation } from '@cloud-copilot/iam-simulate'
import readline from 'node:readline'
for await (const line of readline.createInterface({ input: process.stdin })) {
  const simulation = JSON.parse(line)
  if (simulation.request.principal === '*') simulation.request.principal = anonymousPrincipal
  const found = await runSimulation(simulation, {})
  const { overallResult: says, errors } = found
  console.log(JSON.stringify({ says, errors, ignored: found.result?.ignoredContextKeys }))
}
"""
_ENCRYPTION_CONTEXT = re.compile(r"kms:EncryptionContext:App", re.IGNORECASE)
_STAND_IN = "aws:RequestTag/App"
"""The simulator's check of condition keys does not know names of an encryption context."""
_ALLOW_ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def simulation(world: World, request: Mapping[str, Any]) -> dict[str, Any]:
    """A request as the simulator takes it."""
    who = PRINCIPALS[request["who"]]
    identity = list(world.identity) if who.has_iam else []
    if who.is_root:
        # It has no place for the root user, whose rights are those of a policy that allows all.
        identity = [{"Version": "2012-10-17", "Statement": [_ALLOW_ALL]}]
    asked = {
        "request": {
            "principal": who.arn,
            "action": request["do"],
            "resource": {"resource": KEY, "accountId": OWNER},
            "contextVariables": {**OF_THE_KEY, **who.follows, **request["with"]},
        },
        "identityPolicies": _named(identity),
        "serviceControlPolicies": _levels(world.scps if who.account else ()),
        "resourceControlPolicies": _levels(world.rcps),
        "resourcePolicy": world.key,
    }
    if world.boundary is not None and who.has_iam:
        asked["permissionBoundaryPolicies"] = _named([world.boundary])
    if world.session is not None and who.of_session:
        asked["sessionPolicy"] = world.session
    if world.endpoint is not None and not who.is_service and "aws:SourceVpce" in request["with"]:
        asked["vpcEndpointPolicies"] = _named([world.endpoint])
    return asked


def _named(policies: Iterable[Any]) -> list[dict[str, Any]]:
    return [{"name": f"p{at}", "policy": policy} for at, policy in enumerate(policies)]


def _levels(levels: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
    return [
        {"orgIdentifier": f"level {at}", "policies": _named(policies)}
        for at, policies in enumerate(levels)
    ]


def simulate(simulations: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Run the simulator on all of them, in one process."""
    text = _ENCRYPTION_CONTEXT.sub(_STAND_IN, "\n".join(map(json.dumps, simulations)))
    with tempfile.TemporaryDirectory() as folder:
        package = {"type": "module", "dependencies": {PACKAGE: VERSION}}
        Path(folder, "package.json").write_text(json.dumps(package))
        Path(folder, "run.mjs").write_text(_RUNNER)
        subprocess.run(["npm", "install", "--silent"], cwd=folder, check=True)
        done = subprocess.run(
            ["node", "run.mjs"],
            cwd=folder,
            input=text,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
    return [json.loads(line) for line in done.stdout.splitlines()]


def _written(world: World) -> dict[str, Any]:
    """A world as the file has it, without its requests."""
    found: dict[str, Any] = {"origin": ORIGIN, "key": world.key, "identity": world.identity}
    found |= {"boundary": world.boundary, "session": world.session and [world.session]}
    found |= {"scps": world.scps, "rcps": world.rcps, "endpoint": world.endpoint}
    return {name: value for name, value in found.items() if value}


def _asked(who: Who, request: Mapping[str, Any]) -> dict[str, Any]:
    """A request as the file has it, without what comes out."""
    found: dict[str, Any] = {"who": who.arn, "do": request["do"], "with": request["with"]}
    if who.parent:
        found["parent"] = who.parent
    elif who.of_session:
        found["role"] = who.follows["aws:PrincipalArn"]
    return {name: value for name, value in found.items() if value}


def simulated(seed: int, worlds: int) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Draw worlds, with what the simulator says of their requests."""
    draw = Draw(seed)
    drawn = [(world := draw.world(), draw.requests(world, REQUESTS)) for _ in range(worlds)]
    results = iter(simulate(simulation(world, each) for world, asked in drawn for each in asked))
    for world, asked in drawn:
        requests = []
        for request, result in [(each, next(results)) for each in asked]:
            if result.get("says") and not result["ignored"]:
                who = PRINCIPALS[request["who"]]
                requests.append({**_asked(who, request), "says": _SAYS[result["says"]]})
        yield _written(world), requests


def _features(world: Mapping[str, Any], request: Mapping[str, Any]) -> Iterator[str]:
    """What a case shows, each with what comes out of it."""
    yield from (f"{request[name]} {request['says']}" for name in ("who", "do"))
    text = json.dumps(world)
    yield from (f"{name} {request['says']}" for name in world)
    elements = r'"(Not(?:Action|Principal|Resource)|2008-10-17)"|(\$\{[^}]*\})|(arn:[^"]*[*?])"'
    yield from (f"{each} {request['says']}" for each in re.findall(elements, text))
    for effect, conditions in re.findall(
        r'"Effect": "(\w+)"(?:(?!"Effect").)*"Condition": (.*)', text
    ):
        for operator in re.findall(r'"((?:For\w+:)?[A-Z]\w+)": \{"\w+:', conditions):
            yield f"{effect} {operator} {request['says']}"


def _disagreement(case: Case) -> tuple[str, ...]:
    """What kmstui says otherwise, and by which rule; empty where it says the same."""
    decision = decide(case)
    answer = decision.outcome.value
    if answer == case.says:
        return ()
    return (case.says, answer, decision.reason.name, *decision.doubts)


Lines = Iterable[tuple[dict[str, Any], list[dict[str, Any]]]]


def _disagreeing(worlds: Lines) -> Iterator[dict[str, Any]]:
    """Some worlds for each kind of disagreement, with the requests that show it."""
    shown: Counter[tuple[str, ...]] = Counter()
    for world, requests in worlds:
        kinds = [(_disagreement(Case(world, request)), request) for request in requests]
        new = {kind: request for kind, request in kinds if kind and shown[kind] < _DISAGREEING}
        if new:
            shown.update(new.keys())
            yield {**world, "requests": list(new.values())}


def _diverse(requests: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Some of them, taking what comes out by turns."""
    by_outcome = [[each for each in requests if each["says"] == says] for says in _SAYS.values()]
    turns = max(map(len, by_outcome), default=0)
    found = [column[turn] for turn in range(turns) for column in by_outcome if turn < len(column)]
    return found[:_REQUESTS_KEPT]


def _showing(worlds: Lines) -> Iterator[dict[str, Any]]:
    """The worlds that show something new."""
    shown: Counter[str] = Counter()
    for world, requests in worlds:
        kept = _diverse(requests)
        features = {each for request in kept for each in _features(world, request)}
        if len({each["says"] for each in kept}) > 1 and any(shown[f] < _ENOUGH for f in features):
            shown.update(features)
            yield {**world, "requests": kept}


def select(worlds: Lines) -> Iterator[dict[str, Any]]:
    """Disagreements and what shows something new, small worlds first, until the file is full."""
    ordered = sorted(worlds, key=lambda each: len(_line(each[0])))
    size = 0
    for line in (*_disagreeing(ordered), *_showing(ordered)):
        size += len(_line(line))
        if size > _MOST_BYTES:
            return
        yield line


def _line(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False) + "\n"


def _question(case: Case) -> str:
    """A case without what came out, to know it again."""
    said = ("says", "kmstui", "decided")
    return _line([case.world, {k: v for k, v in case.request.items() if k not in said}])


def write() -> None:
    """Write the file anew, with the decisions of the one before."""
    before = {_question(each): each.request.get("decided", "") for each in cases(SIMULATED)}
    lines = []
    for world in select(simulated(SEED, WORLDS)):
        requests = world.pop("requests")
        for request in requests:
            case = Case(world, request)
            answer = decide(case).outcome.value
            if answer != case.says:
                decided = before.get(_question(case), "")
                request |= {"kmstui": answer, "decided": decided}
                if not decided:
                    print(case)
        lines.append(_line({**world, "requests": requests}))
    SIMULATED.write_text("".join(lines), encoding="utf-8")


def compare(seed: int, worlds: int) -> None:
    """Print where kmstui and the simulator disagree, and how often."""
    tally: Counter[str] = Counter()
    for world, requests in simulated(seed, worlds):
        for request in requests:
            case = Case(world, request)
            decision = decide(case)
            answer = decision.outcome.value
            same = answer == case.says
            tally["the same" if same else f"{case.says}, kmstui: {answer}"] += 1
            if not same:
                print(case)
    for words, count in tally.most_common():
        print(f"{count:7} {words}", file=sys.stderr)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--compare", nargs=2, type=int, metavar=("SEED", "N"))
    chosen = parser.parse_args()
    if chosen.compare:
        compare(*chosen.compare)
    else:
        write()
