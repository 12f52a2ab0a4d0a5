"""The drip, lived through: each thing that goes wrong is one alert, which reaches those who are told, and ends.

The clock is simulated, and nothing else; see `life`.
"""

import pytest

from flow_assets.ledger.findings import AlertSeverity, AlertState
from flow_assets_tests.lived.causes import STORIES, Story
from flow_assets_tests.lived.life import PACE, Life

pytestmark = pytest.mark.slow


def tell(life: Life, story: Story) -> None:
    """Live through one thing that goes wrong, while nothing else does."""
    number, told, titles = len(life.alerts()) + 1, life.told(), len(life.titles())
    steps = story(life)
    cause = next(steps)
    life.watch(times=3)
    if cause.goes_on:
        life.drip()
        life.watch()
    (opened,) = life.alerts()[number - 1 :]
    assert opened.number == number
    assert opened.finding.identity.startswith(cause.identity)
    assert life.open() == life.active() == [opened.finding.identity]
    assert life.told() - told == {f"opened {number}": 1}
    (title,) = life.titles()[titles:]
    assert title.startswith(cause.title)
    assert next(steps, None) is None
    life.watch(times=3)
    assert life.open() == life.active() == []
    assert life.told() - told == {f"opened {number}": 1, f"resolved {number}": 1}
    assert life.titles()[-1].startswith("RESOLVED: ")


def test_what_goes_wrong_is_told_once_and_so_is_its_end_and_nothing_else(life: Life) -> None:
    for _ in range(2):
        life.drip()
        life.watch()
    assert (life.alerts(), life.active(), life.titles()) == ([], [], [])
    for story in STORIES:
        tell(life, story)
        life.drip()
        life.watch()
    assert [alert.state for alert in life.alerts()] == [AlertState.RESOLVED] * len(STORIES)
    numbers = range(1, len(STORIES) + 1)
    assert life.told() == {f"{transition} {n}": 1 for n in numbers for transition in ("opened", "resolved")}


def test_days_that_stay_away_are_one_alert_that_gets_worse_once(life: Life) -> None:
    life.drip()
    life.watch(times=12, every=PACE)
    (alert,) = life.alerts()
    assert alert.finding.severity is AlertSeverity.CRITICAL
    assert life.open() == life.active() == [alert.finding.identity]
    assert life.told() == {"opened 1": 1, "repeated 1": 1}
    life.land_next(3)
    life.run()
    life.watch(times=3)
    assert life.told() == {"opened 1": 1, "repeated 1": 1, "resolved 1": 1}
    assert life.open() == life.active() == []
    assert len(life.alerts()) == 1
