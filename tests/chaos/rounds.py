"""A round: two people or one, two programs, faults; then the referee."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from kmstui.service.ports import ChangeRecord
from kmstui.service.tags import TAG_OPERATIONS
from tests.chaos.people import ENDS, SID, Person
from tests.chaos.referee import Findings, journal_of, judge, untold
from tests.control import ControlledKms
from tests.pty_terminal import TerminalTimeoutError

ALIASES = ("ImportedCMK", "orders/api", "orders/api-staging", "orders/rds")

CHANGES = (
    "PutKeyPolicy", "TagResource", "UntagResource", "CreateAlias", "DeleteAlias", "EnableKey",
    "DisableKey", "EnableKeyRotation", "DisableKeyRotation",
)  # fmt: skip
KINDS = ("throttle", "error500", "close", "html", "truncated", "garbage", "status", "hang")
READS = ("GetKeyPolicy", "DescribeKey", "ListResourceTags", "ListAliases", "GetResources")


@dataclass
class Tally:
    """The figures of all rounds, and what did not hold."""

    rounds: int = 0
    figures: dict[str, int] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)

    def add(self, figures: dict[str, int], prefix: str = "") -> None:
        """Count them too."""
        for name, number in figures.items():
            self.figures[prefix + name] = self.figures.get(prefix + name, 0) + number


def play(
    seed: int, seconds: float, directory: Path, say: Callable[[str], None] = lambda _: None
) -> Tally:
    """Rounds until the time is over, one at least."""
    tally, deadline = Tally(), time.monotonic() + seconds
    with ControlledKms.start() as kms:
        while not tally.rounds or time.monotonic() < deadline:
            tally.rounds += 1
            # Each can be had again by itself: --seed of its number.
            dice = random.Random(f"{seed}-{tally.rounds}")
            home = directory / f"round-{tally.rounds}"
            before = len(tally.troubles)
            found = _round(kms, dice, home, max(5.0, min(40.0, deadline - time.monotonic())), tally)
            tally.add(found.figures)
            tally.troubles += found.troubles
            for trouble in tally.troubles[before:]:
                say(f"seed {seed}, round {tally.rounds}: {trouble}")
            say(f"round {tally.rounds}: {json.dumps(tally.figures, sort_keys=True)}")
    return tally


def _round(
    kms: ControlledKms, dice: random.Random, directory: Path, seconds: float, tally: Tally
) -> Findings:
    kms.control.reset()
    key_ids = [_prepared(kms, alias) for alias in ALIASES]
    one_person = dice.random() < 0.5
    people = []
    for number, name in enumerate(("ann", "bob")):
        home = directory / ("ann" if one_person else name)
        home.mkdir(parents=True, exist_ok=True)
        who = "instance" if one_person or number == 0 else "admin"
        people.append(
            Person(name, kms.environment_for(who), home, ALIASES, random.Random(dice.random()))
        )
    until = time.monotonic() + seconds
    for person in people:
        person.start()
    threads = [threading.Thread(target=_live, args=(person, until)) for person in people]
    for thread in threads:
        thread.start()
    _make_faults(kms, dice, until)
    for thread in threads:
        thread.join()
    kms.control.clear_faults()
    kms.control.set_latency(0)
    kms.control.set_quotas(False)
    told = {person.home: _settle(kms, person) for person in people}
    journals = [journal_of(home, kms, key_ids, words) for home, words in told.items()]
    typed = [each for person in people for each in person.typed]
    found = judge(kms, journals, typed, ALIASES)
    for person in people:
        found.troubles += person.troubles
        tally.add(person.done, "did ")
        tally.add(person.waited_in_vain, "in vain ")
    return found


def _prepared(kms: ControlledKms, alias: str) -> str:
    """A policy into which people type, as one that anybody in the account may change."""
    held = kms.control.key(f"alias/{alias}")
    root = f"arn:aws:iam::{kms.account}:root"
    statement = {
        "Sid": SID, "Effect": "Allow", "Principal": {"AWS": root}, "Action": "kms:*",
        "Resource": "*",
    }  # fmt: skip
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    kms.control.change_key(f"alias/{alias}", policy=json.dumps(policy, indent=2))
    return str(held.metadata["KeyId"])


def _live(person: Person, until: float) -> None:
    """Act until the time is over, ending and starting the program between."""
    try:
        while time.monotonic() < until:
            person.act()
            if person.dice.random() < 0.1:
                person.end(person.dice.choice(ENDS))
                person.start()
        if not person.answers():
            person.troubles.append(f"{person.run} answers no more:\n{person.terminal.text}")
        person.end(person.dice.choice(ENDS))
    except Exception as error:
        person.troubles.append(f"the person {person.run} failed: {error!r}")
        person.terminal.close()


def _make_faults(kms: ControlledKms, dice: random.Random, until: float) -> None:
    """Faults come and go."""
    while time.monotonic() < until:
        kind = dice.choice(KINDS)
        # Of both KMS says that it has carried nothing out (API Reference, KMSInternalException).
        after = kind not in ("throttle", "error500") and dice.random() < 0.5
        operation = dice.choice(CHANGES if dice.random() < 0.7 else READS)
        kms.control.fault(kind, operation, times=dice.randrange(1, 4), after=after)
        kms.control.set_latency(
            dice.choice((0, 0, 0.05, 0.3, 1.0)), dice.choice((*CHANGES, *READS))
        )
        kms.control.set_quotas(dice.random() < 0.3)
        threading.Event().wait(dice.random() * 2)
        if dice.random() < 0.4:
            kms.control.clear_faults()


def _settle(kms: ControlledKms, person: Person) -> str:
    """Start once more, so that what was interrupted is found out; returns what is told."""

    def changes() -> tuple[ChangeRecord, ...]:
        return journal_of(person.home, kms, ()).changes

    def tags_are_done() -> bool:
        return not any(
            each.outcome == "pending" and each.operation in TAG_OPERATIONS for each in changes()
        )

    told = ""
    person.start()
    try:
        if not person.accept_tags(tags_are_done):
            person.troubles.append(
                f"{person.run} was not asked about a change of tags:\n{person.terminal.text}"
            )
        told = person.messages(lambda text: not untold(changes(), text))
    except TerminalTimeoutError as error:
        person.troubles.append(f"{person.run} did not get to its messages: {error}")
    person.end("quit")
    return told
