import pytest

from flow_assets.errors import first_line, sentence


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a", "a."),
        ("a.", "a."),
        ("Is it a?", "Is it a?"),
        ("no!", "no!"),
        ("write all_partitions()", "write all_partitions()."),
    ],
)
def test_a_message_ends_with_one_stop(text: str, said: str) -> None:
    assert sentence(text) == said


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("", ""),
        (" \n", ""),
        ("\n  a: b  \nc", "a: b"),
        (ValueError("a\nb"), "a"),
        ("x" * 500, "x" * 500),
        ("x" * 501, "x" * 499 + "…"),
    ],
)
def test_the_first_line_is_the_first_that_says_something(said: object, line: str) -> None:
    assert first_line(said) == line
