from dataclasses import replace

import pytest

from flow_assets.automation.alerting.engine import Delivered, deliver
from flow_assets.ledger.alerts import Alerts
from flow_assets.ledger.findings import AlertSeverity, AlertState
from flow_assets.ledger.silences import Matcher
from flow_assets_tests.automation.alerting.places import Inbox, Router, broken, down, gone
from flow_assets_tests.ledger.found import CRITICAL, DAY, HOUR, NOW, finding

LATE = finding()
BAD = replace(LATE, severity=CRITICAL)


def look(alerts: Alerts, *found: object, at: float = NOW) -> None:
    alerts.observe("freshness", list(found), at)  # type: ignore[arg-type]


def kinds(alerts: Alerts, number: int = 1) -> list[str]:
    return [event.kind for event in alerts.events(number)]


def test_each_transition_reaches_each_place_once(alerts: Alerts) -> None:
    one, two = Inbox("one"), Inbox("two")
    router = Router([one, two])
    look(alerts, LATE, finding("trends"))
    assert deliver(alerts, router, NOW) == Delivered(sent=4)
    assert deliver(alerts, router, NOW + 1) == Delivered()
    look(alerts, finding("trends"), at=NOW + 60)
    assert deliver(alerts, router, NOW + 60) == Delivered(sent=2)
    assert one.said == two.said == ["opened 1", "opened 2", "resolved 1"]
    assert one.keys == ["local/1/1/opened", "local/2/1/opened", "local/1/2/resolved"]
    assert [notice.at for notice in one.got] == [NOW, NOW, NOW + 60]
    assert kinds(alerts) == ["opened", "delivered", "delivered", "resolved", "delivered", "delivered"]
    assert alerts.events(1)[1].note == "opened to one"
    assert [(d.destination, d.transition, d.state) for d in alerts.outbox.of(1)][:2] == [
        ("one", "opened", "sent"),
        ("one", "resolved", "sent"),
    ]


def test_routes_that_come_later_tell_of_what_is_open_and_not_of_what_is_over(alerts: Alerts) -> None:
    late = Inbox("late")
    look(alerts, LATE, finding("trends"))
    deliver(alerts, Router([]), NOW)
    look(alerts, LATE, at=NOW + 60)
    deliver(alerts, Router([]), NOW + 60)
    deliver(alerts, Router([late]), NOW + 120)
    assert late.said == ["opened 1"]


def test_what_opened_and_ended_between_two_deliveries_is_told_at_once(alerts: Alerts) -> None:
    team = Inbox()
    look(alerts, LATE)
    look(alerts, at=NOW + 30)
    deliver(alerts, Router([team]), NOW + 60)
    deliver(alerts, Router([team]), NOW + DAY)
    assert team.said == ["resolved 1"]
    assert (team.got[0].alert.opened_at, team.got[0].at) == (NOW, NOW + 30)


def test_a_place_that_is_down_for_an_hour_is_told_what_it_missed_once_and_others_at_once(alerts: Alerts) -> None:
    away, here = Inbox("away", trouble=down), Inbox("here")
    router = Router([away, here])
    look(alerts, LATE, finding("trends"))
    for minute in range(60):
        if minute == 30:
            look(alerts, LATE, at=NOW + 1800)
        deliver(alerts, router, NOW + 60 * minute)
        assert len(here.got) == (2 if minute < 30 else 3)
    assert (away.got, away.attempts) == ([], pytest.approx(7, abs=2))  # after ever longer pauses
    assert kinds(alerts).count("failed") == 1
    away.trouble = lambda notice: None
    for minute in range(60, 120):
        deliver(alerts, router, NOW + 60 * minute)
    assert sorted(away.said) == ["opened 1", "resolved 2"]
    assert here.said == ["opened 1", "opened 2", "resolved 2"]


def test_what_a_place_cannot_take_does_not_keep_the_rest_from_it(alerts: Alerts) -> None:
    def poison(notice: object) -> None:
        if notice.alert.number == 1:  # type: ignore[attr-defined]
            broken(notice)  # type: ignore[arg-type]

    team = Inbox(trouble=poison)
    look(alerts, *(finding(key=str(key)) for key in range(5)))
    deliver(alerts, Router([team]), NOW)
    deliver(alerts, Router([team]), NOW + 61)
    assert team.said == ["opened 2", "opened 3", "opened 4", "opened 5"]
    errors = {delivery.error for delivery in alerts.outbox.of(1)}
    assert errors == {"unexpected RuntimeError"}  # what it says may be secret


