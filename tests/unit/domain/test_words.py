from connector.domain.words import clipped


def test_what_is_short_enough_stays_as_it_is():
    assert clipped("abcdef", 6) == "abcdef"


def test_what_is_longer_ends_in_three_dots_and_keeps_to_the_length():
    assert clipped("abcdefg", 6) == "abc..."
    assert clipped("ab defgh", 6) == "ab..."
