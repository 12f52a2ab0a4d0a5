from flow_assets.insight.report.costs import MOST_ROWS, RUNS, UNTOLD, find_phases, find_savings, median_costs
from flow_assets_tests.insight.report.reported import measurement, run


def test_what_was_not_computed_is_worth_the_median_of_its_dataset() -> None:
    costs = median_costs(
        [
            *(measurement(seconds=seconds) for seconds in (1.0, 2.0, 9.0)),
            measurement(seconds=0.1, change="restored"),
            measurement(seconds=4.0, dataset="trends"),
        ]
    )
    assert costs == {"readings": 2.0, "trends": 4.0}
    made = [measurement(seconds=2.5), measurement(seconds=0.1, change="restored")]
    runs = [run(outcomes={"reused": 10, "computed": 1}), run(outcomes={"reused": 3})]
    found = find_savings(made, runs, {"readings": 5, "trends": 2, "unknown": 1}, costs)
    assert (found.computed, found.restored, found.left, found.found) == (1, 1, 8, 13)
    assert (found.seconds_spent, found.seconds_saved) == (2.5, 2.0 + 5 * 2.0 + 2 * 4.0)
    assert found.share == 9 / 10


def test_where_there_is_nothing_there_is_no_share() -> None:
    found = find_savings([], [], {"readings": 0}, {})
    assert (found.share, found.seconds_saved) == (None, 0.0)


def test_the_slowest_come_first_with_what_is_not_told_apart() -> None:
    measurements = [
        measurement(seconds=2.0, phases={"scan": 0.5, "compute": 1.5}),
        measurement(seconds=4.0, phases={"scan": 1.0}),
        measurement(seconds=50.0, change="restored"),
        measurement(seconds=9.0, dataset="old"),
    ]
    rows = find_phases(measurements, [run(phases={"queue": 3.0, "startup": 1.0})])
    assert [(row.name, row.seconds, dict(row.phases)) for row in rows] == [
        ("old", 9.0, {UNTOLD: 9.0}),
        ("readings", 6.0, {"scan": 1.5, "compute": 1.5, UNTOLD: 3.0}),
        (RUNS, 4.0, {"queue": 3.0, "startup": 1.0}),
    ]


def test_what_rounding_leaves_is_no_phase() -> None:
    (row,) = find_phases([measurement(seconds=1.0, phases={"scan": 0.999, "sort": 0.0})], [])
    assert dict(row.phases) == {"scan": 0.999}


def test_only_the_slowest_are_shown() -> None:
    measurements = [measurement(dataset=f"d{n}", seconds=n + 1.0) for n in range(40)]
    rows = find_phases(measurements, [])
    assert (len(rows), rows[0].name) == (MOST_ROWS, "d39")
