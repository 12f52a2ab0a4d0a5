from pathlib import Path

import pytest

from flow_assets.errors import SelectionError
from flow_assets.insight.quality import Quality, find_quality
from flow_assets_tests.ruled import EXCESSIVE, GAPPY, STRANGE, ruled
from flow_assets_tests.sandbox import DAYS, Sandbox


@pytest.fixture
def bad(tmp_path: Path) -> Sandbox:
    """Five days, of which one is blocked, one warns and one has rows in quarantine."""
    made = ruled(tmp_path)
    made.land_all()
    for day, lines in zip(DAYS[1:4], (STRANGE, EXCESSIVE, GAPPY), strict=True):
        made.land(day, lines)
    made.run()
    return made


def quality(sandbox: Sandbox, name: str | None = None, **options: str) -> Quality:
    with sandbox.project() as project:
        return find_quality(project, name, **options)


def test_each_partition_counts_as_it_arrived(bad: Sandbox) -> None:
    found = quality(bad)
    readings = found.datasets["readings"]
    assert (readings.partitions, list(readings.blocked), readings.broken) == (5, [DAYS[2]], {})
    assert (readings.warned, readings.quarantined, readings.unknown) == (2, 2, 0)
    in_range, meter, nulls = (_rule(found, name) for name in ("deciwatts_in_range", "meter_isin", "deciwatts_not_null"))
    assert (in_range.failed, in_range.total, in_range.broken) == (1, 13, [DAYS[2]])  # two rows are in quarantine
    assert (meter.failed, meter.total, meter.broken) == (2, 15, [DAYS[1]])
    assert (nulls.failed, nulls.broken, nulls.worst) == (4, [DAYS[3]], DAYS[3])
    assert readings.dimensions["validity"] == pytest.approx((12 / 13 + 13 / 15) / 2)
    assert found.rules[0] is in_range  # an error comes first
    assert found.dimensions["accuracy"] == readings.dimensions["accuracy"] == pytest.approx(9 / 13)


def test_scores_over_time_show_the_bad_days(bad: Sandbox) -> None:
    found = quality(bad, "readings")
    assert (found.unit, found.periods) == ("day", DAYS)
    assert list(found.over_time["validity"].values()) == pytest.approx([1, 0.75, 0.75, 1, 1])
    assert found.over_time["accuracy"][DAYS[3]] == pytest.approx(1 / 3)


def test_a_good_file_takes_the_place_of_what_was_blocked(bad: Sandbox) -> None:
    bad.land(DAYS[2])
    bad.run()
    found = quality(bad, "readings")
    assert found.datasets["readings"].blocked == {}
    assert (_rule(found, "deciwatts_in_range").failed, _rule(found, "deciwatts_in_range").total) == (0, 14)


def test_what_is_blocked_beside_an_older_good_version_is_what_counts(bad: Sandbox) -> None:
    bad.land(DAYS[0], EXCESSIVE)
    bad.run()
    found = quality(bad, "readings")
    assert list(found.datasets["readings"].blocked) == [DAYS[0], DAYS[2]]
    assert _rule(found, "deciwatts_in_range").broken == [DAYS[0], DAYS[2]]


def test_a_rule_made_stricter_is_broken_by_what_was_published_before(bad: Sandbox) -> None:
    bad.edit("readings.py", "in_range(0, 1000)", "in_range(0, 45)")
    bad.run()
    found = quality(bad)
    assert found.datasets["readings"].broken == {DAYS[4]: ["deciwatts_in_range"]}
    assert _rule(found, "deciwatts_in_range").rule.text == "0 <= deciwatts <= 45"


def test_partitions_and_time_narrow_it_down(bad: Sandbox) -> None:
    found = quality(bad, partitions=f"{DAYS[3]}..{DAYS[4]}")
    assert {name: of.partitions for name, of in found.datasets.items()} == {
        **dict.fromkeys(("raw_readings", "readings", "trends"), 2),
        "meters_seen": 1,
    }
    assert found.datasets["readings"].blocked == {}
    assert quality(bad, "readings", since="1h").datasets["readings"].partitions == 5
    future = quality(bad, "readings", since="2999-01-01")
    assert (future.score, future.datasets["readings"].partitions, future.unit) == (None, 0, None)


def test_rules_that_are_not_known_any_longer_are_told(bad: Sandbox) -> None:
    with bad.project() as project:
        digest = project.recipe(project.graph.get("readings")).book.digest
        project.holdings.judgements.keep_rule_set("readings", digest, [])
        assert _names(find_quality(project, "readings")) == []
        with project.engine.begin() as connection:
            connection.exec_driver_sql("DELETE FROM rule_sets WHERE digest = ?", (digest,))
        assert find_quality(project, "readings").datasets["readings"].unknown == 5
    bad.land(DAYS[0], GAPPY)
    bad.run()  # keeps them again
    assert "meter_isin" in _names(quality(bad, "readings"))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"name": "readinks"}, "Did you mean 'readings'"),
        ({"name": "readings", "partitions": "2024-03-09"}, "readings has no partition 2024-03-09"),
        ({"name": "meters_seen", "partitions": DAYS[0]}, "meters_seen has no partitions; leave --partitions out."),
        ({"since": "yesterday"}, "since 'yesterday' cannot be used; write a date, 2013-02-01, or a number and one of"),
    ],
)
def test_what_is_not_there_is_told(sandbox: Sandbox, options: dict[str, str], said: str) -> None:
    with pytest.raises(SelectionError, match=said):
        quality(sandbox, **options)


def _names(found: Quality) -> list[str]:
    return [score.rule.name for score in found.rules]


def _rule(found: Quality, name: str):
    (score,) = (score for score in found.rules if score.rule.name == name)
    return score
