"""What the painter sends makes a terminal show the frame, in as few bytes as a slow line needs."""

from __future__ import annotations

from collections.abc import Iterator

import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Region, Size
from textual.strip import Strip

from kmstui.service.inventory.store import Store
from kmstui.service.session import Session
from kmstui.ui.app import KmsApp
from kmstui.ui.runtime.options import UiOptions
from kmstui.ui.terminal.painter import Painter
from kmstui.ui.terminal.renditions import Rendition
from kmstui.ui.terminal.rows import find_scroll
from kmstui.ui.textual_internals.app import Piece, _EncodedFrame
from tests.fakes import NOW, FakeConnector, FakeGateway, MemoryJournal

WIDTH, HEIGHT = 24, 9
STYLES = [
    None,
    Style(bold=True),
    Style(color="red", bgcolor="blue"),
    Style(color="#5fafff", underline=True, bold=True),
    Style(dim=True, reverse=True),
    Style(color="default", bgcolor="default", italic=True),
]
Line = list[tuple[str, int]]


class Terminal:
    """A terminal with a painter before it."""

    def __init__(self, width: int = WIDTH, height: int = HEIGHT) -> None:
        self.size = Size(width, height)
        self.painter = Painter()
        self.screen = pyte.Screen(width, height)
        self.stream = pyte.ByteStream(self.screen)

    def paint(self, lines: list[Line], *, first: int = 0, x: int = 0) -> int:
        """Show lines from a row and column on; the bytes that took."""
        pieces = [(first + y, x, [strip_of(line)]) for y, line in enumerate(lines)]
        sent = self.painter.paint(pieces, self.size, ColorSystem.EIGHT_BIT).encode()
        self.stream.feed(sent)
        return len(sent)

    @property
    def cells(self) -> list[list[object]]:
        """All that a person sees."""
        buffer = self.screen.buffer
        return [[buffer[y][x] for x in range(self.size.width)] for y in range(self.size.height)]


def strip_of(line: Line) -> Strip:
    return Strip([Segment(text, STYLES[style]) for text, style in line])


def filled(words: str, style: int = 0, width: int = WIDTH) -> Line:
    return [(words.ljust(width), style)]


def numbered(texts: list[str], first: int = 1, width: int = 60) -> list[Line]:
    """Lines of an editor: a number, and what is written there."""
    return [
        [(f"{number:>4} ", 4), (text.ljust(width - 6), 2), ("|", 1)]
        for number, text in enumerate(texts, first)
    ]


TEXTS = [f'"Sid": "Statement {number}", "Effect": "Allow"' for number in range(40)]


def settled(terminal: Terminal, lines: list[Line]) -> list[list[object]]:
    """What a terminal shows to which the frame was the first."""
    anew = Terminal(*terminal.size)
    anew.paint(lines)
    return anew.cells


words = st.text(alphabet="ab {}é▲漢\u0301👍", max_size=12)
piece = st.tuples(words, st.integers(0, len(STYLES) - 1))


@st.composite
def frames(draw: st.DrawFn) -> list[list[Line]]:
    """Frames that follow each other as those of an editor do: lines change, come and go."""
    kinds = [filled_line(draw(st.lists(piece, max_size=3))) for _ in range(6)]
    chosen = st.sampled_from(kinds)
    lines = [draw(chosen) for _ in range(HEIGHT)]
    result = [list(lines)]
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, HEIGHT - 1))
        many = draw(st.integers(1, 3))
        if draw(st.booleans()):
            lines[at:at] = [draw(chosen) for _ in range(many)]
        else:
            del lines[at : at + many]
        lines = (lines + [draw(chosen) for _ in range(HEIGHT)])[:HEIGHT]
        result.append(list(lines))
    return result


def filled_line(pieces: Line) -> Line:
    strip = strip_of(pieces)
    # Behind the last column pyte begins a new line for a combining character, which terminals put
    # to the one before it.
    if strip.cell_length >= WIDTH:
        return filled("too long")
    return [*pieces, (" " * (WIDTH - strip.cell_length), 2)]


@given(frames())
@settings(max_examples=120)
def test_after_any_frames_the_terminal_shows_the_last_one(shown):
    terminal = Terminal()
    for lines in shown:
        terminal.paint(lines)
        assert terminal.cells == settled(terminal, lines)


def test_a_line_opened_in_the_middle_is_inserted_and_not_sent_with_all_below():
    terminal = Terminal(60, 30)
    first = terminal.paint(numbered(TEXTS[:30]))
    opened = numbered([*TEXTS[:10], "", *TEXTS[10:29]])
    sent = terminal.paint(opened)
    assert sent < first / 5
    assert terminal.cells == settled(terminal, opened)


@pytest.mark.parametrize("by", [1, 3, -1, -4])
def test_lines_that_move_are_moved_by_the_terminal(by):
    terminal = Terminal(60, 20)
    terminal.paint(numbered(TEXTS[10:28], first=11))
    moved = numbered(TEXTS[10 + by : 28 + by], first=11 + by)
    sent = terminal.paint(moved)
    assert sent < 150 * abs(by)
    assert terminal.cells == settled(terminal, moved)


def test_what_stands_below_a_list_that_moves_stays_where_it_is():
    terminal = Terminal(60, 20)
    terminal.paint([*numbered(TEXTS[:18]), filled("keys", 1, 60), filled("state", 3, 60)])
    terminal.paint(numbered(TEXTS[1:19], first=2))
    assert [line.rstrip() for line in terminal.screen.display[18:]] == ["keys", "state"]


def test_parts_of_lines_beside_others_are_not_moved():
    terminal = Terminal(60, 20)
    terminal.paint([[("left".ljust(40) + text[:20], 0)] for text in TEXTS[:20]])
    right = [[(text[:20], 0)] for text in TEXTS[1:21]]
    terminal.paint(right, x=40)
    assert all(line.startswith("left ") for line in terminal.screen.display)


