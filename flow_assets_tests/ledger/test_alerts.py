import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine, insert
from sqlalchemy.exc import IntegrityError

from flow_assets.errors import AlertError, SelectionError, StoreError
from flow_assets.ledger import open_database
from flow_assets.ledger.alert_tables import alerts as alert_table
from flow_assets.ledger.alerts import Alerts, Changes
from flow_assets.ledger.database import transaction
from flow_assets.ledger.findings import AlertSeverity, AlertState
from flow_assets_tests.ledger.found import CRITICAL, DAY, FULL, HOUR, NOW, finding

LATE = finding()


@pytest.fixture
def alerts(engine: Engine) -> Alerts:
    return Alerts(engine, "local", {"readings": ("team:meters",)})


def numbers(changes: Changes) -> dict[str, list[int]]:
    changed = {"opened": changes.opened, "worsened": changes.worsened, "resolved": changes.resolved}
    return {name: [alert.number for alert in some] for name, some in changed.items() if some}


def look(alerts: Alerts, *found: object, at: float = NOW, watch: str = "freshness") -> dict[str, list[int]]:
    return numbers(alerts.observe(watch, list(found), at))  # type: ignore[arg-type]


def kinds(alerts: Alerts, number: int = 1) -> list[str]:
    return [event.kind for event in alerts.events(number)]


def test_what_began_does_not_begin_anew_at_each_look(alerts: Alerts) -> None:
    for seconds in (0, 30, 60):
        look(alerts, replace(LATE, since=NOW + seconds), at=NOW + seconds)
    assert alerts.get(1, NOW + 60).finding.since == NOW


def test_what_is_found_is_opened_kept_and_resolved(alerts: Alerts) -> None:
    assert look(alerts, LATE, FULL) == {"opened": [1]}
    newer = replace(LATE, evidence={"late_minutes": 20.0})
    assert look(alerts, newer, at=NOW + 60) == {}
    alert = alerts.get(1, NOW + 60)
    assert (alert.finding, alert.state, alert.opened_at, alert.seen_at) == (newer, AlertState.OPEN, NOW, NOW + 60)
    assert look(alerts, at=NOW + 120) == {"resolved": [1]}
    alert = alerts.get(1, NOW + 120)
    assert (alert.state, alert.resolved_at, alert.seen_at) == (AlertState.RESOLVED, NOW + 120, NOW + 60)
    assert look(alerts, at=NOW + 180) == {}
    assert kinds(alerts) == ["opened", "resolved"]


def test_each_finding_is_told_the_number_of_its_alert(alerts: Alerts) -> None:
    other = finding("trends")
    one, two = LATE.identity, other.identity
    assert alerts.observe("freshness", [LATE, other, LATE], NOW).numbers == {one: 1, two: 2}
    assert alerts.observe("freshness", [LATE], NOW + 60).numbers == {one: 1}
    assert alerts.observe("freshness", [LATE, other], NOW + 2 * HOUR).numbers == {one: 1, two: 3}
    alerts.resolve(1, "ann", "known", NOW + 2 * HOUR)
    assert alerts.observe("freshness", [LATE], NOW + 3 * HOUR).numbers == {one: 1}
    worse = replace(LATE, severity=CRITICAL)
    assert alerts.observe("freshness", [worse], NOW + 4 * HOUR).numbers == {one: 4}


def test_a_finding_comes_back_as_it_was(alerts: Alerts) -> None:
    alerts.observe("freshness", [FULL], NOW)
    back = alerts.get(1).finding
    assert back.chart is not None
    assert FULL.chart is not None
    assert np.isnan(back.chart.values[1])
    same = replace(back.chart, values=FULL.chart.values)
    assert replace(back, chart=same) == FULL


def test_numbers_of_other_libraries_are_kept(alerts: Alerts) -> None:
    rows = {"rows": np.int64(3), "share": np.float64(0.5)}
    alerts.observe("freshness", [replace(LATE, evidence=rows)], NOW)
    assert alerts.get(1).finding.evidence == {"rows": 3.0, "share": 0.5}


