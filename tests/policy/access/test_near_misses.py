"""The access diff against brute force: nobody is missed, and nothing is claimed that is not so."""

from __future__ import annotations

import pytest

from tests.policy.access.brute_force import try_pairs


@pytest.mark.parametrize("start", range(0, 400, 50))
def test_the_diff_says_just_what_brute_force_finds(start: int) -> None:
    report = try_pairs(range(start, start + 50))
    assert not report.missed, "somebody gains or loses something, and the diff does not say so"
    assert not report.false, "the diff says something that is not so"
    assert not report.unknown_callers, "a caller is treated as none of those asked about"
    assert report.differing > 300 and report.incomplete < 5, report