def test_the_same_frame_again_sends_nothing():
    terminal = Terminal()
    lines = [filled(f"line {y}", y % 3) for y in range(HEIGHT)]
    terminal.paint(lines)
    assert terminal.paint(lines) == 0


def test_one_letter_costs_a_few_bytes():
    terminal = Terminal(60, 20)
    terminal.paint(numbered(TEXTS[:20]))
    changed = numbered([*TEXTS[:5], TEXTS[5] + "x", *TEXTS[6:20]])
    assert terminal.paint(changed) < 40


def test_a_line_in_which_terminals_may_count_otherwise_is_sent_from_its_beginning():
    terminal = Terminal()
    terminal.paint([[("a 漢字 b", 0), (" " * 16, 0)]])
    pieces = [(0, 0, [strip_of([("a 漢字 c", 0), (" " * 16, 0)])])]
    sent = terminal.painter.paint(pieces, terminal.size, ColorSystem.EIGHT_BIT)
    assert "\x1b[1;1Ha 漢字 c" in sent


def test_after_another_program_everything_is_sent_again():
    terminal = Terminal()
    lines = [filled(f"line {y}") for y in range(HEIGHT)]
    first = terminal.paint(lines)
    terminal.painter.forget()
    assert terminal.paint(lines) == first


def test_another_size_is_another_screen():
    terminal = Terminal()
    terminal.paint([filled(f"line {y}") for y in range(HEIGHT)])
    terminal.size = Size(WIDTH + 5, HEIGHT)
    terminal.screen.resize(HEIGHT, WIDTH + 5)
    lines = [filled(f"line {y}", width=WIDTH + 5) for y in range(HEIGHT)]
    terminal.paint(lines)
    assert terminal.cells == settled(terminal, lines)


def test_what_was_laid_out_for_another_size_is_cut_to_the_one_there_is_now():
    terminal = Terminal(60, 20)
    old = [filled("left", 0, 70), filled("right", 1, 30)]
    for size in (Size(60, 20), Size(40, 9), Size(75, 12), Size(1, 1), Size(100, 20)):
        terminal.size = size
        terminal.screen.resize(size.height, size.width)
        for shift in (0, 1):
            pieces = [
                (y + shift, x, [strip_of(line)])
                for y in range(20)
                for x, line in zip((0, 70), old, strict=True)
            ]
            sent = terminal.painter.paint(pieces, size, ColorSystem.EIGHT_BIT)
            terminal.stream.feed(sent.encode())
        wanted = ("left".ljust(70) + "right".ljust(30))[: size.width].rstrip()
        shown = [line.rstrip() for line in terminal.screen.display]
        assert shown[: 20 if size.height > 19 else size.height] == [wanted] * len(shown)


@pytest.mark.parametrize("whole", [True, False])
def test_a_frame_that_cannot_be_painted_is_drawn_by_textual_and_the_fault_is_told(whole):
    strip = strip_of(filled("words", 1))
    update = (
        LayoutUpdate([[strip]], Region(0, 0, WIDTH, 1))
        if whole
        else ChopsUpdate([{0: strip}], [(0, 0, WIDTH)], [[WIDTH]])
    )
    told: list[Exception] = []

    def fails(pieces: Iterator[Piece], console: Console) -> str:
        raise ValueError("zip() argument 2 is longer than argument 1")

    screen = pyte.Screen(WIDTH, HEIGHT)
    frame = _EncodedFrame(update, fails, told.append)
    pyte.Stream(screen).feed(frame.render_segments(Console(force_terminal=True)))
    assert screen.display[0].rstrip() == "words"
    assert len(told) == 1


def test_after_a_fault_nothing_is_taken_for_drawn(tmp_path):
    log = tmp_path / "faults.log"
    store = Store(lambda seconds, callback: None)
    session = Session(store, FakeConnector(FakeGateway()), MemoryJournal(), lambda: NOW)
    app = KmsApp(session, UiOptions(fault_log=log))
    pieces = [(0, 0, [strip_of(filled("words"))])]
    first = app._painter.paint(pieces, Size(WIDTH, 1), ColorSystem.EIGHT_BIT)
    app.frame_failed(ValueError("wrong"))
    assert app._painter.paint(pieces, Size(WIDTH, 1), ColorSystem.EIGHT_BIT) == first
    assert "ValueError: wrong" in log.read_text()


def test_a_link_ends_where_its_words_end():
    painter = Painter()
    strip = Strip([Segment("see "), Segment("AWS", Style(link="https://aws")), Segment(" now")])
    sent = painter.paint([(0, 0, [strip])], Size(20, 1), ColorSystem.EIGHT_BIT)
    assert "see \x1b]8;;https://aws\x1b\\AWS\x1b]8;;\x1b\\ now" in sent


@pytest.mark.parametrize(
    ("before", "after", "parameters"),
    [
        ("1;31", "1;32", "32"),
        ("1;4;31", "1;31", "24"),
        ("1;2", "2", "22;2"),
        ("38;5;10;48;2;1;2;3", "38;5;10", "49"),
        ("7;38;2;1;2;3", "", "27;39"),
        ("53;31", "31", "0;31"),
    ],
)
def test_the_way_between_two_renditions_names_what_differs(before, after, parameters):
    assert Rendition.parse(before).change_to(Rendition.parse(after)) == parameters


def test_a_few_changed_lines_are_no_reason_to_move_anything():
    old = [list(zip(text.ljust(60), [0] * 60, strict=True)) for text in TEXTS[:10]]
    assert find_scroll(old, {3: old[4], 4: old[5]}) is None
