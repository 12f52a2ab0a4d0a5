"""The ledger locked, two at once, a process killed in the middle, a clock set back: nothing lost, nothing doubled."""

import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest

from flow_assets.automation.alerting import engine as delivering
from flow_assets.automation.alerting.engine import Delivered, deliver
from flow_assets.automation.alerting.notices import Notice
from flow_assets.errors import StoreError
from flow_assets.ledger import database, leases, open_database
from flow_assets.ledger.alerts import Alerts
from flow_assets.ledger.claims import Owner
from flow_assets_tests.automation.alerting.places import Inbox, Router, down
from flow_assets_tests.ledger.found import DAY, HOUR, NOW, finding
from flow_assets_tests.ledger.locking import locked

LATE = finding()
DELIVERER = """
import os, sys, time
from pathlib import Path
from flow_assets.automation.alerting.engine import deliver
from flow_assets.ledger import open_database
from flow_assets.ledger.alerts import Alerts
from flow_assets_tests.automation.alerting.places import Inbox, Router
from flow_assets_tests.ledger.found import NOW, finding

ledger, log, how = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
alerts = Alerts(open_database(ledger), "local")

def write(notice):
    with log.open("a") as file:
        print(notice.key, file=file, flush=True)
    if how == "hang":
        print("sent", flush=True)
        time.sleep(600)

print("ready", flush=True)
sys.stdin.readline()
for _ in range(20):
    alerts.observe("freshness", [finding(key=str(key)) for key in range(20)], NOW)
    deliver(alerts, Router([Inbox("a", trouble=write), Inbox("b", trouble=write)]), NOW)
"""


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch, path: Path) -> Alerts:
    """Alerts that wait for a lock only a moment."""
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.05)
    monkeypatch.setattr(delivering, "_PAUSE_SECONDS", 0.01)
    return Alerts(open_database(path), "local")


def start(path: Path, log: Path, how: str) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", DELIVERER, str(path), str(log), how],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def begin(process: "subprocess.Popen[str]") -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def test_a_locked_ledger_is_said_and_the_next_look_makes_up_for_it(hasty: Alerts, path: Path) -> None:
    team = Inbox()
    with (
        locked(path),
        pytest.raises(
            StoreError, match=r"^The ledger .*ledger\.sqlite cannot be used: database is locked\. Another pr"
        ),
    ):
        hasty.observe("freshness", [LATE], NOW)
    assert len(hasty.observe("freshness", [LATE], NOW + 30).opened) == 1
    with locked(path), pytest.raises(StoreError, match="database is locked"):
        deliver(hasty, Router([team]), NOW + 30)
    assert team.said == []
    with locked(path):
        assert [alert.number for alert in hasty.find()] == [1]  # who reads does not wait
    deliver(hasty, Router([team]), NOW + 60)
    assert team.said == ["opened 1"]


def test_a_ledger_locked_after_sending_is_waited_for(hasty: Alerts, path: Path) -> None:
    released = threading.Event()

    def lock(notice: Notice) -> None:
        def hold() -> None:
            with locked(path):
                taken.set()
                released.wait()

        taken = threading.Event()
        threads.append(threading.Thread(target=hold))
        threads[0].start()
        taken.wait()
        threading.Timer(1.0, released.set).start()

    threads: list[threading.Thread] = []
    team = Inbox(trouble=lock)
    hasty.observe("freshness", [LATE], NOW)
    assert deliver(hasty, Router([team]), NOW) == Delivered(sent=1)
    threads[0].join()
    assert deliver(hasty, Router([team]), NOW + DAY) == Delivered()
    assert team.said == ["opened 1"]


