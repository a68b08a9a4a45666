"""How the house is built: no circles, and nobody comes in by the window.

import-linter holds the order of the rooms (`pyproject.toml`); it counts no circle inside a room.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "kmstui"
LAYERS = {"kmstui", "kmstui.aws", "kmstui.policy", "kmstui.service", "kmstui.ui"}
MOST_LINES = 400


def name_of(path: Path) -> str:
    """`kmstui.ui.app`; a package by its own name."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def modules() -> dict[str, Path]:
    """Every module by its name."""
    return {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}


@cache
def packages() -> tuple[str, ...]:
    """Every package that has a front door; what stands inside another one shares its door."""
    found = [name for name, path in modules().items() if path.name == "__init__.py"]
    doors = [name for name in found if name not in LAYERS]
    return tuple(name for name in doors if not any(name.startswith(f"{other}.") for other in doors))


def door_of(name: str) -> str | None:
    """The package through whose front door a module is reached."""
    return next((each for each in packages() if f"{name}.".startswith(f"{each}.")), None)


def imports_of(path: Path) -> Iterator[tuple[str, str]]:
    """What a module imports of ours, late and for types alone too: as it says, and the module."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((each.name, each.name) for each in node.names if each.name in modules())
        elif isinstance(node, ast.ImportFrom) and node.module in modules():
            for each in node.names:
                whole = f"{node.module}.{each.name}"
                yield node.module, whole if whole in modules() else node.module


def test_no_module_imports_itself_by_way_of_others():
    graph = {
        name: {target for _, target in imports_of(path)} - {name}
        for name, path in modules().items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" → ".join(error.args[1]))


def test_a_package_is_entered_by_its_front_door():
    windows = [
        f"{name} imports {target} past {door}"
        for name, path in modules().items()
        for target, _ in imports_of(path)
        if (door := door_of(target)) not in {None, target, door_of(name)}
    ]
    assert not windows


@pytest.mark.parametrize("package", packages())
def test_a_front_door_says_in_a_sentence_what_is_behind_it(package: str):
    words = ast.get_docstring(ast.parse(modules()[package].read_text("utf-8")))
    assert words
    assert words.splitlines()[0].endswith(".")


def test_every_name_at_a_front_door_is_there():
    script = "\n".join(
        f"import {package}\nfor name in getattr({package}, '__all__', ()): getattr({package}, name)"
        for package in packages()
    )
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)


def test_a_front_door_hands_out_only_what_somebody_outside_takes():
    taken: set[tuple[str, str]] = set()
    for path in (*PACKAGE.rglob("*.py"), *(ROOT / "tests").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom):
                taken |= {(str(node.module), each.name) for each in node.names}
    idle = []
    for package in packages():
        stub = modules()[package].with_suffix(".pyi")
        if stub.exists():
            for node in ast.parse(stub.read_text("utf-8")).body:
                assert isinstance(node, ast.ImportFrom)
                idle += [
                    f"{package}.{each.name}"
                    for each in node.names
                    if (package, each.name) not in taken
                ]
    assert not idle


def test_no_file_is_too_long_for_a_head():
    long = {name: len(path.read_text("utf-8").splitlines()) for name, path in modules().items()}
    assert {name: lines for name, lines in long.items() if lines > MOST_LINES} == {}
