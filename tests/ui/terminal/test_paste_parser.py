"""A paste presses no keys, and a key in a burst is the one that was pressed."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from textual import events

from kmstui.ui.textual_internals import terminal_input
from kmstui.ui.textual_internals.terminal_input import PasteParser

PIECES = st.sampled_from(
    ["\x1b", "[", "20", "0", "1", "~", "2J", "\x07", "q", "漢", "\r\n", "\x1b["]
)


def read(data, cuts):
    """What comes of data that arrives in portions."""
    parser = PasteParser()
    places = [0, *sorted({cut % (len(data) + 1) for cut in cuts}), len(data)]
    portions = [data[start:end] for start, end in pairwise(places)]
    return [event for portion in portions if portion for event in parser.feed(portion)]


@settings(max_examples=150)
@given(st.lists(PIECES).map("".join), st.lists(st.integers(0, 60), max_size=4))
@example("\x1b[2J\x07\x1bq", [])
@example("\x1b[201\x1b[20", [3, 9, 12, 15])
def test_a_paste_is_one_event_and_holds_what_was_pasted(text, cuts):
    # Where the text itself ends the paste, nobody can tell.
    text = text.replace("\x1b[201~", "")
    first, paste, last = read(f"a\x1b[200~{text}\x1b[201~b", cuts)
    assert (first.key, last.key) == ("a", "b")
    assert isinstance(paste, events.Paste)
    assert paste.text == text.replace("\x1b", "␛")


@given(st.lists(st.integers(0, 60), max_size=4))
def test_keys_stay_keys(cuts):
    came = read("\x1b[A\x1b[20~x\x1b[200~\x1b[201~\x1b[B", cuts)
    keys = [event.key for event in came if isinstance(event, events.Key)]
    assert keys == ["up", "f9", "x", "down"]


@pytest.mark.parametrize(
    ("burst", "keys"),
    [
        ("\x1b\r", "escape enter"),
        ("\x1b/ab", "escape slash a b"),
        ("\x1b:", "escape colon"),
        ("\x1b\x1b/", "escape escape slash"),
        ("\x1bn", "alt+n"),
        ("\x1bkeys typed ahead by a person who waits", "escape k e y s"),
        ("^\x1b[A", "circumflex_accent up"),
    ],
)
def test_an_esc_with_keys_right_behind_it_is_an_esc(burst, keys, monkeypatch):
    """Esc and Enter in one packet of a slow line was Enter alone, which says yes to a dialog."""
    times = [0.0]
    monkeypatch.setattr("textual._parser.get_time", lambda: times[-1])
    parser = PasteParser()
    read = list(parser.feed(burst))
    times.append(60.0)
    read += parser.tick()
    got = [event.key for event in read if isinstance(event, events.Key)]
    assert got[: len(keys.split())] == keys.split()


@pytest.mark.parametrize(("key", "name"), [("\x1b", "escape"), ("\x03", "ctrl+c")])
def test_a_paste_whose_end_was_lost_takes_no_key_of_who_wants_out(monkeypatch, key, name):
    times = [100.0]
    monkeypatch.setattr("textual._parser.get_time", lambda: times[-1])
    monkeypatch.setattr(terminal_input, "monotonic", lambda: times[-1])
    parser = PasteParser()

    def came(data, later):
        times.append(times[-1] + later)
        read = [*parser.feed(data)]
        times.append(times[-1] + 0.5)
        return [*read, *parser.tick()]

    assert came("\x1b[200~half of it\x1b[2", 0.0) == []
    # Without a gap it is of the paste, and so is whatever else comes later.
    assert came(key, -0.5) == []
    assert came("y", 60.0) == []
    # However often it is pressed.
    assert came(key, 0.1) == []
    read = [*came(key, 0.3), *came("j", 0.0)]
    paste, keys = read[0], read[1:]
    assert isinstance(paste, events.Paste)
    assert paste.text.startswith("half of it␛[2")
    assert "y" in paste.text
    assert [each.key for each in keys] == [name, "j"]
