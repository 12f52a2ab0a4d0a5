"""Whatever happens, and in whatever order: who can be reached in the end knows all, in order, each thing once."""

import tempfile
from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from flow_assets.automation.alerting.engine import deliver
from flow_assets.errors import AlertError, SelectionError
from flow_assets.ledger import open_database
from flow_assets.ledger.alerts import Alerts
from flow_assets.ledger.findings import Alert, AlertSeverity, AlertState, Transition
from flow_assets.ledger.silences import Matcher
from flow_assets_tests.automation.alerting.places import Inbox, Router, broken, down
from flow_assets_tests.ledger.found import DAY, HOUR, NOW, finding

NAMES = ("one", "two", "three")
FOUND = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(AlertSeverity))
NUMBERS = st.integers(1, 6)


class History(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.alerts = Alerts(open_database(Path(self.folder.name) / "ledger.sqlite"), "local")
        self.inboxes = [Inbox("steady"), Inbox("away")]
        self.now = NOW
        self.found: dict[str, AlertSeverity] = {}
        self.were_silenced: set[int] = set()

    @rule(seconds=st.sampled_from([30.0, 600.0, HOUR, DAY, -2 * HOUR]))
    def time_goes_by(self, seconds: float) -> None:
        self.now += seconds

    @rule(found=FOUND)
    def look(self, found: dict[str, AlertSeverity]) -> None:
        self.found = found
        findings = [finding(name, severity=severity) for name, severity in found.items()]
        self.alerts.observe("freshness", findings, self.now)
        self._see_silences()

    @rule()
    def deliver(self) -> None:
        deliver(self.alerts, Router(self.inboxes), self.now)

    @rule(limit=st.integers(1, 2))
    def deliver_a_few(self, limit: int) -> None:
        deliver(self.alerts, Router(self.inboxes), self.now, limit=limit)

    @rule(trouble=st.sampled_from([down, broken, lambda notice: None]))
    def the_other_goes_or_comes_back(self, trouble: object) -> None:
        self.inboxes[1].trouble = trouble  # type: ignore[assignment]

    @rule(number=NUMBERS, what=st.sampled_from(["acknowledge", "resolve"]))
    def somebody_says_something(self, number: int, what: str) -> None:
        with suppress(SelectionError, AlertError):  # there is no such alert, or it is resolved
            getattr(self.alerts, what)(number, "ann", "", self.now)

    @rule(which=NUMBERS | st.builds(Matcher, st.sampled_from(NAMES)), seconds=st.sampled_from([600.0, DAY]))
    def somebody_silences(self, which: int | Matcher, seconds: float) -> None:
        with suppress(SelectionError, AlertError):
            if isinstance(which, int):
                self.alerts.silence(which, self.now + seconds, "ann", "", self.now)
            else:
                self.alerts.silence_matching(which, self.now + seconds, "ann", "", self.now)
        self._see_silences()

    @precondition(lambda self: self.alerts.silences(self.now))
    @rule()
    def somebody_speaks_up(self) -> None:
        silence = self.alerts.silences(self.now)[0]
        target = silence.matcher if silence.number is None else silence.number
        self.alerts.unsilence(target, "ann", "", self.now)

    @invariant()
    def one_cause_is_one_alert_and_time_goes_forward(self) -> None:
        open_ones = [alert.finding.identity for alert in self._all() if alert.resolved_at is None]
        assert len(open_ones) == len(set(open_ones))
        assert {finding(name).identity for name in self.found} <= {alert.finding.identity for alert in self._all()}
        for alert in self._all():
            assert alert.opened_at <= min(alert.seen_at, alert.resolved_at or alert.seen_at)

    @invariant()
    def nobody_is_told_anything_twice_or_in_another_order(self) -> None:
        for inbox in self.inboxes:
            assert not [key for key, count in Counter(inbox.keys).items() if count > 1]
            for number, said in told(inbox).items():
                knows = False
                for transition in said:
                    assert knows is (transition is Transition.REPEATED) or transition is Transition.RESOLVED
                    knows = transition is not Transition.RESOLVED
                opened = sum(event.kind in ("opened", "reopened") for event in self.alerts.events(number))
                assert said.count(Transition.OPENED) <= opened
                assert said.count(Transition.RESOLVED) <= opened

    def teardown(self) -> None:
        if not hasattr(self, "alerts"):
            return
        self._see_silences()
        for inbox in self.inboxes:
            inbox.trouble = lambda notice: None
        for _ in range(2):  # what is silenced now is told when the silence has ended
            self.now += 2 * HOUR
            deliver(self.alerts, Router(self.inboxes), self.now, limit=1000)
        self.nobody_is_told_anything_twice_or_in_another_order()
        for inbox in self.inboxes:
            said = told(inbox)
            for alert in self._all():
                self._is_known(alert, said.get(alert.number, []))
        self.folder.cleanup()

    def _is_known(self, alert: Alert, said: Sequence[Transition]) -> None:
        if not said:
            assert alert.number in self.were_silenced
        elif alert.state is AlertState.RESOLVED:
            assert said[-1] is Transition.RESOLVED
        elif alert.state is not AlertState.SILENCED:
            assert said[-1] is not Transition.RESOLVED

    def _see_silences(self) -> None:
        self.were_silenced |= {a.number for a in self._all() if a.state is AlertState.SILENCED}

    def _all(self) -> list[Alert]:
        return self.alerts.find(now=self.now)


def told(inbox: Inbox) -> dict[int, list[Transition]]:
    """Number of an alert to what was said of it, in order."""
    said: defaultdict[int, list[Transition]] = defaultdict(list)
    for notice in inbox.got:
        said[notice.alert.number].append(notice.transition)
    return said


TestHistory = pytest.mark.slow(History.TestCase)
TestHistory.settings = settings(
    max_examples=60, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
