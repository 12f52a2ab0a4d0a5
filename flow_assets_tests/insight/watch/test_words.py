"""What findings say alike."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flow_assets.insight.watch.words import alike, counted, listed, named, shortened, span, titled, without_folders
from flow_assets.settings import Settings
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


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("/srv/flow/landing/a/b.csv is empty", "a/b.csv is empty"),
        ("no room for '/srv/flow/store/x'", "no room for 'store/x'"),
        ("/mnt/srv/flow/landing/a.csv and /srv/flow2/a", "/mnt/srv/flow/landing/a.csv and /srv/flow2/a"),
        ("https://host/srv/flow/landing/a.csv", "https://host/srv/flow/landing/a.csv"),
    ],
)
def test_paths_of_the_deployment_are_told_without_its_folders(text: str, told: str) -> None:
    assert without_folders(text, Settings(data=Path("/srv/flow"))) == told


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
