"""Rules that change after partitions were published or kept back: what is computed, what is read, what is said."""

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

from flow_assets.checks import inspect
from flow_assets.declaration import Rule
from flow_assets.lake import ObjectStore
from flow_assets_tests.materialization.ruled import (
    all_checks,
    all_days,
    blocked,
    content,
    count_calls,
    declare,
    endings,
    last_checks,
)
from flow_assets_tests.sandbox import DAYS, Sandbox

LIMIT = "fa.row_rule('deciwatts <= {}', name='is_small'{})"
OTHER = "fa.row_rule('deciwatts <> 7', name='is_not_seven')"


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files of the store whose rows or bytes are read, each as often as it is; nothing of the plan."""
    found: list[str] = []
    real_read, real_verify = pyarrow.parquet.read_table, ObjectStore.verify_blob

    def read_table(path: Path, **options: object) -> object:
        found.append(f"rows of {Path(path).stem}")
        return real_read(path, **options)

    def verify_blob(store: ObjectStore, hash: str, size: int) -> object:
        found.append(f"bytes of {hash}")
        return real_verify(store, hash, size)

    monkeypatch.setattr(pyarrow.parquet, "read_table", read_table)
    monkeypatch.setattr(ObjectStore, "verify_blob", verify_blob)
    return found


@pytest.fixture
def ruled(sandbox: Sandbox) -> Iterator[tuple[Sandbox, Path]]:
    """A sandbox whose readings were published under a rule, and the file of the calls of their function since."""
    declare(sandbox, LIMIT.format(100, ""), OTHER)
    calls = count_calls(sandbox)
    assert sandbox.run().is_successful
    assert len(calls.read_text().split()) == 5
    calls.write_text("")
    return sandbox, calls


@pytest.mark.parametrize(
    "changed",
    [
        LIMIT.format(100, ", severity='warn'"),
        LIMIT.format(100, ", tolerance=0.5"),
        LIMIT.format(100, ", dimension='accuracy'"),
        LIMIT.format(100, "").replace("is_small", "is_little"),
    ],
)
def test_what_follows_from_a_rule_is_judged_anew_and_nothing_is_read(
    ruled: tuple[Sandbox, Path], read: list[str], changed: str
) -> None:
    sandbox, calls = ruled
    before = content(sandbox)
    declare(sandbox, changed, OTHER)
    changed_since = "was not checked yet by its rules as they are, or what they refer to changed"
    assert sandbox.work() == {f"readings {day}": ("check", changed_since) for day in DAYS}
    summary = sandbox.run()
    assert summary.is_successful
    assert (summary.to_json()["checked"], summary.to_json()["computed"]) == (5, 0)
    assert (calls.read_text(), read) == ("", [])
    assert content(sandbox) == before
    assert len(all_checks(sandbox)) == 10
    assert sandbox.work() == {}


def test_another_text_about_a_rule_is_no_change(ruled: tuple[Sandbox, Path]) -> None:
    sandbox, _ = ruled
    declare(sandbox, LIMIT.format(100, ", description='Meters are small.'"), OTHER)
    assert sandbox.work() == {}


def test_a_new_rule_is_asked_of_history_by_reading_and_the_others_are_not_asked_again(
    ruled: tuple[Sandbox, Path], read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []
    real = inspect.ask

    def ask(connection: Any, batch: Any, rules: Sequence[Rule], circumstances: Any) -> Any:
        asked.append([rule.name for rule in rules])
        return real(connection, batch, rules, circumstances)

    monkeypatch.setattr(inspect, "ask", ask)
    sandbox, calls = ruled
    declare(sandbox, LIMIT.format(100, ""), OTHER, "fa.row_rule('deciwatts <= 80', name='is_tiny')")
    assert sandbox.run().is_successful
    assert calls.read_text() == ""
    assert asked == [["is_tiny"]]  # once for all five
    assert sum(text.startswith("rows") for text in read) >= 5
    outcome = sandbox.last_outcomes["readings", DAYS[4]]
    assert (outcome.status.value, outcome.reason) == ("checked", "stays published, but breaks by now: is_tiny")
    assert sandbox.last_outcomes["readings", DAYS[0]].reason == "keeps its rules as they are now"
    assert {day: (c.errors, c.is_published) for day, c in last_checks(sandbox).items()} == {
        **dict.fromkeys(DAYS[:4], (0, True)),
        DAYS[4]: (1, True),
    }
    assert sandbox.work() == {}
    assert sandbox.rows("readings", DAYS[4])
    read.clear()
    declare(sandbox, LIMIT.format(100, ""), OTHER)
    sandbox.run()
    declare(sandbox, LIMIT.format(100, ""), OTHER, "fa.row_rule('deciwatts <= 80', name='is_tiny', severity='warn')")
    sandbox.run()
    assert read == []  # how a rule fared is known, though it was away for a while


def test_a_changed_check_reads_a_damaged_file_anew(ruled: tuple[Sandbox, Path]) -> None:
    sandbox, calls = ruled
    (blob,) = sandbox.blobs("readings", DAYS[1])
    status, good = blob.stat(), blob.read_bytes()
    with blob.open("r+b") as file:
        file.write(bytes(byte ^ 0xFF for byte in good[:60]))
    os.utime(blob, ns=(status.st_atime_ns, status.st_mtime_ns))  # so that the plan sees nothing
    declare(sandbox, "fa.row_rule('deciwatts < 300', name='is_small')")
    assert sandbox.run().is_successful
    assert endings(sandbox) == {**all_days("checked"), DAYS[1]: "computed"}
    assert calls.read_text().split() == [DAYS[1]]
    assert blob.read_bytes() == good


def test_a_relaxed_rule_publishes_what_was_kept_without_computing(sandbox: Sandbox, read: list[str]) -> None:
    declare(sandbox, LIMIT.format(90, ""))
    calls = count_calls(sandbox)
    problems = sandbox.problems(sandbox.run())
    assert problems == {
        f"readings {DAYS[4]}": ("blocked", "is_small (consistency): deciwatts <= 90: 1 of 3 rows break it"),
        f"trends {DAYS[4]}": ("held", f"required input readings {DAYS[4]} is blocked"),
    }
    assert sandbox.rows("meters_seen")[0] == {"meter": "a", "days": 4}
    assert sandbox.work()[f"readings {DAYS[4]}"] == (
        "hold",
        "breaks its rules, is kept and not published: is_small (consistency): deciwatts <= 90: 1 of 3 rows break it",
    )
    launches = sandbox.launches
    assert not sandbox.run().is_successful
    assert sandbox.launches == launches  # nothing has changed: nothing is tried
    calls.write_text("")
    declare(sandbox, LIMIT.format(90, ", tolerance=1"))
    work = sandbox.work()
    assert work[f"readings {DAYS[4]}"] == (
        "check",
        "its rules, or what they refer to, changed since it was blocked",
    )
    assert {action for name, (action, _) in work.items() if name.startswith("readings")} == {"check"}
    assert work[f"trends {DAYS[4]}"][0] == work["meters_seen"][0] == "compute"
    read.clear()
    assert sandbox.run("readings").is_successful
    assert not {f"rows of {path.stem}" for day in DAYS for path in sandbox.blobs("readings", day)} & {*read}
    assert calls.read_text() == ""
    assert endings(sandbox) == {**all_days("checked"), DAYS[4]: "restored"}
    assert sandbox.computed() == {f"trends {DAYS[4]}", "meters_seen"}
    assert sandbox.rows("meters_seen")[0] == {"meter": "a", "days": 5}
    assert blocked(sandbox) == {}
    assert sandbox.work() == {}
    for path in sandbox.data.glob("ledger.sqlite*"):
        path.unlink()
    assert sandbox.computed() == set()  # it has a record now, as any other


def test_retry_judges_a_kept_version_again(sandbox: Sandbox) -> None:
    declare(sandbox, LIMIT.format(90, ""))
    calls = count_calls(sandbox)
    sandbox.run("readings")
    calls.write_text("")
    assert sandbox.plan("readings", retry=True)[f"readings {DAYS[4]}"][0] == "check"
    launches = sandbox.launches
    assert not sandbox.run("readings", retry=True).is_successful
    assert (endings(sandbox), calls.read_text()) == ({DAYS[4]: "blocked"}, "")
    assert sandbox.launches == launches + 1


def test_a_stricter_rule_keeps_what_was_kept_back(sandbox: Sandbox) -> None:
    declare(sandbox, LIMIT.format(90, ""))
    sandbox.run("readings")
    declare(sandbox, LIMIT.format(85, ""))
    sandbox.run("readings")
    assert endings(sandbox) == {**all_days("checked"), DAYS[4]: "blocked"}
    assert "deciwatts <= 85" in blocked(sandbox)[DAYS[4]].reason
    assert sandbox.work("readings")[f"readings {DAYS[4]}"][0] == "hold"


@pytest.mark.parametrize("damage", ["gone", "garbage"])
def test_a_kept_version_whose_file_is_damaged_is_computed_again(sandbox: Sandbox, damage: str) -> None:
    declare(sandbox, LIMIT.format(90, ""))
    calls = count_calls(sandbox)
    sandbox.run("readings")
    with sandbox.project() as project:
        (record,) = project.holdings.judgements.blocked_records("readings", DAYS).values()
        path = project.store.local_path(json.loads(record)["files"][0]["hash"])
    path.unlink()
    if damage == "garbage":
        path.write_bytes(b"garbage")
    calls.write_text("")
    declare(sandbox, LIMIT.format(100, ""))
    assert sandbox.run("readings").is_successful
    assert endings(sandbox)[DAYS[4]] == "computed"
    assert calls.read_text().split() == [DAYS[4]]
    assert sandbox.rows("readings", DAYS[4])


def test_a_kept_version_outlives_its_landed_file(sandbox: Sandbox) -> None:
    declare(sandbox, "fa.row_rule('watts <= 9', name='is_small')", dataset="raw_readings")
    sandbox.run("raw_readings")
    sandbox.land(DAYS[4]).unlink()
    assert sandbox.work("raw_readings")[f"raw_readings {DAYS[4]}"][0] == "hold"
    declare(sandbox, "fa.row_rule('watts <= 10', name='is_small')", dataset="raw_readings")
    assert sandbox.run("raw_readings").is_successful
    assert sandbox.last_outcomes["raw_readings", DAYS[4]].status == "restored"
