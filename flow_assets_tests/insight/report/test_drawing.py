import re

from hypothesis import given
from hypothesis import strategies as st

from flow_assets.declaration import DailyPartitions
from flow_assets.insight.report.calendars import lay_out
from flow_assets.insight.report.drawing import Line, draw_chart, draw_squares, draw_trend
from flow_assets.insight.report.states import PartitionState
from flow_assets.insight.report.trends import Point, Trend
from flow_assets.ledger.findings import Chart
from flow_assets_tests.insight.report.reported import cell, dataset

AMOUNTS = st.floats(0, 1e12)
POINTS = st.lists(
    st.builds(
        Point,
        st.just("p"),
        AMOUNTS,
        st.none() | AMOUNTS,
        st.none() | AMOUNTS,
        st.none() | AMOUNTS,
        st.sampled_from([(), (1,), (1, 2)]),
    ),
    max_size=60,
)


def assert_inside(drawn: Line) -> None:
    assert "nan" not in drawn.line + drawn.band
    places = re.findall(r"(-?[\d.e+-]+) (-?[\d.e+-]+)", drawn.line + drawn.band)
    for x, y in [*places, *((x, y) for x, y, _ in drawn.dots), *((x, 0) for x, _ in drawn.marks)]:
        assert 0 <= float(x) <= drawn.width
        assert 0 <= float(y) <= drawn.height


@given(POINTS)
def test_whatever_there_is_lies_inside_the_picture(points: list[Point]) -> None:
    drawn = draw_trend(Trend("readings", "seconds", "made", len(points), None, tuple(points)))
    assert_inside(drawn)
    assert len(drawn.dots) == sum(1 for p in points if p.unexpected is not None)
    assert [text for _, text in drawn.marks] == [
        f"p: alert {', '.join(map(str, p.alerts))}" for p in points if p.alerts
    ]


@given(st.lists(AMOUNTS, max_size=20), st.booleans())
def test_a_chart_lies_inside_the_picture_with_or_without_a_band(values: list[float], has_band: bool) -> None:
    high = tuple(value + 1 for value in values) if has_band else ()
    drawn = draw_chart(Chart("seconds", tuple("x" * len(values)), tuple(values), (), high))
    assert_inside(drawn)
    assert (bool(drawn.band), len(drawn.dots)) == (bool(values) and has_band, min(len(values), 1))


def test_one_far_above_all_others_does_not_flatten_them() -> None:
    for strange in (Point("b", 1.0, 0.5, 2.0, unexpected=1000.0), Point("b", 1.0, 0.0, 1000.0)):
        drawn = draw_trend(Trend("readings", "seconds", "made", 2, 1.0, (Point("a", 1.0, 0.5, 2.0), strange)))
        assert 2 < drawn.top < 5


def test_a_state_is_one_path() -> None:
    days = DailyPartitions("2024-03-04", end_date="2024-03-14")
    states = [PartitionState.FRESH] * 9 + [PartitionState.LATE]
    calendar = lay_out(dataset(days), [cell(key, state) for key, state in zip(days.keys(), states, strict=True)])
    drawn = draw_squares(calendar.grids[0])
    assert drawn.counts == {PartitionState.FRESH: 9, PartitionState.LATE: 1}
    assert {state: path.count("M") for state, path in drawn.paths.items()} == drawn.counts
    assert drawn.paths[PartitionState.LATE] == "M11 22h9v9h-9z"  # the second week's Wednesday
