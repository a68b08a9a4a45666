"""Rows stand in order, and are found again, whatever happens to them."""

from hypothesis import given, settings
from hypothesis import strategies as st

from kmstui.service.inventory.sorted_rows import SortedRows


def row_name(number):
    return f"row{number:04d}"


def in_order(texts, *, reverse=False):
    return [row for _, row in sorted(((text, row) for row, text in texts.items()), reverse=reverse)]


TEXTS = st.sampled_from(["", "a", "b", "ba", "Straße", "\x00", "\ud800", "\U0010fffe"])
CHANGES = st.dictionaries(st.integers(0, 1500).map(row_name), st.none() | TEXTS, max_size=60)


@settings(max_examples=60)
@given(st.lists(CHANGES, max_size=6), st.booleans(), st.sampled_from([0, 600, 1400]))
def test_rows_stay_sorted_through_any_changes(batches, reverse, before):
    texts = {row_name(number): "fedcba"[number % 6] for number in range(before)}
    rows = SortedRows(reverse=reverse)
    rows.update(texts)
    for batch in batches:
        expected = any(texts.get(row) != text for row, text in batch.items())
        assert any(rows.would_move(row, text) for row, text in batch.items()) == expected
        assert rows.update(batch) == expected
        for row, text in batch.items():
            if text is None:
                texts.pop(row, None)
            else:
                texts[row] = text
        ordered = in_order(texts, reverse=reverse)
        assert list(rows) == ordered
        assert len(rows) == len(ordered)
        if ordered:
            middle = len(ordered) // 2
            assert rows[middle] == ordered[middle]
            assert rows[-1] == ordered[-1]
            assert rows[middle : middle + 3] == ordered[middle : middle + 3]
            assert rows.position(ordered[middle]) == middle
        assert rows.position("no such row") is None
        some = {*ordered[::3], "no such row"}
        assert rows.among(some) == [row for row in ordered if row in some]


def test_thousands_of_rows_with_one_text_are_all_found():
    rows = SortedRows()
    names = [row_name(number * 7919 % 3000) for number in range(3000)]
    for name in names:
        rows.update({name: "same"})
    assert list(rows) == sorted(names)
    assert [rows.position(name) for name in sorted(names)] == list(range(3000))


@settings(max_examples=60)
@given(
    st.dictionaries(st.integers(0, 40).map(row_name), st.sampled_from("abc"), min_size=1),
    st.booleans(),
    st.data(),
)
def test_found_rows_keep_the_order_of_the_whole(texts, reverse, data):
    whole = SortedRows(reverse=reverse)
    whole.update(texts)
    ordered = list(whole)
    chosen = data.draw(st.sets(st.sampled_from(ordered)))
    found = whole.found(row for row in ordered if row in chosen)
    for row in data.draw(st.lists(st.sampled_from(ordered))):
        if row in chosen:
            chosen.remove(row)
            found.remove(row)
        else:
            chosen.add(row)
            found.add(row)
        expected = [each for each in ordered if each in chosen]
        assert list(found) == expected
        assert [found.position(each) for each in expected] == list(range(len(expected)))
        assert (row in found) == (row in chosen)
        assert found.among(ordered[::2]) == [each for each in ordered[::2] if each in chosen]
    assert found.position("no such row") is None