def test_each_watch_and_environment_has_its_own(alerts: Alerts, engine: Engine) -> None:
    look(alerts, LATE)
    assert look(alerts, finding(watch="quality"), watch="quality") == {"opened": [2]}
    assert look(alerts, watch="quality", at=NOW + 1) == {"resolved": [2]}
    assert look(Alerts(engine, "staging"), LATE) == {"opened": [1]}
    assert [alert.number for alert in alerts.find({AlertState.OPEN})] == [1]
    with pytest.raises(ValueError, match="freshness was to find what quality found"):
        look(alerts, finding(watch="quality"))


def test_what_comes_back_within_the_hour_is_the_same_alert_and_later_a_new_one(alerts: Alerts) -> None:
    look(alerts, LATE)
    look(alerts, at=NOW + 60)
    assert look(alerts, LATE, at=NOW + HOUR) == {"opened": [1]}
    alerts.resolve(1, "ann", "", NOW + HOUR)
    look(alerts, at=NOW + HOUR)
    assert look(alerts, LATE, at=NOW + 3 * HOUR) == {"opened": [2]}
    assert (alerts.get(2).former, alerts.get(1).former) == (1, None)
    assert alerts.events(2)[0].note == "after alert 1"


def test_what_keeps_coming_back_is_resolved_after_ever_longer_quiet(alerts: Alerts) -> None:
    now, quiet = NOW, []
    look(alerts, LATE, at=now)
    for _ in range(8):
        gone = now = now + HOUR / 2
        while look(alerts, at=now) != {"resolved": [1]}:
            assert alerts.get(1).state is AlertState.OPEN
            now += HOUR / 2
        quiet.append((now - gone) / HOUR)
        now += 60
        assert look(alerts, LATE, at=now) == {"opened": [1]}
    assert quiet == [0, 1, 2, 4, 8, 16, 24, 24]
    look(alerts, at=now + 60)
    look(alerts, LATE, at=now + 120)  # seen in between: the quiet begins anew
    assert look(alerts, at=now + 24 * HOUR) == look(alerts, at=now + 47 * HOUR) == {}
    assert look(alerts, at=now + 48 * HOUR) == {"resolved": [1]}


def test_a_look_that_began_before_the_last_one_changes_nothing_of_what_that_saw(alerts: Alerts) -> None:
    """A sensor and `flow watch` look at the same time, and the slower one writes what it saw at its beginning."""
    assert look(alerts, LATE, at=NOW + 10) == {"opened": [1]}
    assert look(alerts, at=NOW) == {}
    assert look(alerts, LATE, at=NOW + 40) == {}
    assert look(alerts, at=NOW + 70) == {"resolved": [1]}
    assert look(alerts, LATE, at=NOW + 60) == {}
    assert look(alerts, at=NOW + 100) == {}
    assert kinds(alerts) == ["opened", "resolved"]


def test_what_gets_worse_is_news_and_what_eases_is_not(alerts: Alerts) -> None:
    look(alerts, LATE)
    alerts.acknowledge(1, "ann", "on it", NOW)
    assert alerts.get(1).state is AlertState.ACKNOWLEDGED
    assert look(alerts, replace(LATE, severity=CRITICAL)) == {"worsened": [1]}
    assert (alerts.get(1).state, alerts.get(1).acknowledged_by) == (AlertState.OPEN, "")
    assert look(alerts, replace(LATE, severity=AlertSeverity.INFO)) == {}
    assert kinds(alerts) == ["opened", "acknowledged", "worsened", "eased"]


def test_what_comes_back_is_news_to_who_took_care_of_it(alerts: Alerts) -> None:
    look(alerts, LATE)
    alerts.acknowledge(1, "ann", "on it", NOW)
    look(alerts, at=NOW + 60)
    assert alerts.get(1).acknowledged_by == "ann"
    assert look(alerts, LATE, at=NOW + 120) == {"opened": [1]}
    assert (alerts.get(1).state, alerts.get(1).acknowledged_by, alerts.get(1).note) == (AlertState.OPEN, "", "")
    assert kinds(alerts) == ["opened", "acknowledged", "resolved", "reopened"]


