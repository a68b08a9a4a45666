"""What `kmstui.ui.textual_internals` leans on is there: fails by name when a release changes it."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest
from textual import _compositor, _xterm_parser, constants
from textual._styles_cache import StylesCache
from textual.app import App
from textual.drivers import linux_driver
from textual.screen import Screen
from textual.widgets import TextArea
from textual.widgets.text_area import WrappedDocument

import kmstui.ui
from kmstui.ui.textual_internals.app import InsideApp

PACKAGE = Path(inspect.getfile(InsideApp)).parent
UI = Path(kmstui.ui.__path__[0])


def attributes_of(cls):
    """The names of a class, and those that its `__init__` gives to its objects."""
    tree = ast.parse(inspect.getsource(cls))
    given = (node for node in ast.walk(tree) if isinstance(node, ast.Attribute))
    return {*dir(cls), *(node.attr for node in given if ast.unparse(node.value) == "self")}


@pytest.mark.parametrize(
    ("owner", "name", "parameters"),
    [
        (App, "_display", ("self", "screen", "renderable")),
        (App, "_background_screens", None),
        (App, "_fatal_error", ("self",)),
        (App, "_handle_exception", ("self", "error")),
        (App, "_exception", None),
        (App, "_exit", None),
        (App, "_driver", None),
        (App, "_clipboard", None),
        (Screen, "_on_timer_update", ("self",)),
        (Screen, "_bindings", None),
        (_compositor.CompositorUpdate, "render_segments", ("self", "console")),
        (_compositor.LayoutUpdate, "strips", None),
        (_compositor.LayoutUpdate, "region", None),
        (_compositor.ChopsUpdate, "spans", None),
        (_compositor.ChopsUpdate, "chops", None),
        (_compositor.ChopsUpdate, "chop_ends", None),
        (_xterm_parser.XTermParser, "feed", ("self", "data")),
        (StylesCache, "get_inner_outer", None),
        (TextArea, "_refresh_size", ("self",)),
        (TextArea, "_refresh_scrollbars", ("self",)),
        (TextArea, "_theme", None),
        (TextArea, "_has_cursor", None),
        (TextArea, "_draw_cursor", None),
        (WrappedDocument, "_offset_to_line_info", None),
        (WrappedDocument, "_line_index_to_offsets", None),
        (WrappedDocument, "_tab_width", None),
    ],
    ids=lambda value: value if isinstance(value, str) else getattr(value, "__name__", ""),
)
def test_a_name_of_a_class_is_there(owner, name, parameters):
    assert name in attributes_of(owner)
    if parameters is not None:
        assert tuple(inspect.signature(getattr(owner, name)).parameters) == parameters


@pytest.mark.parametrize(
    ("user", "module", "name"),
    [
        ("LinuxDriver", linux_driver, "XTermParser"),
        ("LinuxDriver", linux_driver, "getincrementaldecoder"),
        ("XTermParser", _xterm_parser, "constants.ESCAPE_DELAY"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_name_that_is_patched_is_looked_up_in_its_module_when_it_is_used(user, module, name):
    inside = inspect.getsource(getattr(module, user))
    assert name in inside
    for part in name.split("."):
        module = getattr(module, part)
    assert isinstance(constants.ESCAPE_DELAY, float)


def private_imports(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(each.name for each in node.names)]
            parts = [part for name in names for part in name.split(".")]
            if parts[0] in ("textual", "rich") and any(part.startswith("_") for part in parts):
                yield f"{path.relative_to(UI)}: {node.module}"


def test_no_other_module_imports_what_is_private():
    others = [path for path in sorted(UI.rglob("*.py")) if path.parent != PACKAGE]
    assert not [line for path in others for line in private_imports(path)]
