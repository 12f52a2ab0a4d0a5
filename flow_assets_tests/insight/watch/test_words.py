"""What findings say alike."""

from hypothesis import given
from hypothesis import strategies as st

from flow_assets.insight.watch.words import alike, counted, listed, named, span, titled
from flow_assets_tests.sandbox import DAYS


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.dates(), st.dates())
def test_lines_that_differ_in_numbers_and_partition_are_alike(
    first: int, second: int, day: object, other: object
) -> None:
    texts = [f"row {n} of {key}: {n}.5 at {hex(n)}" for n, key in ((first, day), (second, other))]
    assert alike(texts[0], str(day)) == alike(texts[1], str(other))
    assert alike(f"no {first}") != alike(f"not {first}")


@given(st.text())
def test_a_title_is_one_line_and_not_too_long(text: str) -> None:
    title = titled(text)
    assert len(title) <= 240
    assert len(title.splitlines()) <= 1


def test_partitions_as_a_span() -> None:
    assert [span(()), span(("",)), span(DAYS[:1]), span(DAYS[:3]), span(DAYS)] == [
        "",
        "",
        DAYS[0],
        f"{DAYS[0]}, {DAYS[1]}, {DAYS[2]}",
        f"{DAYS[0]} .. {DAYS[4]} (5 partitions)",
    ]


def test_a_dataset_with_its_partitions() -> None:
    assert [named("readings", keys) for keys in ((), ("",), DAYS[:1])] == [
        "readings",
        "readings",
        f"readings {DAYS[0]}",
    ]


def test_the_first_few_are_listed() -> None:
    assert [listed("abc"[:count]) for count in range(4)] == ["", "a", "a, b", "a, b, c"]
    assert (listed("abcd"), listed("abcd", 2, "; ")) == ("a, b, c and 1 more", "a; b and 2 more")


def test_numbers_with_their_nouns() -> None:
    assert (counted(1, "run"), counted(1200, "run")) == ("1 run", "1,200 runs")
