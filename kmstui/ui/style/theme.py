"""The themes, in colours that a terminal of 256 colours shows unchanged, and the style sheets."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from textual.theme import BUILTIN_THEMES, Theme

_PACKAGE = Path(__file__).resolve().parents[2]


def _scrollbars(bar: str, pressed: str, background: str) -> dict[str, str]:
    """Textual's names of the colours of scroll bars."""
    return {
        "scrollbar": bar,
        "scrollbar-hover": bar,
        "scrollbar-active": pressed,
        "scrollbar-background": background,
        "scrollbar-background-hover": background,
        "scrollbar-background-active": background,
        "scrollbar-corner-color": background,
    }


DARK = Theme(
    name="kmstui-dark",
    primary="#5fafff",
    secondary="#87afd7",
    accent="#ffd75f",
    warning="#ffaf5f",
    error="#ff8787",
    success="#87d787",
    foreground="#d0d0d0",
    background="#121212",
    surface="#1c1c1c",
    panel="#303030",
    dark=True,
    variables={
        **_scrollbars("#303030", "#5fafff", "#121212"),
        "dim": "#9e9e9e",
        "cursor-background": "#005f87",
        "cursor-foreground": "#ffffff",
        "cursor-away-background": "#303030",
        "marked-foreground": "#ffd75f",
        "bar-background": "#262626",
        "title-background": "#262626",
        "title-focus-background": "#005f87",
        "title-focus-foreground": "#ffffff",
        "frame": "#444444",
        "shade": "#262626",
        "json-name": "#87afd7",
        "json-punctuation": "#808080",
        "json-number": "#af87ff",
        "json-allow": "#87d787",
        "json-deny": "#ff5f5f",
        "json-deny-style": "bold reverse",
        "json-prefix": "#afaf87",
        "json-action": "#ffd787",
        "json-wildcard": "#ff875f",
        "json-arn": "#808080",
        "json-account": "#d787d7",
        "json-resource": "#afd7d7",
        "json-operator": "#afafff",
        "json-condition": "#87d7ff",
        "json-placeholder": "#ffffff",
        "json-placeholder-background": "#af0000",
        "json-placeholder-style": "none",
    },
)
LIGHT = Theme(
    name="kmstui-light",
    primary="#005faf",
    secondary="#005f87",
    accent="#005f5f",
    warning="#875f00",
    error="#af0000",
    success="#005f00",
    foreground="#1c1c1c",
    background="#ffffff",
    surface="#eeeeee",
    panel="#dadada",
    dark=False,
    variables={
        **_scrollbars("#dadada", "#005faf", "#ffffff"),
        "dim": "#626262",
        "cursor-background": "#afd7ff",
        "cursor-foreground": "#000000",
        "cursor-away-background": "#e4e4e4",
        "marked-foreground": "#875f00",
        "bar-background": "#e4e4e4",
        "title-background": "#e4e4e4",
        "title-focus-background": "#005faf",
        "title-focus-foreground": "#ffffff",
        "frame": "#bcbcbc",
        "shade": "#e4e4e4",
        "json-name": "#005faf",
        "json-punctuation": "#626262",
        "json-number": "#5f0087",
        "json-allow": "#005f00",
        "json-deny": "#af0000",
        "json-deny-style": "bold reverse",
        "json-prefix": "#626262",
        "json-action": "#875f00",
        "json-wildcard": "#af005f",
        "json-arn": "#626262",
        "json-account": "#870087",
        "json-resource": "#005f5f",
        "json-operator": "#5f5f87",
        "json-condition": "#005faf",
        "json-placeholder": "#ffffff",
        "json-placeholder-background": "#d70000",
        "json-placeholder-style": "none",
    },
)
TERMINAL = Theme(
    name="kmstui-ansi",
    # The paper may be dark or light: yellow, green and cyan cannot be read on white, blue not
    # on black.
    primary="ansi_magenta",
    secondary="ansi_default",
    accent="ansi_magenta",
    warning="ansi_red",
    error="ansi_red",
    success="ansi_default",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    dark=True,
    ansi=True,
    luminosity_spread=0.0,
    text_alpha=1.0,
    variables={
        **BUILTIN_THEMES["ansi-dark"].variables,
        **_scrollbars("ansi_default", "ansi_magenta", "ansi_default"),
        # Bright black is invisible on consoles of eight colours.
        "dim": "ansi_default",
        "cursor-background": "ansi_blue",
        "cursor-foreground": "ansi_bright_white",
        "cursor-away-background": "ansi_default",
        "marked-foreground": "ansi_magenta",
        "bar-background": "ansi_default",
        "title-background": "ansi_default",
        "title-focus-background": "ansi_blue",
        "title-focus-foreground": "ansi_bright_white",
        "frame": "ansi_default",
        "shade": "ansi_default",
        **dict.fromkeys(
            (
                "json-punctuation",
                "json-number",
                "json-allow",
                "json-prefix",
                "json-action",
                "json-wildcard",
                "json-arn",
                "json-account",
                "json-resource",
                "json-operator",
                "json-condition",
                "json-placeholder",
                "json-placeholder-background",
            ),
            "ansi_default",
        ),
        "json-name": "ansi_magenta",
        "json-deny": "ansi_red",
        "json-deny-style": "bold reverse",
        "json-placeholder-style": "reverse",
    },
)
THEMES = (DARK, LIGHT, TERMINAL)
THEME_NAMES = tuple(theme.name for theme in THEMES)


def theme_for(
    asked: str,
    color_system: str | None,
    environ: Mapping[str, str] = os.environ,
    *,
    own: Sequence[str] = (),
) -> str:
    """The theme to begin with: the one asked for, of ours or of `own`, or what suits the terminal.

    Terminals of 16 colours, and people who set `NO_COLOR`, get their own colours; a terminal
    that says its background is light (`COLORFGBG`, as rxvt and Konsole set it) the light theme.
    """
    found = _named(asked, own)
    if found:
        return found
    if color_system in (None, "standard") or "NO_COLOR" in environ:
        return TERMINAL.name
    if environ.get("COLORFGBG", "").rpartition(";")[2] in ("7", "15"):
        return LIGHT.name
    return DARK.name


def unknown_theme_words(asked: str, own: Sequence[str] = ()) -> str:
    """Says that no theme is called as the setting names it; empty when one is."""
    if not asked or _named(asked, own):
        return ""
    return f"There is no theme {asked}; there are {', '.join((*THEME_NAMES, *own))}."


def _named(asked: str, own: Sequence[str]) -> str:
    names = (name for name in (*THEME_NAMES, *own) if asked in (name, name.removeprefix("kmstui-")))
    return next(names, "")


def styles_directory() -> Path:
    """`kmstui/styles` in an installed wheel, else the checkout's `styles` beside the package."""
    inside = _PACKAGE / "styles"
    return inside if inside.is_dir() else _PACKAGE.parent / "styles"


def style_sheets() -> list[Path]:
    """Every sheet, the theme's first, so that a screen's own rules come after it."""
    sheets = sorted(styles_directory().glob("*.tcss"))
    return sorted(sheets, key=lambda sheet: sheet.name != "theme.tcss")