def test_people_acknowledge_all_or_none(alerts: Alerts) -> None:
    look(alerts, LATE, finding("trends"), finding("other"))
    look(alerts, LATE, finding("trends"))
    with pytest.raises(AlertError, match=r"^Alert 3 is resolved already; nothing was changed\.$"):
        alerts.acknowledge([1, 2, 3], "ann", "", NOW)
    with pytest.raises(SelectionError, match=r"^There is no alert 7, 8; flow alerts list --all shows"):
        alerts.acknowledge([1, 7, 8], "ann", "", NOW)
    assert {alert.state for alert in alerts.find() if alert.number < 3} == {AlertState.OPEN}
    alerts.acknowledge([1, 2], "ann", "we know", NOW)
    assert {(a.acknowledged_by, a.note) for a in alerts.find({AlertState.ACKNOWLEDGED})} == {("ann", "we know")}
    assert [(e.kind, e.who, e.note) for e in alerts.events(2)][1:] == [("acknowledged", "ann", "we know")]


def test_what_somebody_resolved_stays_so_while_the_same_is_found(alerts: Alerts) -> None:
    look(alerts, LATE)
    alerts.resolve(1, "ann", "as planned", NOW)
    assert look(alerts, LATE, at=NOW + DAY) == {}
    assert alerts.get(1).state is AlertState.RESOLVED
    assert look(alerts, at=NOW + DAY) == {}
    assert look(alerts, LATE, at=NOW + DAY) == {"opened": [2]}
    alerts.resolve(2, "ann", "again", NOW + DAY)
    assert look(alerts, replace(LATE, severity=CRITICAL), at=NOW + DAY) == {"opened": [3]}
    assert [alert.former for alert in alerts.find()] == [2, 1, None]


def test_what_somebody_resolved_and_comes_anew_is_a_new_alert_however_soon(alerts: Alerts) -> None:
    look(alerts, LATE)
    alerts.resolve(1, "ann", "as planned", NOW + 60)
    look(alerts, LATE, at=NOW + 120)
    assert look(alerts, at=NOW + 180) == {}
    assert look(alerts, LATE, at=NOW + 240) == {"opened": [2]}
    assert (alerts.get(2).former, alerts.get(2).note, alerts.get(1).note) == (1, "", "as planned")
    assert kinds(alerts) == ["opened", "resolved"]


def test_alerts_are_found_by_state_and_time(alerts: Alerts) -> None:
    look(alerts, LATE, finding("trends"))
    look(alerts, LATE, at=NOW + 60)
    assert [a.number for a in alerts.find()] == [2, 1]
    assert [a.number for a in alerts.find({AlertState.RESOLVED})] == [2]
    assert [a.number for a in alerts.find(since=NOW + 61)] == [1]


def test_two_that_look_at_once_open_one_alert(alerts: Alerts, path: Path) -> None:
    opened: list[int] = []
    barrier = threading.Barrier(4)

    def keep_looking() -> None:
        own = Alerts(open_database(path), "local")
        barrier.wait()
        for number in range(1, 11):
            found = [finding(key=str(key)) for key in range(number)]
            opened.extend(look(own, *found, at=NOW).get("opened", []))
            barrier.wait()

    threads = [threading.Thread(target=keep_looking) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert opened == list(range(1, 11))
    assert len(alerts.find({AlertState.OPEN})) == 10


def test_the_ledger_itself_refuses_a_second_alert_for_one_cause(alerts: Alerts, engine: Engine) -> None:
    look(alerts, LATE)
    row = {"environment": "local", "number": 2, "watch": "freshness", "identity": LATE.identity, "finding": "{}"}
    with pytest.raises(StoreError, match="UNIQUE constraint failed") as raised, transaction(engine) as connection:
        connection.execute(insert(alert_table), [{**row, "opened_at": NOW, "seen_at": NOW}])
    assert isinstance(raised.value.__cause__, IntegrityError)
