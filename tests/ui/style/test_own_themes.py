"""A person gives colours of their own, and is told of what is none."""

from __future__ import annotations

import pytest

from kmstui.config import load_settings
from kmstui.ui.runtime.options import UiOptions
from kmstui.ui.style.own_themes import COLOURS, ThemeError, own_themes
from kmstui.ui.style.theme import DARK, LIGHT, THEMES, theme_for
from tests.screens import running


def test_what_is_not_given_is_the_other_themes():
    mine, yours = own_themes(
        [
            ("mine", [("base", "light"), ("accent", "#00afaf"), ("json-deny", "#d700d7")]),
            ("yours", [("base", "mine"), ("primary", "ansi_green")]),
        ]
    )
    assert (mine.accent, mine.primary, mine.dark) == ("#00afaf", LIGHT.primary, False)
    assert mine.variables["json-deny"] == yours.variables["json-deny"] == "#d700d7"
    assert mine.variables["dim"] == LIGHT.variables["dim"]
    assert (yours.primary, yours.accent) == ("ansi_green", "#00afaf")
    assert own_themes([("plain", [])])[0].primary == DARK.primary
    assert theme_for("mine", "256", {}, own=["mine"]) == "mine"


def test_every_colour_that_can_be_given_is_one_of_every_theme():
    for theme in THEMES:
        assert all(theme.variables.get(name) or getattr(theme, name, None) for name in COLOURS)


@pytest.mark.parametrize(
    ("name", "colours", "said"),
    [
        ("dark", [], "There is a theme dark already"),
        ("mine", [("base", "solarized")], "rests on solarized; there are ansi, dark, light"),
        ("mine", [("primry", "#000000")], "gives a colour to primry; there are base, accent,"),
        ("mine", [("primary", "reddish")], "'reddish' of primary in the theme mine is no colour"),
        ("mine", [("json-deny-style", "bold")], "gives a colour to json-deny-style"),
    ],
)
def test_what_is_no_theme_is_told(name, colours, said):
    with pytest.raises(ThemeError, match=said):
        own_themes([(name, colours)])


async def test_a_theme_of_the_config_file_is_on_the_screen_and_in_the_palette(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text('theme = "mine"\n[themes.mine]\nbase = "dark"\ncursor_background = "#5f0087"\n')
    settings = load_settings({}, {"KMSTUI_CONFIG": str(path)})
    options = UiOptions(theme=settings.theme, own_themes=own_themes(settings.themes))
    async with running(options=options) as run:
        assert run.app.theme == "mine"
        y = next(y for y, line in enumerate(run.lines) if line.startswith("❯"))
        strip = run.app.screen._compositor.render_strips()[y]
        shown = {
            str(each.style.bgcolor.name) for each in strip if each.style and each.style.bgcolor
        }
        assert "#5f0087" in shown
        await run.press("colon", *"mine")
        await run.wait_for("theme")
        assert "mine" in run.text