def test_a_place_that_refuses_is_asked_again_the_next_day(alerts: Alerts) -> None:
    team = Inbox(trouble=gone)
    look(alerts, LATE)
    assert deliver(alerts, Router([team]), NOW) == Delivered(refused=1)
    assert deliver(alerts, Router([team]), NOW + HOUR) == Delivered()
    assert alerts.events(1)[-1].note == "opened to team: there is no such channel"
    team.trouble = lambda notice: None
    assert deliver(alerts, Router([team]), NOW + DAY) == Delivered(sent=1)
    assert team.said == ["opened 1"]


def test_a_place_that_never_knew_is_not_told_of_the_end(alerts: Alerts) -> None:
    team = Inbox(trouble=gone)
    look(alerts, LATE)
    deliver(alerts, Router([team]), NOW)
    look(alerts, at=NOW + 60)
    team.trouble = lambda notice: None
    deliver(alerts, Router([team]), NOW + 2 * DAY)
    assert team.said == []


def test_critical_alerts_that_nobody_takes_care_of_are_repeated_once_a_cooldown(alerts: Alerts) -> None:
    daily, hourly = Inbox("daily"), Inbox("hourly", cooldown_seconds=HOUR)
    look(alerts, BAD, finding("trends"))
    for hour in range(25):
        deliver(alerts, Router([daily, hourly]), NOW + HOUR * hour)
    assert daily.said == ["opened 1", "opened 2", "repeated 1"]
    assert hourly.said == ["opened 1", "opened 2", *["repeated 1"] * 24]
    alerts.acknowledge(1, "ann", "", NOW + DAY)
    deliver(alerts, Router([daily, hourly]), NOW + 3 * DAY)
    assert len(daily.got) == 3


def test_what_gets_worse_is_told_again_and_to_those_whom_it_concerns_now(alerts: Alerts) -> None:
    chat, pager = Inbox("chat"), Inbox("pager")
    router = Router([], {AlertSeverity.WARNING: [chat], CRITICAL: [pager]})
    look(alerts, LATE)
    deliver(alerts, router, NOW)
    look(alerts, BAD)
    deliver(alerts, router, NOW)
    assert (chat.said, pager.said) == (["opened 1"], ["opened 1"])
    look(alerts)
    deliver(alerts, router, NOW)
    assert (chat.said, pager.said) == (["opened 1", "resolved 1"], ["opened 1", "resolved 1"])
    both = Inbox()
    look(alerts, finding("trends"))
    deliver(alerts, Router([both]), NOW)
    look(alerts, finding("trends", severity=CRITICAL))
    deliver(alerts, Router([both]), NOW)
    look(alerts, finding("trends"))
    look(alerts, finding("trends", severity=CRITICAL))
    deliver(alerts, Router([both]), NOW)
    assert both.said == ["opened 2", "repeated 2"]


@pytest.mark.parametrize("matcher", [None, Matcher("readings"), Matcher("", "freshness"), Matcher(owner="team:meters")])
def test_what_is_silenced_is_told_when_the_silence_ends(alerts: Alerts, matcher: Matcher | None) -> None:
    team = Inbox()
    look(alerts, LATE)
    if matcher is None:
        alerts.silence(1, NOW + HOUR, "ann", "we know", NOW)
    else:
        alerts.silence_matching(matcher, NOW + HOUR, "ann", "we know", NOW)
    deliver(alerts, Router([team]), NOW)
    alert = alerts.get(1, NOW)
    assert (team.said, alert.state, alert.silenced_until) == ([], AlertState.SILENCED, NOW + HOUR)
    deliver(alerts, Router([team]), NOW + HOUR)
    assert (team.said, alerts.get(1, NOW + HOUR).state) == (["opened 1"], AlertState.OPEN)


