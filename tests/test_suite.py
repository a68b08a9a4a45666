"""What holds of the tests themselves."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

TESTS = Path(__file__).parent
PACKAGE = TESTS.parent / "kmstui"
WAITS = {"wait_for", "wait_until_gone", "until"}
"""Methods of the benches that fail a test where what is waited for never comes."""
OWN_PURPOSE = {"chaos", "benchmarks", "end_to_end", "fakes", "pictures", "embedded"}

Function = ast.FunctionDef | ast.AsyncFunctionDef
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)


@cache
def modules() -> dict[str, ast.Module]:
    """The tests and their helpers, by dotted name."""
    files = (path for path in TESTS.rglob("*.py") if "benchmarks" not in path.parts)
    return {
        ".".join(path.relative_to(TESTS.parent).with_suffix("").parts): ast.parse(
            path.read_text("utf-8")
        )
        for path in sorted(files)
    }


def inside(node: ast.AST) -> Iterator[ast.AST]:
    """All that runs when the function runs, so not what is only defined in it."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, (*FUNCTION, ast.Lambda)):
            yield child
            yield from inside(child)


@cache
def names_of(module: str) -> dict[str, tuple[str, str]]:
    """Where a plain name of a module leads to in the tests: module and function."""
    found: dict[str, tuple[str, str]] = {}
    for node in ast.walk(modules()[module]):
        if isinstance(node, FUNCTION):
            found[node.name] = (module, node.name)
        elif isinstance(node, ast.ImportFrom) and node.module:
            where = f"{module.rpartition('.')[0]}.{node.module}" if node.level else node.module
            found |= {each.asname or each.name: (where, each.name) for each in node.names}
    return found


@cache
def functions_of(module: str, name: str) -> list[tuple[str, Function]]:
    """The functions of this name in a module, methods and inner ones too, with their module."""
    if f"{module}.__init__" in modules():
        return functions_of(*names_of(f"{module}.__init__").get(name, ("", "")))
    return [
        (module, each)
        for each in (ast.walk(modules()[module]) if module in modules() else ())
        if isinstance(each, FUNCTION) and each.name == name
    ]


def is_check(node: ast.AST) -> bool:
    """Whether it fails a test by itself."""
    match node:
        case ast.Assert():
            return True
        case ast.Raise(exc=ast.Call(func=ast.Name(id=name))):
            return name in {"AssertionError", "TerminalTimeoutError"}
        case ast.Raise(exc=ast.Name(id="AssertionError")):
            return True
        case ast.Call(func=ast.Attribute(value=ast.Name(id="pytest"), attr=name)):
            return name in {"raises", "warns", "fail"}
        case ast.Call(func=ast.Attribute(value=ast.Name(id="subprocess"), attr="run")):
            return any(
                each.arg == "check" and ast.unparse(each.value) == "True" for each in node.keywords
            )
    return False


def checks(module: str, function: Function, seen: frozenset[Function] = frozenset()) -> bool:
    """Whether it asserts, waits for something, or calls a helper for that and nothing else.

    What a helper returns is used by the test, and a context manager only sets it up.
    """
    for node in inside(function):
        if is_check(node):
            return True
        if not isinstance(node, (ast.Expr, ast.Return)) or node.value is None:
            continue
        for call in [node.value, *inside(node.value)]:
            match call:
                case ast.Call(func=ast.Attribute(value=value, attr=name)):
                    if name in WAITS and ast.unparse(value) != "asyncio":
                        return True
                case ast.Call(func=ast.Name(id=name)):
                    helpers = functions_of(*names_of(module).get(name, ("", "")))
                    if helpers and all(
                        each not in seen and checks(where, each, seen | {each})
                        for where, each in helpers
                    ):
                        return True
    return False


def idle_tests() -> list[str]:
    """The tests that cannot fail but by an exception."""
    return [
        f"{module}: {function.name}"
        for module, tree in modules().items()
        for function in ast.walk(tree)
        if isinstance(function, FUNCTION)
        and function.name.startswith("test_")
        and not checks(module, function)
    ]


def test_every_test_asserts_something_itself_or_by_a_helper_that_it_names():
    assert idle_tests() == []


def test_a_test_without_an_assertion_is_found(monkeypatch):
    idle = """
async def test_that_only_presses(run):
    async with running() as run:
        await run.press("j")
        await asyncio.wait_for(run.pilot.pause(), 1)

        def never_called():
            assert False
"""
    planted = {"tests.planted": ast.parse(idle)}
    monkeypatch.setattr(f"{__name__}.modules", lambda: planted)
    assert idle_tests() == ["tests.planted: test_that_only_presses"]


def test_what_waits_for_something_fails_when_it_never_comes():
    waiting = [
        (module, function)
        for module in modules()
        for name in sorted(WAITS)
        for _, function in functions_of(module, name)
        if "self" in ast.unparse(function.args)
    ]
    assert {function.name for _, function in waiting} == WAITS
    for module, function in waiting:
        assert checks(module, function), f"{module}: {ast.unparse(function)}"


def test_every_folder_of_tests_has_a_namesake_in_the_program_or_a_purpose_of_its_own():
    folders = {path.parent.relative_to(TESTS) for path in TESTS.rglob("*.py")}
    strange = [
        folder
        for folder in folders
        if not OWN_PURPOSE & set(folder.parts) and not (PACKAGE / folder).is_dir()
    ]
    assert strange == []
