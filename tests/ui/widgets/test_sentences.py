import pytest

from kmstui.ui.widgets.sentences import Sentences


@pytest.mark.parametrize(
    ("text", "more", "shown"),
    [
        ("one two three four five", "(F1)", ["one two", "three… (F1)"]),
        ("one two extraordinarily long", "(F1)", ["one two", "extra… (F1)"]),
        ("one two three four five", "", ["one two", "three four…"]),
        ("one two three", "(F1)", ["one two", "three"]),
    ],
)
def test_a_text_that_is_cut_ends_with_one_ellipsis_and_says_where_all_of_it_is(text, more, shown):
    sentences = Sentences(most_lines=2, more=more)
    sentences.say(text)
    assert list(sentences._lines(width=13)) == shown
