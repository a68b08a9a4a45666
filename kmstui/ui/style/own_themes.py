"""Themes of a person's own: another one with some colours changed, from config.toml."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from textual.color import Color, ColorParseError
from textual.theme import Theme

from kmstui.ui.style.theme import DARK, THEMES

BASE = "base"
"""Names the theme that has the colours which are not given; `dark` where it is left out."""

_OF_TEXTUAL = (
    "primary", "secondary", "accent", "warning", "error", "success", "foreground", "background",
    "surface", "panel",
)  # fmt: skip
COLOURS = (*_OF_TEXTUAL, *(name for name in DARK.variables if not name.endswith("-style")))
"""What can be given: Textual's colours of a theme, and ours."""


class ThemeError(ValueError):
    """A theme cannot be made; the message is a sentence."""


def own_themes(described: Sequence[tuple[str, Sequence[tuple[str, str]]]]) -> tuple[Theme, ...]:
    """The themes described by name and colours, each of which may rest on one before it.

    Raises:
        ThemeError: a name is taken or unknown, or a colour is none.
    """
    known = {each.name.removeprefix("kmstui-"): each for each in THEMES}
    made: list[Theme] = []
    for name, given in described:
        if name in known or name.startswith("kmstui-"):
            raise ThemeError(f"There is a theme {name} already: call your own otherwise.")
        theme = _made(name, dict(given), known)
        known[name] = theme
        made.append(theme)
    return tuple(made)


def _made(name: str, given: Mapping[str, str], known: Mapping[str, Theme]) -> Theme:
    wanted = given.get(BASE, "dark").removeprefix("kmstui-")
    if wanted not in known:
        raise ThemeError(f"The theme {name} rests on {wanted}; there are {_listed(known)}.")
    base, colours = known[wanted], {key: value for key, value in given.items() if key != BASE}
    for key, value in colours.items():
        if key not in COLOURS:
            raise ThemeError(
                f"The theme {name} gives a colour to {key}; there are {BASE}, {_listed(COLOURS)}."
            )
        try:
            Color.parse(value)
        except ColorParseError:
            raise ThemeError(
                f"{value!r} of {key} in the theme {name} is no colour: write #ffaf5f, or one of the"
                " terminal's own such as ansi_red."
            ) from None
    ours = {key: value for key, value in colours.items() if key not in _OF_TEXTUAL}
    of_textual: dict[str, Any] = {key: colours[key] for key in _OF_TEXTUAL if key in colours}
    return replace(base, name=name, variables={**base.variables, **ours}, **of_textual)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
