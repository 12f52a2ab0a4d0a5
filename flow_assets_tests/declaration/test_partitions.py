from datetime import UTC, datetime

import dagster as dg
import pytest

from flow_assets import DailyPartitions, StaticPartitions
from flow_assets.declaration import UNPARTITIONED, partition_keys
from flow_assets.errors import DefinitionError


@pytest.mark.parametrize("timezone", ["UTC", "America/New_York", "Pacific/Apia"])
@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2013-01-01", "2014-01-01"),
        ("2013-03-09", "2013-03-12"),  # clocks go forward in New York on the 10th
        ("2013-11-02", "2013-11-05"),  # and back on the 3rd
        ("2012-02-28", "2012-03-01"),
        ("2013-01-01", "2013-01-02"),
    ],
)
def test_daily_keys_are_dagsters(start: str, end: str, timezone: str) -> None:
    ours = DailyPartitions(start_date=start, end_date=end, timezone=timezone)
    theirs = dg.DailyPartitionsDefinition(start_date=start, end_date=end, timezone=timezone)
    assert list(partition_keys(ours)) == theirs.get_partition_keys()


def test_the_end_date_is_exclusive() -> None:
    assert DailyPartitions("2013-01-01", "2013-01-03").keys() == ("2013-01-01", "2013-01-02")


@pytest.mark.parametrize(
    "now",
    [
        datetime(2013, 1, 1, 4, 59, tzinfo=UTC),  # a minute before midnight in New York
        datetime(2013, 1, 3, 4, 59, tzinfo=UTC),
        datetime(2013, 1, 3, 5, 0, tzinfo=UTC),
        datetime(2013, 7, 1, 4, 0, tzinfo=UTC),
        datetime(2012, 12, 1, tzinfo=UTC),
    ],
)
def test_an_open_end_grows_as_days_end_where_the_day_is_lived(now: datetime) -> None:
    ours = DailyPartitions("2013-01-01", timezone="America/New_York")
    theirs = dg.DailyPartitionsDefinition("2013-01-01", timezone="America/New_York")
    with dg.instance_for_test():
        assert list(partition_keys(ours, now)) == theirs.get_partition_keys(current_time=now)


def test_an_open_end_is_bounded_by_the_present() -> None:
    keys = DailyPartitions("2013-01-01").keys()
    assert keys[-1] < datetime.now(UTC).date().isoformat()
    assert len(keys) > 5000


@pytest.mark.parametrize("keys", [["AA", "UA"], ["UA", "AA"], ["a b", "Ä", "0"]])
def test_static_keys_are_dagsters_in_the_order_given(keys: list[str]) -> None:
    assert list(StaticPartitions(keys).keys()) == dg.StaticPartitionsDefinition(keys).get_partition_keys()


def test_no_partitions_is_one_partition() -> None:
    assert partition_keys(None) == (UNPARTITIONED,)


def test_partitions_are_values() -> None:
    assert DailyPartitions("2013-01-01") == DailyPartitions("2013-01-01")
    assert StaticPartitions(["a"]) == StaticPartitions(("a",))
    assert len({StaticPartitions(["a"]), StaticPartitions(("a",)), DailyPartitions("2013-01-01")}) == 2


@pytest.mark.parametrize("text", ["2013-02-30", "20130101", "2013-W01-1", "01.01.2013", "2013-1-1"])
def test_a_date_is_written_in_one_way(text: str) -> None:
    with pytest.raises(DefinitionError, match=rf"'{text}' is no date; write it as YYYY-MM-DD"):
        DailyPartitions(text)
    with pytest.raises(DefinitionError, match=rf"'{text}' is no date; write it as YYYY-MM-DD"):
        DailyPartitions("2013-01-01", text)


@pytest.mark.parametrize("end", ["2013-01-01", "2012-12-31"])
def test_the_end_comes_after_the_start(end: str) -> None:
    with pytest.raises(DefinitionError, match=f"end_date {end} is exclusive and must come after 2013-01-01"):
        DailyPartitions("2013-01-01", end)


@pytest.mark.parametrize("timezone", ["America/Gotham", "../etc", ""])
def test_a_time_zone_exists(timezone: str) -> None:
    with pytest.raises(DefinitionError, match=f"no time zone '{timezone}'; name one as in 'America/New_York'"):
        DailyPartitions("2013-01-01", timezone=timezone)


@pytest.mark.parametrize("keys", [["a", "a"], ["a", ""]])
def test_static_keys_differ_and_are_not_empty(keys: list[str]) -> None:
    with pytest.raises(DefinitionError, match=r"keys must differ and not be empty: \['a', '"):
        StaticPartitions(keys)


@pytest.mark.parametrize("key", ["a...b", "a\nb", "a\tb", "\0"])
def test_static_keys_that_dagster_refuses_are_refused_at_once(key: str) -> None:
    with pytest.raises(dg.DagsterInvalidDefinitionError):
        dg.StaticPartitionsDefinition([key])
    with pytest.raises(DefinitionError, match="must not hold"):
        StaticPartitions([key])
