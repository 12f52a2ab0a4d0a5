"""What hinders watching and telling: nothing is lost by it, and nothing told twice.

The clock is simulated, but where two real commands look at once; see `life`.
"""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from flow_assets.errors import StoreError
from flow_assets.ledger import database
from flow_assets_tests.forked import start_flow
from flow_assets_tests.ledger.locking import locked
from flow_assets_tests.lived.life import MINUTE, PACE, Life

pytestmark = pytest.mark.slow

BACK = timedelta(hours=3)


def break_day(life: Life) -> str:
    """The next day's file lands, and is cut off in the middle."""
    life.wait(PACE)
    (day,) = life.land_next()
    whole = life.file(day).read_bytes()
    life.file(day).write_bytes(whole[: len(whole) // 2])
    life.run()
    return day


def skip_day(life: Life) -> str:
    """The next day is passed over by the one after it; returns that."""
    life.wait(PACE)
    skipped, last = life.land_next(2)
    life.file(skipped).unlink()
    life.run()
    return last


def stay_away(life: Life) -> str:
    """The next day does not come, until it is found late; returns it."""
    last = life.drip()
    life.wait(PACE + 2 * MINUTE)
    for _ in range(40):
        if any(look.findings for look in life.watch(every=5 * MINUTE)):
            break
    return f"{last[:-2]}{int(last[-2:]) + 1:02}"


def mend(life: Life, day: str) -> None:
    """Everything until `day` lies there as it should."""
    life.land_again(day)
    life.run()


def once(**numbers: tuple[int, ...]) -> Counter[str]:
    """Each of these transitions once: `once(opened=(1, 2))`."""
    return Counter(f"{transition} {number}" for transition, of in numbers.items() for number in of)


def test_a_webhook_that_is_down_for_an_hour_is_told_what_it_missed(life: Life) -> None:
    assert life.hook is not None
    skipped = skip_day(life)
    life.watch()
    assert life.told() == once(opened=(1,))
    life.hook.statuses = [503] * 1000
    broken = break_day(life)
    life.watch(times=3)
    assert sorted(life.active()) == sorted(life.open())
    assert len(life.open()) == 2
    mend(life, skipped)
    life.watch(times=12, every=5 * MINUTE)
    assert life.active() == life.open() == [life.alerts()[1].finding.identity]
    assert 4 <= life.told().total() <= 20  # it was tried, after ever longer pauses
    life.hook.statuses.clear()
    life.hook.requests.clear()
    life.watch(times=12, every=5 * MINUTE)
    assert life.told() == once(resolved=(1,), opened=(2,))
    mend(life, broken)
    life.watch(times=2)
    assert life.told() == once(resolved=(1, 2), opened=(2,))
    assert life.active() == life.open() == []
    assert len(life.alerts()) == 2


def test_a_ledger_that_is_locked_is_waited_for(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.05)
    ledger = life.sandbox.settings.ledger
    day = break_day(life)
    for _ in range(3):
        with locked(ledger), pytest.raises(StoreError, match="database is locked"):
            life.watch()
    assert life.active() == life.open() == life.titles() == []
    life.watch(times=2)
    assert len(life.active()) == len(life.open()) == 1
    assert life.told() == once(opened=(1,))
    mend(life, day)
    with locked(ledger), pytest.raises(StoreError, match="database is locked"):
        life.watch()
    assert len(life.active()) == len(life.open()) == 1
    life.watch(times=2)
    assert life.told() == once(opened=(1,), resolved=(1,))
    assert life.active() == life.open() == []


def test_three_who_look_at_once_tell_once(life: Life) -> None:
    life.now = datetime.now(UTC) - 2.1 * PACE  # that of the commands cannot be moved
    skip_day(life)
    last = break_day(life)
    for _ in range(2):
        assert look_at_once(life) == [1, 1, 1]
        assert len(life.active()) == len(life.open()) == len(life.alerts()) == 2
        assert life.told() == once(opened=(1, 2))
    mend(life, last)
    for _ in range(2):
        assert look_at_once(life) == [0, 0, 0]
        assert life.active() == life.open() == []
        assert life.told() == once(opened=(1, 2), resolved=(1, 2))
    assert len(life.alerts()) == 2


def look_at_once(life: Life) -> list[int | None]:
    """Three real commands, at the same time; how each ended."""
    routes = str(life.sandbox.settings.alert_routes)
    started = [start_flow(life.sandbox, "watch", FLOW_ASSETS_ALERT_ROUTES=routes) for _ in range(3)]
    return [one.wait().code for one in started]


@pytest.mark.parametrize("begin", [break_day, stay_away])
def test_a_clock_that_is_moved_back_neither_loses_nor_doubles(life: Life, begin: Callable[[Life], str]) -> None:
    day = begin(life)
    life.watch(times=2)
    assert life.told() == once(opened=(1,))
    life.wait(-BACK)
    life.watch(times=3)
    assert life.told() == once(opened=(1,))
    assert len(life.active()) == len(life.open()) == 1
    mend(life, day)
    life.watch(times=3)
    assert life.told() == once(opened=(1,))  # whether it has ended is not known before the clock has come there again
    life.wait(BACK)
    life.watch(times=3)
    told = life.told()  # the day after the one that stayed away is late now, too
    assert (told["opened 1"], told["resolved 1"], told["repeated 1"]) == (1, 1, 0)
    alert = life.alerts()[0]
    assert alert.finding.identity not in life.open() + life.active()
    assert alert.resolved_at is not None
    assert alert.opened_at <= alert.resolved_at
