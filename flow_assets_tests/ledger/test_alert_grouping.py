from dataclasses import replace

import pytest
from sqlalchemy import Engine

from flow_assets.ledger.alerts import Alerts
from flow_assets.ledger.findings import Finding
from flow_assets_tests.ledger.found import NOW, finding

MANY = tuple(f"features_{number:02}" for number in range(40))
CAUSE = finding("readings", watch="failures", affected=MANY, title="readings failed")


@pytest.fixture
def alerts(engine: Engine) -> Alerts:
    return Alerts(engine, "local")


def open_titles(alerts: Alerts) -> dict[int, str]:
    return {alert.number: alert.finding.title for alert in alerts.find() if alert.resolved_at is None}


def test_one_failure_upstream_is_one_alert_that_names_its_forty_followers(alerts: Alerts) -> None:
    held = [finding(name, watch="failures") for name in MANY]
    first = alerts.observe("failures", [*held[:20], CAUSE, *held[20:]], NOW)
    second = alerts.observe("freshness", [finding(name) for name in MANY], NOW)
    assert (len(first.numbers), len(second.numbers)) == (41, 40)
    assert {*first.numbers.values(), *second.numbers.values()} == {1}
    assert open_titles(alerts) == {1: "readings failed"}
    evidence = alerts.get(1).finding.evidence
    assert evidence["also_found"] == 80
    assert str(evidence["caused_by_this"]).startswith("features_00 2024-03-01 is off; features_01")
    assert str(evidence["caused_by_this"]).endswith("; and 70 more")


def test_what_follows_from_a_cause_that_somebody_dismissed_is_dismissed_with_it(alerts: Alerts) -> None:
    late = [finding(name) for name in MANY]
    alerts.observe("failures", [CAUSE], NOW)
    alerts.observe("freshness", late, NOW)
    alerts.resolve(1, "ann", "known", NOW + 30)
    alerts.observe("failures", [CAUSE], NOW + 60)
    assert alerts.observe("freshness", late, NOW + 60).opened == ()
    alerts.observe("failures", [], NOW + 90)
    assert len(alerts.observe("freshness", late, NOW + 90).opened) == len(MANY)


def test_what_outlives_its_cause_becomes_an_alert(alerts: Alerts) -> None:
    late = finding(MANY[0])
    alerts.observe("failures", [CAUSE], NOW)
    alerts.observe("freshness", [late], NOW)
    alerts.observe("failures", [], NOW + 60)
    changes = alerts.observe("freshness", [late], NOW + 60)
    assert [alert.finding.identity for alert in changes.opened] == [late.identity]


def test_what_ends_before_its_cause_is_no_longer_named(alerts: Alerts) -> None:
    alerts.observe("failures", [CAUSE], NOW)
    alerts.observe("freshness", [finding(MANY[0])], NOW)
    assert alerts.get(1).finding.evidence["also_found"] == 1
    alerts.observe("freshness", [], NOW + 60)
    assert "also_found" not in alerts.get(1).finding.evidence


@pytest.mark.parametrize(
    "own",
    [
        finding(MANY[0], watch="durations"),  # slow is slow, whatever is late
        finding(MANY[0], "2024-03-02"),  # another day
        finding("elsewhere"),
        finding(""),
    ],
    ids=lambda found: found.identity,
)
def test_what_has_another_cause_is_an_alert_of_its_own(alerts: Alerts, own: Finding) -> None:
    alerts.observe("failures", [CAUSE], NOW)
    assert len(alerts.observe(own.watch, [own], NOW).opened) == 1


@pytest.mark.parametrize("cause", [CAUSE, replace(CAUSE, partitions=())], ids=["its day", "all days"])
def test_causes_are_followed_to_the_first(alerts: Alerts, cause: Finding) -> None:
    second = finding(MANY[0], watch="failures", affected=("report",))
    alerts.observe("failures", [finding("report", watch="failures"), second, cause], NOW)
    assert open_titles(alerts) == {1: "readings failed"}
    assert alerts.get(1).finding.evidence["also_found"] == 2


def test_an_alert_that_was_open_before_its_cause_stays(alerts: Alerts) -> None:
    late = finding(MANY[0])
    alerts.observe("freshness", [late], NOW)
    alerts.observe("failures", [CAUSE], NOW)
    assert alerts.observe("freshness", [late], NOW + 60).resolved == ()
    assert len(open_titles(alerts)) == 2


def test_findings_that_explain_each_other_are_one_alert(alerts: Alerts) -> None:
    one = finding("one", watch="failures", affected=("two",))
    two = finding("two", watch="failures", affected=("one", "three"))
    alerts.observe("failures", [two, finding("three", watch="failures"), one], NOW)
    assert len(open_titles(alerts)) == 1
    assert alerts.get(1).finding.evidence["also_found"] == 2
