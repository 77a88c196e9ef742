import pytest

from connector.domain.text import in_a_row, truncated, visible


def test_what_is_short_enough_stays_as_it_is():
    assert truncated("abcdef", 6) == "abcdef"


def test_what_is_longer_ends_in_three_dots_and_keeps_to_the_length():
    assert truncated("abcdefg", 6) == "abc..."
    assert truncated("ab defgh", 6) == "ab..."


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("Blåbær, 5 €", "Blåbær, 5 €"),
        ("a\tb\nc\r\u2028d\u00a0e", "a b c  d e"),
        ("\x1b[31mred\x07", r"\u001b[31mred\u0007"),
        ("\x9b2J\u202egnp.exe\ufeff", r"\u009b2J\u202egnp.exe\ufeff"),
    ],
)
def test_no_sign_is_left_that_a_terminal_would_obey(text, seen):
    assert visible(text) == seen
    assert visible(text).isprintable()


def test_the_layout_of_whoever_writes_stays():
    assert visible("a\tb\n\x1bc", keep="\n\t") == "a\tb\n\\u001bc"


@pytest.mark.parametrize(
    ("sentences", "text"),
    [
        ([], ""),
        (["Run: connector x"], "Run: connector x"),
        (["Run: connector x", "Look at it."], "Run: connector x. Look at it."),
        (["Which one?", "Look at it.", "Run: connector x"], "Which one? Look at it. Run: connector x"),
    ],
)
def test_a_sentence_that_ends_in_a_command_is_ended_before_the_next(sentences, text):
    assert in_a_row(sentences) == text
