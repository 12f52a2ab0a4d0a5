from flow_assets.insight.report.costs import MOST_ROWS, RUNS, UNTOLD, find_phases, find_savings
from flow_assets_tests.insight.report.reported import BEFORE, SINCE, measurement, run


def test_what_was_not_computed_is_worth_the_median_of_its_dataset() -> None:
    measurements = [
        *(measurement(seconds=seconds, at=BEFORE) for seconds in (1.0, 2.0, 9.0)),
        measurement(seconds=2.0),
        measurement(seconds=0.1, change="restored"),
        measurement(seconds=4.0, dataset="trends", at=BEFORE),
    ]
    runs = [
        run(outcomes={"reused": 10, "computed": 1}),
        run(outcomes={"reused": 3}, datasets=("readings", "trends", "unknown")),
        run(outcomes={"reused": 5}, datasets=("unknown",)),
    ]
    found = find_savings(measurements, runs, SINCE)
    assert (found.computed, found.restored, found.reused, found.runs) == (1, 1, 18, 3)
    assert (found.seconds_spent, found.seconds_saved) == (2.0, 2.0 + 10 * 2.0 + 3 * 3.0)
    assert found.share == 19 / 20


def test_without_anything_asked_for_there_is_no_share() -> None:
    found = find_savings([measurement(at=BEFORE)], [], SINCE)
    assert (found.share, found.seconds_saved) == (None, 0.0)


def test_the_slowest_come_first_with_what_is_not_told_apart() -> None:
    measurements = [
        measurement(seconds=2.0, phases={"scan": 0.5, "compute": 1.5}),
        measurement(seconds=4.0, phases={"scan": 1.0}),
        measurement(seconds=50.0, at=BEFORE),
        measurement(seconds=50.0, change="restored"),
        measurement(seconds=9.0, dataset="old"),
    ]
    rows = find_phases(measurements, [run(phases={"queue": 3.0, "startup": 1.0})], SINCE)
    assert [(row.name, row.seconds, dict(row.phases)) for row in rows] == [
        ("old", 9.0, {UNTOLD: 9.0}),
        ("readings", 6.0, {"scan": 1.5, "compute": 1.5, UNTOLD: 3.0}),
        (RUNS, 4.0, {"queue": 3.0, "startup": 1.0}),
    ]


def test_what_rounding_leaves_is_no_phase() -> None:
    (row,) = find_phases([measurement(seconds=1.0, phases={"scan": 0.999, "sort": 0.0})], [], SINCE)
    assert dict(row.phases) == {"scan": 0.999}


def test_only_the_slowest_are_shown() -> None:
    measurements = [measurement(dataset=f"d{n}", seconds=n + 1.0) for n in range(40)]
    rows = find_phases(measurements, [], SINCE)
    assert (len(rows), rows[0].name) == (MOST_ROWS, "d39")