def test_what_ends_in_silence_is_told_to_those_who_know_of_it(alerts: Alerts) -> None:
    before, after = Inbox("before"), Inbox("after")
    look(alerts, LATE, finding("trends"))
    deliver(alerts, Router([before]), NOW)
    alerts.silence_matching(Matcher("readings"), NOW + HOUR, "ann", "", NOW)
    deliver(alerts, Router([before, after]), NOW + 60)
    look(alerts, at=NOW + 120)
    deliver(alerts, Router([before, after]), NOW + 120)
    deliver(alerts, Router([before, after]), NOW + DAY)
    assert before.said == ["opened 1", "opened 2", "resolved 1", "resolved 2"]
    assert after.said == ["opened 2", "resolved 2"]


def test_a_silence_that_is_lifted_is_over(alerts: Alerts) -> None:
    team = Inbox()
    look(alerts, LATE)
    alerts.silence(1, NOW + DAY, "ann", "", NOW)
    deliver(alerts, Router([team]), NOW)
    alerts.unsilence(1, "bob", "it matters", NOW + 60)
    deliver(alerts, Router([team]), NOW + 60)
    assert team.said == ["opened 1"]
    assert kinds(alerts) == ["opened", "silenced", "unsilenced", "delivered"]


def test_what_comes_back_is_told_again_at_once(alerts: Alerts) -> None:
    team = Inbox()
    for minute, found in enumerate([[LATE], [], [LATE], [], [LATE], []]):
        look(alerts, *found, at=NOW + 60 * minute)
        deliver(alerts, Router([team]), NOW + 60 * minute)
    assert team.said == ["opened 1", "resolved 1", "opened 1"]  # the second end is not believed before an hour is over
    look(alerts, at=NOW + 2 * HOUR)
    deliver(alerts, Router([team]), NOW + 2 * HOUR)
    assert team.said == ["opened 1", "resolved 1", "opened 1", "resolved 1"]


def test_a_place_that_forgets_is_refreshed_and_leaves_no_pile(alerts: Alerts) -> None:
    place = Inbox(refresh_seconds=300)
    look(alerts, LATE)
    for minute in range(60):
        deliver(alerts, Router([place]), NOW + 60 * minute)
    assert place.said == ["opened 1", *["repeated 1"] * 11]
    assert len(set(place.keys)) == 12
    assert len(alerts.outbox.of(1)) == 2
    assert kinds(alerts) == ["opened", "delivered"]
    look(alerts, at=NOW + HOUR)
    deliver(alerts, Router([place]), NOW + HOUR)
    assert place.said[-1] == "resolved 1"


def test_a_place_that_wants_no_ends_is_told_none(alerts: Alerts) -> None:
    place = Inbox(wants_resolved=False)
    look(alerts, LATE)
    deliver(alerts, Router([place]), NOW)
    look(alerts, at=NOW + 60)
    deliver(alerts, Router([place]), NOW + 60)
    assert place.said == ["opened 1"]
    assert alerts.outbox.unfinished(NOW) == []


def test_after_so_many_or_so_long_the_rest_is_left_to_the_next(alerts: Alerts) -> None:
    one, two = Inbox("one"), Inbox("two")
    look(alerts, *(finding(key=str(key)) for key in range(10)))
    assert deliver(alerts, Router([one, two]), NOW, limit=4) == Delivered(sent=4)
    assert len(one.got) == len(two.got) == 2  # in turn
    assert deliver(alerts, Router([one, two]), NOW, seconds=0) == Delivered()
    assert deliver(alerts, Router([one, two]), NOW) == Delivered(sent=16)
    assert one.said == two.said == [f"opened {number}" for number in range(1, 11)]


def test_who_cannot_be_reached_for_a_week_after_the_end_is_given_up(alerts: Alerts) -> None:
    team = Inbox(trouble=down)
    look(alerts, LATE)
    deliver(alerts, Router([team]), NOW)
    look(alerts, at=NOW + 60)
    deliver(alerts, Router([team]), NOW + 6 * DAY)
    assert team.attempts == 2
    deliver(alerts, Router([team]), NOW + 8 * DAY)
    assert (team.attempts, kinds(alerts)[-1], alerts.outbox.unfinished(NOW)) == (2, "dropped", [])
