from pathlib import Path

import pytest

from flow_assets import landed
from flow_assets.errors import DefinitionError


@pytest.mark.parametrize(
    ("pattern", "format"),
    [
        ("a.csv", ".csv"),
        ("flights/{date}.csv.gz", ".csv.gz"),
        ("{date}.csv.bz2", ".csv.bz2"),
        ("planes.parquet", ".parquet"),
        ("a.csv/{date}.parquet", ".parquet"),
    ],
)
def test_the_files_ending_is_its_format(pattern: str, format: str) -> None:
    assert landed(pattern).format == format


def test_each_partition_has_a_file_of_its_own_where_the_pattern_has_a_date() -> None:
    source = landed("flights/{date}.csv.gz")
    assert source.is_partitioned
    assert source.path(Path("landing"), "2013-01-01") == Path("landing/flights/2013-01-01.csv.gz")


def test_a_single_file_belongs_to_no_partition() -> None:
    source = landed("planes.parquet")
    assert not source.is_partitioned
    assert source.path(Path("landing")) == Path("landing/planes.parquet")


def test_null_values_are_kept_as_a_value() -> None:
    assert landed("a.csv", null_values=["NA"]).null_values == ("NA",)
    assert landed("a.csv").null_values == ("",)
    assert landed("a.csv", null_values=["NA"]) == landed("a.csv", null_values=("NA",))


@pytest.mark.parametrize("pattern", ["a.json", "a.csv.zip", "", "a.CSV"])
def test_an_unknown_format_is_refused_with_the_known_ones(pattern: str) -> None:
    with pytest.raises(DefinitionError, match=r"must end in one of \.csv, \.csv\.gz, \.csv\.bz2, \.parquet"):
        landed(pattern)


@pytest.mark.parametrize("pattern", ["/a.csv", "../a.csv", "a/../../b.csv"])
def test_a_file_lies_below_the_landing_folder(pattern: str) -> None:
    with pytest.raises(DefinitionError, match="give a path below the landing folder"):
        landed(pattern)


@pytest.mark.parametrize("pattern", ["{day}.csv", "{date}/{}.csv"])
def test_a_placeholder_that_stands_for_nothing_is_refused(pattern: str) -> None:
    with pytest.raises(DefinitionError, match=r"\{.*\} stands for nothing; write \{date\}"):
        landed(pattern)
