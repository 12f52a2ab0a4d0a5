from datetime import datetime, tzinfo

import pytest

from flow_assets import DailyPartitions, HourlyPartitions, MonthlyPartitions, StaticPartitions, landed
from flow_assets.declaration import Partitions, time_partitions
from flow_assets.errors import DefinitionError

HOURS = HourlyPartitions("2013-11-02-00:00", "2013-11-04-00:00", "America/New_York")

CAIRO = DailyPartitions("2024-04-26", timezone="Africa/Cairo")
"""Its first day has no midnight."""


@pytest.mark.parametrize(
    ("pattern", "format"),
    [
        ("a.csv", ".csv"),
        ("flights/{date}.csv.gz", ".csv.gz"),
        ("{date}.csv.bz2", ".csv.bz2"),
        ("planes.parquet", ".parquet"),
        ("a.csv/{date}.parquet", ".parquet"),
        ("{date}.jsonl.gz", ".jsonl.gz"),
        ("http://127.0.0.1/{date}.ndjson", ".ndjson"),
    ],
)
def test_the_files_ending_is_its_format(pattern: str, format: str) -> None:
    assert landed(pattern).format == format


@pytest.mark.parametrize("format", ["csv.gz", ".csv.gz"])
def test_a_format_can_be_given_where_the_name_does_not_tell(format: str) -> None:
    assert landed("export-{date}", format=format).format == ".csv.gz"


@pytest.mark.parametrize(
    ("pattern", "partitions", "key", "place"),
    [
        ("planes.parquet", None, "", "planes.parquet"),
        ("flights/{date}.csv", DailyPartitions("2013-01-01"), "2013-01-02", "flights/2013-01-02.csv"),
        ("{date:%Y/%m/%d}/{date}.csv", DailyPartitions("2013-01-01"), "2013-01-02", "2013/01/02/2013-01-02.csv"),
        ("{date:%Y/%m}/{date:%Y-%m-%d}.csv", DailyPartitions("2013-01-01"), "2013-01-02", "2013/01/2013-01-02.csv"),
        ("{date:%Y-%m-%d}.csv", CAIRO, "2024-04-26", "2024-04-26.csv"),
        ("{date:%Y-%j}.csv", DailyPartitions("2013-01-01"), "2013-02-01", "2013-032.csv"),
        ("{date:%Y/%m/%d/%H%z}.csv", HOURS, "2013-11-03-01:00", "2013/11/03/01-0400.csv"),
        ("{date:%Y/%m/%d/%H%z}.csv", HOURS, "2013-11-03-01:00-0500", "2013/11/03/01-0500.csv"),
        ("{date}.csv", HOURS, "2013-11-03-01:00-0500", "2013-11-03-01:00-0500.csv"),
        ("{date:%Y}/{date:%b}.csv", MonthlyPartitions("2013-01-01"), "2013-03-01", "2013/Mar.csv"),
        ("{partition}/a.csv", StaticPartitions(["tea", "a b"]), "a b", "a b/a.csv"),
        ("file:///data/{partition}.csv", StaticPartitions(["tea"]), "tea", "/data/tea.csv"),
        ("https://x.org/{date}.csv", DailyPartitions("2013-01-01"), "2013-01-02", "https://x.org/2013-01-02.csv"),
    ],
)
def test_each_partition_has_a_file_of_its_own(
    pattern: str, partitions: Partitions | None, key: str, place: str
) -> None:
    source = landed(pattern)
    assert source.problem(partitions) is None
    assert source.is_partitioned == (partitions is not None)
    assert source.place(key, partitions) == place


@pytest.mark.parametrize(
    ("pattern", "partitions", "message"),
    [
        ("{date}.csv", None, "a landed file a partition needs `{date}` or `{partition}`"),
        ("a.csv", DailyPartitions("2013-01-01"), "a landed file a partition needs `{date}` or `{partition}`"),
        ("{date}.csv", StaticPartitions(["tea"]), "static partitions are `{partition}`"),
        ("{partition}.csv", StaticPartitions(["a/b"]), "'a/b' cannot be part of a file's name"),
        ("{partition}.csv", StaticPartitions([".."]), "'..' cannot be part of a file's name"),
        ("{date:%Y-%m}.csv", DailyPartitions("2013-01-02"), "gives two days the same file"),
        ("{date:%m/%d}.csv", DailyPartitions("2013-01-02"), "gives two days the same file"),
        ("{date:%Y%m%d}.csv", HourlyPartitions("2013-01-02-03:00"), "gives two hours the same file"),
        ("{date:%Y-%m}.csv", DailyPartitions("2013-01-01"), "gives two days the same file"),
        ("{date:%Y}.csv", DailyPartitions("2013-01-01"), "gives two days the same file"),
        ("{date:%Y/%m/%d}.csv", HourlyPartitions("2013-01-01-00:00"), "gives two hours the same file"),
        ("{date:%Y-%m-%d %I}.csv", HourlyPartitions("2013-01-01-00:00"), "gives two hours the same file"),
        ("{date:%Y}.csv", MonthlyPartitions("2013-01-01"), "gives two months the same file"),
        ("{date:%m}.csv", MonthlyPartitions("2013-02-01"), "gives two months the same file"),
        ("{date:%Y%m%d%H}.csv", HOURS, "the clock of America/New_York is put back; add %z"),
    ],
)
def test_partitions_that_have_no_files_of_their_own_are_refused(
    pattern: str, partitions: Partitions | None, message: str
) -> None:
    assert message in (landed(pattern).problem(partitions) or "")


