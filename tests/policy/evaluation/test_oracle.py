"""kmstui says of whole requests what others say: another simulator, and AWS's documents.

Where it says something else, `decided.json` tells who is right and why. The files are data, so that
nothing of another simulator is needed; `tests/make_policy_oracle.py` makes the simulated one anew.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.policy.oracle import DOCUMENTED, SIMULATED, Case, cases, decide, decisions

FILES = pytest.mark.parametrize("path", [SIMULATED, DOCUMENTED], ids=lambda path: path.stem)


@FILES
def test_every_request_comes_out_as_the_origin_says_or_as_was_decided(path: Path) -> None:
    answers = [(case, decide(case).outcome.value) for case in cases(path)]
    wrong = [(case, answer) for case, answer in answers if answer != case.expected]
    told = "\n".join(f"{case}\nkmstui: {answer}" for case, answer in wrong[:3])
    assert not wrong, f"{len(wrong)} of {len(answers)}\n{told}"


def _disagreements() -> list[tuple[Case, str]]:
    every = [case for path in (SIMULATED, DOCUMENTED) for case in cases(path)]
    return [(case, case.request["decided"]) for case in every if "kmstui" in case.request]


def test_every_disagreement_is_decided_in_writing() -> None:
    decided = decisions()
    for case, name in _disagreements():
        assert name in decided, f"nobody has decided about\n{case}"
        unknown = decided[name]["right"] == "not documented"
        assert (case.expected == "not predictable") >= unknown, f"{name}: what no document says"
        assert case.says != case.expected, f"no disagreement: make the file anew\n{case}"
    assert {name for _, name in _disagreements()} == set(decided), "decisions that decide nothing"
    for name, decision in decided.items():
        assert decision["right"] in ("kmstui", "not documented"), f"{name} is wrong and not mended"
        assert decision["why"].endswith(".") and decision["source"], name


def test_what_others_say_covers_each_kind_of_policy_and_outcome() -> None:
    """A file made anew with other draws must not lose a part without a word."""
    simulated = list(cases(SIMULATED))
    assert len(simulated) > 1000
    shown = Counter(name for case in simulated for name in case.world)
    for name in ("identity", "boundary", "session", "scps", "rcps", "endpoint"):
        assert shown[name] >= 20, name
    outcomes = Counter(case.says for case in simulated)
    assert all(count > 100 for count in outcomes.values()) and len(outcomes) == 3
    assert {case.world["origin"].split()[0] for case in simulated} == {"iam-simulate"}
