"""What findings say alike."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flow_assets.insight.watch.words import alike, named, partitions_text, without_folders
from flow_assets.settings import Settings
from flow_assets_tests.sandbox import DAYS


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.dates(), st.dates())
def test_lines_that_differ_in_numbers_and_partition_are_alike(
    first: int, second: int, day: object, other: object
) -> None:
    texts = [f"row {n} of {key}: {n}.5 at {hex(n)}" for n, key in ((first, day), (second, other))]
    assert alike(texts[0], str(day)) == alike(texts[1], str(other))
    assert alike(f"no {first}") != alike(f"not {first}")


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


def test_partitions_as_a_text() -> None:
    assert [
        partitions_text(()),
        partitions_text(("",)),
        partitions_text(DAYS[:1]),
        partitions_text(DAYS[:3]),
        partitions_text(DAYS),
    ] == [
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
