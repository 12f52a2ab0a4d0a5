from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flow_assets.declaration import DailyPartitions, StaticPartitions
from flow_assets.insight.report.trends import (
    MOST_POINTS,
    Range,
    duration_trend,
    expect_usual,
    usual_ranges,
    volume_trend,
)
from flow_assets.ledger.measurements import Measurement
from flow_assets_tests.insight.report.reported import BEFORE, SINCE, alert, dataset, holding, measurement

VALUES = st.lists(st.floats(0, 1e6), min_size=1, max_size=80)


@given(VALUES, st.integers(1, 80))
def test_what_is_expected_is_known_before(values: list[float], cut: int) -> None:
    assert usual_ranges(values)[:cut] == usual_ranges(values[:cut])
    assert usual_ranges([*values, 0.0])[-1] == usual_ranges([*values, 1e9])[-1]


@given(VALUES)
def test_what_is_expected_lies_within_what_was(values: list[float]) -> None:
    ranges = usual_ranges(values)
    assert [of is None for of in ranges] == [n < 8 for n in range(len(values))]
    for n, of in enumerate(ranges):
        if of is not None:
            slack = 1e-6 * max(values)
            assert min(values[:n]) - slack <= of[0] <= of[1] <= max(values[:n]) + slack


def test_a_day_of_the_week_is_judged_by_its_like() -> None:
    weeks = [[1.0, 1.0, 1.0, 1.0, 1.0, 50.0, 50.0] for _ in range(10)]
    ranges = usual_ranges([value for week in weeks for value in week], season=7)
    assert (ranges[-1], ranges[-3]) == ((50.0, 50.0), (1.0, 1.0))


def made(seconds: Sequence[float], **fields: str) -> list[Measurement]:
    return [measurement(f"p{n:04}", value, **fields) for n, value in enumerate(seconds)]


def test_what_was_before_the_window_is_only_what_the_first_are_judged_by() -> None:
    measurements = [*made([1.0] * 20, at=BEFORE), *made([1.0, 9.0])]
    trend = duration_trend("readings", measurements, SINCE, expect_usual, ())
    assert (trend.values, trend.median) == (2, 5.0)
    assert [(p.low, p.high, p.unexpected) for p in trend.points] == [(1.0, 1.0, None), (1.0, 1.0, 9.0)]


def test_who_expects_may_be_another() -> None:
    def expect(measurements: Sequence[Measurement]) -> list[Range | None]:
        return [(0.0, 2.0 * m.rows_in) for m in measurements]

    trend = duration_trend("readings", made([1.0, 6.5, 20.0]), SINCE, expect, ())
    assert [(p.high, p.unexpected) for p in trend.points] == [(6.0, None), (6.0, None), (6.0, 20.0)]


def test_what_was_restored_took_no_time_of_interest() -> None:
    trend = duration_trend("readings", made([1.0] * 5, change="restored"), SINCE, expect_usual, ())
    assert (trend.values, trend.median, trend.points) == (0, None, ())


@given(st.integers(1, 3000))
def test_however_many_there_are_the_points_are_few(count: int) -> None:
    trend = duration_trend("readings", made([1.0] * count), SINCE, lambda of: [None] * len(of), ())
    assert len(trend.points) <= MOST_POINTS
    assert trend.points[-1].label.endswith(f"p{count - 1:04}")


@pytest.mark.parametrize(
    ("watch", "of", "seconds", "rows"),
    [
        ("durations", "raw_airlines", (7,), ()),
        ("resources", "raw_airlines", (7,), ()),
        ("quality", "raw_airlines", (), (7,)),
        ("freshness", "raw_airlines", (), ()),
        ("durations", "another", (), ()),
    ],
)
def test_alerts_mark_what_they_are_about(watch: str, of: str, seconds: tuple[int, ...], rows: tuple[int, ...]) -> None:
    days = DailyPartitions("2024-03-01", end_date="2024-03-04")
    alerts = [alert(7, watch=watch, dataset=of, partitions=("2024-03-02",))]
    measured = [measurement(key, dataset="raw_airlines") for key in days.keys()]  # noqa: SIM118  no mapping
    durations = duration_trend("raw_airlines", measured, SINCE, expect_usual, alerts)
    volumes = volume_trend(dataset(days), {m.partition: holding() for m in measured}, measured, alerts)
    assert [p.alerts for p in durations.points] == [(), seconds, ()]
    assert [p.alerts for p in volumes.points] == [(), rows, ()]


def test_rows_follow_the_partitions_where_those_are_windows_of_time() -> None:
    days = DailyPartitions("2024-03-01", end_date="2024-03-05")
    held = {"2024-03-03": holding(30), "2024-03-01": holding(10), "2024-03-02": holding(20)}
    trend = volume_trend(dataset(days), held, [], ())
    assert (trend.order, [p.value for p in trend.points]) == ("partition", [10.0, 20.0, 30.0])


def test_rows_follow_time_where_they_are_not_and_no_band_is_drawn_over_different_partitions() -> None:
    measured = made([1.0] * 12, rows_out=5)
    static = volume_trend(dataset(StaticPartitions(["a", "b"])), {}, measured, ())
    whole = volume_trend(dataset(None), {}, [m._replace(partition="") for m in measured], ())
    assert (static.order, {p.high for p in static.points}) == ("made", {None})
    assert (whole.points[-1].high, whole.points[-1].label) == (5.0, "2024-06-02 12:00")
