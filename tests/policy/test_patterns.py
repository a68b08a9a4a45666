"""Regular expressions that are compiled when they are first used."""

import re
from importlib import import_module
from pkgutil import walk_packages

import pytest

import kmstui.policy
import kmstui.scripting
from kmstui.model import late_pattern


def modules():
    for package in (kmstui.policy, kmstui.scripting):
        for found in walk_packages(package.__path__, f"{package.__name__}."):
            yield import_module(found.name)


def test_it_is_the_pattern_that_it_becomes():
    late, at_once = late_pattern(r"(?P<word>a+)", re.IGNORECASE), re.compile(r"(?P<word>a+)", re.I)
    assert late.sub("-", "bAab") == at_once.sub("-", "bAab")
    assert [each["word"] for each in late.finditer("xaAx")] == ["aA"]
    assert (late.pattern, late.flags, late.groupindex) == (
        at_once.pattern, at_once.flags, at_once.groupindex,
    )  # fmt: skip


def test_a_wrong_one_is_found_here_and_not_by_the_person_who_first_needs_it():
    kind = type(late_pattern(""))
    late = [each for module in modules() for each in vars(module).values() if type(each) is kind]
    assert len(late) > 50
    for each in late:
        assert each.groups >= 0
    with pytest.raises(re.error):
        _ = late_pattern("(").groups
