"""What people read of texts that may be long, or many."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flow_assets.texts import counted, first_line, listed, shortened, titled


@given(st.text())
def test_a_title_is_one_line_and_not_too_long(text: str) -> None:
    title = titled(text)
    assert len(title) <= 240
    assert len(title.splitlines()) <= 1


@given(st.lists(st.text("abc_1", min_size=1, max_size=60), min_size=1), st.integers(4, 300))
def test_what_is_shortened_has_no_part_of_a_name(names: list[str], longest: int) -> None:
    said = shortened(", ".join(names), longest)
    assert len(said) <= longest
    whole = said.removesuffix("...").split(", ")
    assert whole == names[: len(whole)] or len(whole) == 1


def test_a_word_that_is_no_name_is_cut() -> None:
    assert shortened("x" * 300, 100) == "x" * 97 + "..."
    assert shortened("read " + "x" * 300, 200) == "read " + "x" * 192 + "..."
    assert [shortened("one, two; three", n) for n in (15, 14, 12, 11)] == [
        "one, two; three",
        "one, two...",
        "one, two...",
        "one...",
    ]


def test_the_first_few_are_listed() -> None:
    assert [listed("abc"[:count]) for count in range(4)] == ["", "a", "a, b", "a, b, c"]
    assert (listed("abcd"), listed("abcd", 2, "; ")) == ("a, b, c and 1 more", "a; b and 2 more")


def test_numbers_with_their_nouns() -> None:
    assert (counted(1, "run"), counted(1200, "run")) == ("1 run", "1,200 runs")


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("", ""),
        (" \n", ""),
        ("\n  a: b  \nc", "a: b"),
        (ValueError("a\nb"), "a"),
        ("x" * 500, "x" * 500),
        ("x" * 501, "x" * 497 + "..."),
        (f"{'word ' * 99}wordy word", f"{'word ' * 98}word..."),
    ],
)
def test_the_first_line_is_the_first_that_says_something(said: object, line: str) -> None:
    assert first_line(said) == line