def test_null_values_are_kept_as_a_value() -> None:
    assert landed("a.csv", null_values=["NA"]).null_values == ("NA",)
    assert landed("a.csv").null_values == ("",)
    assert landed("a.csv", null_values=["NA"]) == landed("a.csv", null_values=("NA",))


@pytest.mark.parametrize("pattern", ["a.json", "a.csv.zip", "", "a.CSV", "a"])
def test_an_unknown_format_is_refused_with_the_known_ones(pattern: str) -> None:
    with pytest.raises(DefinitionError, match=r"must end in one of \.csv, \.csv\.gz, \.csv\.bz2, .*\.parquet"):
        landed(pattern)
    with pytest.raises(DefinitionError, match=r"format='xml' must end in one of"):
        landed(pattern, format="xml")


def test_an_open_end_is_looked_at_a_year_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    class Spring(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:
            return datetime(2024, 4, 20, tzinfo=tz)

    monkeypatch.setattr(time_partitions, "datetime", Spring)
    source = landed("{date:%Y%m%d%H}.csv")
    assert "is put back" in (source.problem(HourlyPartitions("2024-04-01-00:00", timezone="Europe/Berlin")) or "")
    assert source.problem(HourlyPartitions("2024-04-01-00:00", "2024-10-27-00:00", "Europe/Berlin")) is None
    assert source.problem(HourlyPartitions("2024-04-01-00:00")) is None


def test_a_folder_may_be_called_as_a_scheme_begins() -> None:
    assert landed("http_logs/a.csv", settle_seconds=60).settle_seconds == 60


@pytest.mark.parametrize("pattern", ["/a.csv", "../a.csv", "a/../../b.csv", "file:///a/../b.csv", "http://h/../a.csv"])
def test_a_file_lies_below_the_landing_folder(pattern: str) -> None:
    with pytest.raises(DefinitionError, match="give a path below the landing folder"):
        landed(pattern)


@pytest.mark.parametrize("pattern", ["s3://bucket/a.csv", "ftp://host/a.csv", "HTTP://host/a.csv"])
def test_an_untested_scheme_is_refused(pattern: str) -> None:
    with pytest.raises(DefinitionError, match=r"is not supported; give a path .*, http://, https:// or file://"):
        landed(pattern)


@pytest.mark.parametrize(
    "pattern",
    ["http://h", "http:///a.csv", "http://u:p@h/a.csv", "http://h/a?b.csv", "http://h/#a.csv", "http://{date}/a.csv"],
)
def test_an_address_is_a_host_and_a_path(pattern: str) -> None:
    with pytest.raises(DefinitionError, match="without a user, a query or a fragment"):
        landed(pattern, format="csv")


@pytest.mark.parametrize(
    "pattern", ["https://h/a//b.csv", "https://h//b.csv", "http://h/./b.csv", "http://h/a%20b.csv"]
)
def test_an_address_is_written_plainly(pattern: str) -> None:
    with pytest.raises(DefinitionError, match=r"unquoted \(no %20\), and none of them empty"):
        landed(pattern)


@pytest.mark.parametrize(
    "pattern", ["{day}.csv", "{date}/{}.csv", "{date:}.csv", "{date:x}.csv", "{date.csv", "date}.csv"]
)
def test_a_placeholder_that_stands_for_nothing_is_refused(pattern: str) -> None:
    with pytest.raises(DefinitionError, match=r"stands for nothing; write \{date\}"):
        landed(pattern)


@pytest.mark.parametrize(
    ("pattern", "options", "message"),
    [
        ("a.jsonl", {"null_values": ["NA"]}, "have nulls of their own; leave out `null_values`"),
        ("a.parquet", {"null_values": ["NA"]}, "have nulls of their own; leave out `null_values`"),
        ("a.jsonl", {"encoding": "cp1252"}, "have an encoding of their own; leave out `encoding`"),
        ("a.csv", {"encoding": "martian"}, "there is no encoding 'martian'"),
        ("a.csv", {"encoding": "hex"}, "there is no encoding 'hex'"),
        ("a.csv", {"settle_seconds": -1}, "`settle_seconds` is for files in a folder, and at least 0"),
        ("http://h/a.csv", {"settle_seconds": 1}, "`settle_seconds` is for files in a folder, and at least 0"),
        ("file://a/b.csv", {}, "write the whole path"),
    ],
)
def test_options_that_do_not_fit_are_refused(pattern: str, options: dict[str, object], message: str) -> None:
    with pytest.raises(DefinitionError, match=message):
        landed(pattern, **options)
