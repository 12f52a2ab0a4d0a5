"""A clock that is set back, or was wrong for a while: nothing is told twice, and nothing is held up for long."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from sqlalchemy import Engine

from flow_assets.ledger.alerts import Alerts
from flow_assets.ledger.findings import Finding
from flow_assets_tests.ledger.found import CRITICAL, DAY, HOUR, NOW, finding

LATE = finding()
YEAR = 365 * DAY


@pytest.fixture
def alerts(engine: Engine) -> Alerts:
    return Alerts(engine, "local")


def look(alerts: Alerts, *found: Finding, at: float) -> Mapping[str, list[int]]:
    changes = alerts.observe("freshness", found, at)
    changed = {"opened": changes.opened, "worsened": changes.worsened, "resolved": changes.resolved}
    return {name: [alert.number for alert in some] for name, some in changed.items() if some}


@pytest.mark.parametrize("back", [5 * 60, 4 * HOUR, DAY])
def test_what_is_not_found_on_a_clock_that_was_set_back_is_open_until_it_has_come_there_again(
    alerts: Alerts, back: float
) -> None:
    look(alerts, LATE, at=NOW)
    for passed in (0, back / 2, back - 1):
        assert look(alerts, at=NOW - back + passed) == {}
    assert look(alerts, LATE, at=NOW) == {}
    assert look(alerts, at=NOW + 60) == {"resolved": [1]}
    assert [event.kind for event in alerts.events(1)] == ["opened", "resolved"]


def test_what_is_found_on_a_clock_that_was_set_back_keeps_its_times(alerts: Alerts) -> None:
    look(alerts, LATE, at=NOW)
    assert look(alerts, LATE, at=NOW - 4 * HOUR) == {}
    assert alerts.get(1).seen_at == NOW
    assert look(alerts, replace(LATE, severity=CRITICAL), at=NOW - 4 * HOUR) == {"worsened": [1]}
    assert look(alerts, LATE, at=NOW - 3 * HOUR) == {}
    assert look(alerts, at=NOW) == {"resolved": [1]}
    assert alerts.get(1).resolved_at == NOW
    history = [(event.kind, event.at) for event in alerts.events(1)]
    assert history == [("opened", NOW), ("worsened", NOW), ("eased", NOW), ("resolved", NOW)]


def test_what_was_over_is_not_opened_again_but_what_begins_anew_is(alerts: Alerts) -> None:
    look(alerts, LATE, at=NOW - 60)
    look(alerts, at=NOW)
    assert look(alerts, LATE, at=NOW - 4 * HOUR) == {}
    assert look(alerts, replace(LATE, since=NOW - 5 * HOUR), at=NOW - 3 * HOUR) == {"opened": [1]}
    alert = alerts.get(1)
    assert (alert.resolved_at, alert.seen_at, alert.opened_at) == (None, NOW, NOW - 60)


def test_what_begins_and_ends_while_the_clock_is_behind_is_told_then(alerts: Alerts) -> None:
    look(alerts, LATE, at=NOW)
    other = finding("trends")
    assert look(alerts, other, at=NOW - 4 * HOUR) == {"opened": [2]}
    assert look(alerts, at=NOW - 3 * HOUR) == {"resolved": [2]}


def test_what_somebody_resolved_stays_so_where_the_clock_is_set_back(alerts: Alerts) -> None:
    look(alerts, LATE, at=NOW)
    alerts.resolve(1, "ann", "as planned", NOW)
    assert look(alerts, at=NOW - 4 * HOUR) == {}
    assert look(alerts, LATE, at=NOW + 60) == {}


def test_a_clock_that_was_a_year_ahead_holds_nothing_up(alerts: Alerts) -> None:
    look(alerts, LATE, finding("trends"), at=NOW)
    look(alerts, LATE, finding("trends"), finding("next year"), at=NOW + YEAR)
    look(alerts, LATE, finding("next year"), at=NOW + YEAR)  # trends are over
    assert look(alerts, LATE, at=NOW + 60) == {"resolved": [3]}
    assert look(alerts, at=NOW + 120) == {"resolved": [1]}
    assert look(alerts, replace(LATE, since=NOW + DAY), at=NOW + DAY) == {"opened": [4]}
    assert look(alerts, at=NOW + DAY + 60) == {"resolved": [4]}
    ages = [(alert.opened_at, alert.seen_at, alert.resolved_at) for alert in (alerts.get(1), alerts.get(4))]
    assert ages == [(NOW, NOW + 60, NOW + 120), (NOW + DAY, NOW + DAY, NOW + DAY + 60)]


def test_a_clock_that_was_days_ahead_holds_nothing_up_on_the_way_to_that_time(alerts: Alerts) -> None:
    trends, prices = finding("trends"), finding("prices")
    look(alerts, LATE, trends, at=NOW)
    look(alerts, LATE, trends, prices, at=NOW + 2 * DAY)
    assert look(alerts, LATE, prices, at=NOW + 60) == {"resolved": [2]}
    assert look(alerts, LATE, prices, at=NOW + 1.2 * DAY) == {}
    assert look(alerts, prices, at=NOW + 1.3 * DAY) == {"resolved": [1]}
    assert look(alerts, at=NOW + 1.5 * DAY) == {"resolved": [3]}
    ages = [(alert.opened_at, alert.seen_at, alert.resolved_at) for alert in map(alerts.get, (1, 2, 3))]
    assert ages == [
        (NOW, NOW + 1.2 * DAY, NOW + 1.3 * DAY),
        (NOW, NOW + 60, NOW + 60),
        (NOW + 2 * DAY, NOW + 2 * DAY, NOW + 2 * DAY),  # no age is negative
    ]


@pytest.mark.parametrize("watch", ["freshness", "failures"])
@pytest.mark.parametrize("days", [1.2, 1.5, 1.99])
def test_what_was_over_on_a_clock_that_was_days_ahead_is_opened_when_it_is_found(
    alerts: Alerts, days: float, watch: str
) -> None:
    look(alerts, LATE, at=NOW)
    assert look(alerts, at=NOW + 2 * DAY) == {"resolved": [1]}
    alerts.observe(watch, [], NOW + 60)  # any look tells that the clock is right again
    assert look(alerts, LATE, at=NOW + days * DAY) == {"opened": [2]}
    assert alerts.get(2).opened_at == NOW + days * DAY
    assert look(alerts, at=NOW + days * DAY + 60) == {"resolved": [2]}


def test_a_clock_that_was_days_behind_changes_nothing_of_the_times_before(alerts: Alerts) -> None:
    look(alerts, LATE, finding("trends"), at=NOW)
    look(alerts, LATE, at=NOW + 60)
    assert look(alerts, LATE, at=NOW - YEAR) == {}
    assert look(alerts, LATE, at=NOW + 120) == {}
    ages = [(alert.opened_at, alert.seen_at, alert.resolved_at) for alert in map(alerts.get, (1, 2))]
    assert ages == [(NOW, NOW + 120, None), (NOW, NOW, NOW + 60)]
