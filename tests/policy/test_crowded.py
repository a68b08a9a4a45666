"""Policies that KMS takes and nobody writes: as many of one thing as go into 32 KB."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from kmstui.policy.access import access_diff
from kmstui.policy.lint import fix_all, lint
from kmstui.policy.syntax import parse
from tests.policy.asking import KEY, ROOT

_MOST_BYTES = 32_768
_SECONDS = 20.0
"""Of processor time; all of them take less than two, and took more than sixty."""

_CROWDS: dict[str, Callable[[int], list[dict[str, Any]]]] = {
    "condition keys": lambda number: [
        _allow(Condition={"StringLike": {f"aws:PrincipalTag/k{n}": "*x*" for n in range(number)}})
    ],
    "networks": lambda number: [
        _allow(
            Condition={
                "IpAddress": {
                    "aws:SourceIp": [f"10.{n // 250}.{n % 250}.0/24" for n in range(number)]
                }
            }
        )
    ],
    "accounts": lambda number: [
        _allow(Principal={"AWS": [f"arn:aws:iam::{n:012}:role/r{n}" for n in range(number)]})
    ],
    "statements": lambda number: [
        _allow(
            Sid=f"a{n}",
            Effect=("Deny", "Allow")[n % 2],
            Condition={"StringLike": {"aws:PrincipalArn": f"*{n}*"}},
        )
        for n in range(number)
    ],
}


def _allow(**others: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*", **others}


def _policy(statements: list[dict[str, Any]]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


@pytest.fixture(params=_CROWDS)
def crowd(request: pytest.FixtureRequest) -> str:
    """The largest policy of a kind that KMS takes."""
    made, number = "", 100
    while len(text := _policy(_CROWDS[request.param](number))) <= _MOST_BYTES:
        made, number = text, int(number * 1.1)
    return made


def test_what_is_crowded_is_judged_all_the_same(crowd: str) -> None:
    began = time.process_time()
    assert not parse(crowd).problems
    lint(crowd)
    assert fix_all(crowd).text
    root = _policy([_allow(Principal={"AWS": ROOT})])
    assert access_diff(crowd, root, KEY).sentences
    assert access_diff(root, crowd, KEY).sentences
    assert time.process_time() - began < _SECONDS