def test_a_ledger_locked_for_longer_than_any_lease_is_said(
    hasty: Alerts, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivering, "LEASE_SECONDS", 0.1)
    lock = locked(path)
    team = Inbox(trouble=lambda notice: lock.__enter__())
    hasty.observe("freshness", [LATE], NOW)
    with pytest.raises(StoreError, match="database is locked"):
        deliver(hasty, Router([team]), NOW)
    lock.__exit__(None, None, None)
    team.trouble = lambda notice: None
    assert deliver(hasty, Router([team]), NOW + HOUR) == Delivered()  # for all we know it is still being sent
    monkeypatch.setattr(leases.Lease, "holds", lambda lease, now: False)
    deliver(hasty, Router([team]), NOW + HOUR)
    assert team.keys == ["local/1/1/opened"] * 2  # so that the receiver can tell


def test_many_threads_send_each_notice_once(alerts: Alerts, path: Path) -> None:
    inbox = Inbox()
    barrier = threading.Barrier(4)

    def work() -> None:
        own = Alerts(open_database(path), "local")
        barrier.wait()
        for _ in range(10):
            own.observe("freshness", [finding(key=str(key)) for key in range(20)], NOW)
            deliver(own, Router([inbox]), NOW)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(inbox.said) == {f"opened {number}": 1 for number in range(1, 21)}


def test_two_processes_send_each_notice_once(path: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    open_database(path)
    processes = [start(path, log, "send") for _ in range(2)]
    for process in processes:
        begin(process)
    for process in processes:
        process.communicate(timeout=120)
        assert process.returncode == 0
    assert Counter(log.read_text().split()) == {f"local/{number}/1/opened": 2 for number in range(1, 21)}  # two places


def test_what_a_killed_process_was_sending_is_sent_again_with_its_key_and_nothing_else(
    alerts: Alerts, path: Path, tmp_path: Path
) -> None:
    log, a, b = tmp_path / "log", Inbox("a"), Inbox("b")
    process = start(path, log, "hang")
    begin(process)
    assert process.stdout is not None
    assert process.stdout.readline() == "sent\n"
    assert deliver(alerts, Router([a, b]), NOW, limit=1000) == Delivered(sent=39)  # it lives, and may still be sending
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert deliver(alerts, Router([a, b]), NOW - DAY) == Delivered(sent=1)  # whatever the clock says
    assert a.keys[-1] == log.read_text().strip() == "local/1/1/opened"
    assert Counter(a.said) == Counter(b.said) == {f"opened {number}": 1 for number in range(1, 21)}


def test_another_host_s_lease_ends_with_its_time_and_with_a_clock_that_is_set_back(alerts: Alerts) -> None:
    team, elsewhere = Inbox(), Owner(host="elsewhere")
    alerts.observe("freshness", [LATE, finding("trends")], NOW)
    deliver(alerts, Router([Inbox(trouble=down)]), NOW)
    later = NOW + HOUR
    assert alerts.outbox.take("team", later, elsewhere) is not None
    deliver(alerts, Router([team]), later + 599)
    assert len(team.got) == 1
    deliver(alerts, Router([team]), later + 601)
    assert len(team.got) == 2
    alerts.observe("freshness", [], later + 700)
    deliver(alerts, Router([Inbox(trouble=down)]), later + 700)
    assert alerts.outbox.take("team", later + DAY, elsewhere) is not None
    deliver(alerts, Router([team]), later + 2 * HOUR)
    assert Counter(team.said) == {"opened 1": 1, "opened 2": 1, "resolved 1": 1, "resolved 2": 1}


def test_a_clock_that_was_set_back_neither_holds_back_nor_doubles(alerts: Alerts) -> None:
    team = Inbox(trouble=down)
    alerts.observe("freshness", [LATE], NOW)
    deliver(alerts, Router([team]), NOW)
    team.trouble = lambda notice: None
    assert deliver(alerts, Router([team]), NOW - DAY) == Delivered(sent=1)
    assert deliver(alerts, Router([team]), NOW - DAY) == Delivered()
    alerts.observe("freshness", [], NOW)
    deliver(alerts, Router([team]), NOW - DAY)
    assert team.said == ["opened 1", "resolved 1"]
    assert team.got[0].at <= team.got[1].at
    ends = [delivery.ended_at for delivery in alerts.outbox.of(1)]
    assert ends == [NOW, NOW]
