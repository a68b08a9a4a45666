"""Every word can be read on whatever it stands on, in every theme."""

import itertools

import pytest
from textual.color import Color

from kmstui.ui.style.text_styles import JSON_STYLES
from kmstui.ui.style.theme import DARK, LIGHT, TERMINAL

ENOUGH = 4.5
"""WCAG 2.2, success criterion 1.4.3, for text of ordinary size."""

ENOUGH_OF_SIXTEEN = 3.0
"""For the terminal's own colours, whose values differ; words say the same."""

BEHIND = ("background", "surface", "cursor-away-background", "bar-background", "title-background")
WORDS = ("foreground", "primary", "accent", "warning", "error", "success", "dim")
WORDS_MARKED = ("marked-foreground",)


JSON_WORDS = tuple(
    name for name in JSON_STYLES if name in DARK.variables and name != "json-placeholder"
)


def luminance(color: Color) -> float:
    parts = [part / 255 for part in (color.r, color.g, color.b)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(Color.parse(each)) for each in (one, other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def colour(theme, name):
    return theme.variables.get(name) or getattr(theme, name)


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
@pytest.mark.parametrize(
    ("word", "behind"),
    [
        *itertools.product((*WORDS, *WORDS_MARKED), BEHIND),
        ("cursor-foreground", "cursor-background"),
        ("title-focus-foreground", "title-focus-background"),
        ("json-placeholder", "json-placeholder-background"),
        *itertools.product(JSON_WORDS, ("background",)),
        *((word, "shade") for word in JSON_WORDS if word not in ("json-punctuation", "json-arn")),
    ],
)
def test_words_are_read_on_what_lies_behind_them(theme, word, behind):
    assert contrast(colour(theme, word), colour(theme, behind)) >= ENOUGH


@pytest.mark.parametrize("paper", ["#000000", "#ffffff"], ids=["dark", "light"])
@pytest.mark.parametrize("word", (*WORDS, *JSON_WORDS))
def test_a_terminals_own_colours_are_read_on_dark_and_light_paper(word, paper):
    # xterm's sixteen; the paper itself is the terminal's.
    xterm = {"ansi_magenta": "#cd00cd", "ansi_red": "#cd0000"}
    name = colour(TERMINAL, word)
    assert name == "ansi_default" or contrast(xterm[name], paper) >= ENOUGH_OF_SIXTEEN
