from dataclasses import astuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import Segment
from textual import constants
from textual.color import Color

from kmstui.model.safe_text import is_seen, visible
from kmstui.ui.commands.aws_cli import aws_command
from kmstui.ui.policy.line_cells import is_strange
from kmstui.ui.style.cells import fit, width_of, wrap
from kmstui.ui.style.symbols import FANCY, PLAIN
from kmstui.ui.style.theme import theme_for
from kmstui.ui.terminal.ascii_filter import AsciiFilter, to_ascii
from kmstui.ui.textual_internals.terminal_input import shorten_escape
from tests.fakes import HOSTILE_TEXT, INFO


def test_what_a_terminal_would_obey_is_shown_by_its_code():
    assert visible(HOSTILE_TEXT) == (
        r"[bold red]markup[/] \x1b[2Jescape \u202egnol\u202c\ttab\nline"
    )


UNSEEN = (
    # Default_Ignorable_Code_Point, as DerivedCoreProperties.txt of Unicode 16 lists it.
    (0x00AD, 0x00AD), (0x034F, 0x034F), (0x061C, 0x061C), (0x115F, 0x1160), (0x17B4, 0x17B5),
    (0x180B, 0x180F), (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164),
    (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
    # Blank, bidirectional, line and paragraph separators, spaces that are not the one.
    (0x2800, 0x2800), (0x2066, 0x2069), (0x2028, 0x2029), (0x00A0, 0x00A0), (0x2000, 0x200A),
    (0x3000, 0x3000), (0x0000, 0x001F), (0x007F, 0x009F), (0xD800, 0xDFFF),
)  # fmt: skip


@pytest.mark.parametrize(("first", "last"), UNSEEN)
def test_what_nobody_would_see_is_shown_by_its_code_everywhere(first, last):
    for number in range(first, last + 1):
        character = chr(number)
        assert visible(f"a{character}b").isascii(), hex(number)
        assert len(visible(f"a{character}b")) > 3
        assert is_strange(character)
        assert not is_seen(character)


def test_what_everybody_sees_is_left_as_it_is():
    text = "Schlüssel für Grüße, ключ, 鍵, مفتاح, 열쇠, é → ✔ 🔑"
    assert visible(text) == text


def test_an_arn_is_cut_in_the_middle_since_its_end_tells_whose_it_is():
    arn = "arn:aws:iam::418259630147:role/KMSWorkshop-InstanceInitRole"
    assert fit(arn, 38) == "arn:…role/KMSWorkshop-InstanceInitRole"
    assert fit("no ARN, but as long as one, and longer", 12) == "no ARN, but…"


@settings(max_examples=200)
@given(st.text() | st.text().map("arn:".__add__), st.integers(0, 40), st.booleans())
def test_fitted_text_takes_exactly_its_cells(text, width, right):
    shown = fit(text, width, right=right)
    assert cell_len(shown) == width
    assert shown == "" or shown.isprintable()


# Where it went through the word once for each line it took minutes; coverage makes it slow.
@settings(max_examples=30, deadline=10_000)
@given(st.text(min_size=1, max_size=5), st.integers(2, 80))
def test_a_word_of_a_megabyte_is_wrapped_while_a_person_waits(piece, width):
    text = piece * (200_000 // len(piece))
    lines = wrap(text, width)
    assert all(cell_len(line) <= width for line in lines[:100])
    assert "".join(lines).replace(" ", "") == visible(text.replace("\n", "")).replace(" ", "")


@settings(max_examples=200)
@given(st.text(), st.integers(2, 40))
def test_wrapped_text_loses_no_word_and_fits(text, width):
    lines = wrap(text, width)
    assert all(cell_len(line) <= width for line in lines)
    shown = "".join(visible(part) for part in text.split("\n"))
    assert "".join(lines).replace(" ", "") == shown.replace(" ", "")


@settings(max_examples=100)
@given(st.text(max_size=30))
def test_ascii_terminals_get_ascii_of_the_same_width(text):
    shown = visible(text)
    (segment,) = AsciiFilter().apply([Segment(shown)], Color(0, 0, 0))
    assert segment.text.isascii()
    assert len(segment.text) == width_of(shown)


def test_commands_for_the_aws_cli_are_quoted():
    command = aws_command(INFO, "tag-resource", "--tags", "TagKey=a b,TagValue=$(rm)")
    assert command == (
        "aws kms tag-resource --tags 'TagKey=a b,TagValue=$(rm)' --region eu-central-1"
    )


def test_the_theme_suits_the_terminal():
    assert theme_for("", "truecolor", {}) == "kmstui-dark"
    assert theme_for("light", "truecolor", {}) == "kmstui-light"
    assert theme_for("kmstui-light", "256", {}) == "kmstui-light"
    assert theme_for("nonsense", "256", {"COLORFGBG": "0;15"}) == "kmstui-light"
    assert theme_for("", "standard", {}) == "kmstui-ansi"
    assert theme_for("", "truecolor", {"NO_COLOR": "1"}) == "kmstui-ansi"


def test_escape_works_soon_and_the_person_has_the_last_word(monkeypatch):
    monkeypatch.setattr(constants, "ESCAPE_DELAY", 0.1)
    shorten_escape({"ESCDELAY": "300"})
    assert constants.ESCAPE_DELAY == 0.1
    shorten_escape({})
    assert constants.ESCAPE_DELAY == 0.05


def test_every_sign_says_one_thing_in_ascii_too():
    # The review marks who gains with + and who loses with -, beside these.
    verdicts = {PLAIN.done, PLAIN.error, PLAIN.warning, PLAIN.information}
    assert len(verdicts | {"+", "-", "?"}) == 7
    drawn = [to_ascii(symbol) for symbol in astuple(FANCY)]
    assert drawn == list(astuple(PLAIN))
