"""The guides for whoever works on kmstui speak of what is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
GUIDES = ("kmstui/README.md", ".github/CONTRIBUTING.md", ".github/SECURITY.md")
PLACES = (ROOT, ROOT / "kmstui")
"""A path in a guide begins at one of these."""


def paths_in(guide: str) -> set[str]:
    """What stands between backticks and looks like a path below the project."""
    text = (ROOT / guide).read_text("utf-8")
    spans = re.findall(r"`([^`\n]+)`", text)
    return {
        span for span in spans if re.fullmatch(r"\.?[\w./-]+(?:/|\.(?:py|pyi|md|toml|json))", span)
    }


@pytest.mark.parametrize("guide", GUIDES)
def test_what_a_guide_names_is_there(guide: str):
    gone = [
        path
        for path in paths_in(guide)
        if not any((place / path).exists() for place in PLACES) and "/" in path
    ]
    assert not gone


def test_a_guide_is_looked_through_for_paths():
    assert "service/changes/waiting.py" in paths_in("kmstui/README.md")
    assert "tests/benchmarks/" in paths_in(".github/CONTRIBUTING.md")


def test_the_map_names_every_layer_and_capability():
    text = (ROOT / "kmstui" / "README.md").read_text("utf-8")
    rooms = {
        path.parent.name
        for layer in ("ui", "service", "policy", "aws")
        for path in (ROOT / "kmstui" / layer).glob("*/__init__.py")
    }
    assert {room for room in rooms if room not in text} == set()
