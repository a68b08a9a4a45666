"""What a terminal gets: the first frame, signs and colours."""

import asyncio
import re

import pytest

from kmstui.ui.runtime.options import UiOptions
from tests.fakes import IMPORTED, FakeConnector, FakeGateway
from tests.screens import running


class SlowConnector(FakeConnector):
    """Connects when it is let."""

    def __init__(self, *gateways):
        super().__init__(*gateways)
        self.let = asyncio.Event()

    async def connect(self, target):
        await self.let.wait()
        return await super().connect(target)


async def test_the_first_frame_does_not_wait_for_a_connection():
    connector = SlowConnector(FakeGateway())
    async with running(connector=connector, loaded=False) as run:
        assert "kmstui  not connected" in run.lines[0]
        assert run.lines[1].startswith(" 1 Keys")
        assert run.lines[-1].startswith(" Enter Policy")
        connector.let.set()
        await run.wait_for("ImportedCMK")


async def test_ascii_terminals_get_nothing_else():
    async with running(options=UiOptions(ascii=True)) as run:
        await run.press("space")
        frame = run.app.export_screenshot()
        drawn = "".join(re.findall(r">([^<]*)<", frame)).replace("&#160;", " ")
        assert drawn.isascii()
        assert "&gt;" in drawn


async def test_consoles_of_few_signs_get_plain_marks_and_their_letters():
    gateway = FakeGateway()
    async with running(gateway, options=UiOptions(plain_signs=True)) as run:
        await run.press("space")
        assert any(line.startswith(">") for line in run.lines)
        assert any(line.startswith(" *") for line in run.lines)
        run.session.notify("Schlüssel")
        await run.wait_for("Schlüssel")


async def test_a_theme_that_does_not_exist_is_told():
    async with running(options=UiOptions(theme="nonsense")) as run:
        await run.wait_for("There is no theme nonsense; there are kmstui-dark")


async def test_ctrl_c_says_how_to_quit():
    async with running() as run:
        await run.press("ctrl+c")
        await run.wait_for("q quits; Ctrl-q quits from anywhere.")


def is_plain(style) -> bool:
    return style is None or all(
        color is None or color.is_default for color in (style.color, style.bgcolor)
    )


async def test_no_color_means_no_colour(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    async with running() as run:
        await run.choose(IMPORTED)
        filters = run.app.get_line_filters()
        for y, strip in enumerate(run.app.screen._compositor.render_strips()):
            drawn = strip
            for line_filter in filters:
                drawn = drawn.apply_filter(line_filter, run.app.screen.styles.background)
            for segment in drawn:
                assert is_plain(segment.style), (y, segment.style)


@pytest.mark.parametrize("theme", ["kmstui-dark", "kmstui-light", "kmstui-ansi"])
async def test_the_cursor_and_the_marks_are_words_or_signs_in_every_theme(theme):
    async with running(options=UiOptions(theme=theme)) as run:
        await run.choose(IMPORTED)
        await run.press("space", "k")
        line = next(line for line in run.lines if "ImportedCMK" in line)
        assert line.startswith("❯●")
        assert "Enabled" in line
