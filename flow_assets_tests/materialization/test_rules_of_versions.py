"""Versions of a partition with the same rows that stay, and other rows that left: each is judged by its own counts."""

import io
import json
from dataclasses import replace
from datetime import datetime, tzinfo
from typing import Self

import pyarrow as pa
import pyarrow.parquet
import pytest

from flow_assets.checks import facts
from flow_assets.declaration.partition_constraints import Fresh
from flow_assets.lake import ObjectStore, Record
from flow_assets.ledger import Holdings
from flow_assets.materialization.requests import Request
from flow_assets.memo.content import content_hash
from flow_assets.memo.planner import Wishes
from flow_assets.memo.rule_book import RuleBook
from flow_assets_tests.materialization.ruled import blocked, declare, endings, last_checks, quarantined
from flow_assets_tests.sandbox import DAYS, Sandbox, materialize

DAY = DAYS[0]
FEW = "meter,watts,note\na,1,x\nb,2,\nz,9,\n"
MANY = "meter,watts,note\na,1,x\nb,2,\n" + "".join(f"z{number},9,\n" for number in range(6))
OTHER = "meter,watts,note\na,1,x\nb,3,\n"

WARN = "fa.row_rule('deciwatts <= 40', name='is_small', quarantine=True)"
ERROR = "fa.row_rule('deciwatts <= 40', name='is_small', quarantine=True, severity='error', tolerance={})"
POSITIVE = "fa.row_rule('deciwatts > 0', name='is_positive')"


def counts(sandbox: Sandbox) -> tuple[str, int, int]:
    """How the day ended, and what was found of the rule when it was last checked."""
    with sandbox.project() as project:
        rules = RuleBook.of(project.graph.get("readings")).rules
    (digest,) = (digest for rule, digest in rules if rule.name == "is_small")
    failed, total = json.loads(last_checks(sandbox)[DAY].results)[digest]
    return endings(sandbox)[DAY], failed, total


def told(sandbox: Sandbox) -> tuple[str, int, int]:
    """How the day ends that is carried out once more, and what Dagster is told of the rule."""
    with sandbox.project() as project:
        (outcome,) = materialize(project, Request(("readings",), (DAY,)), Wishes())
    (finding,) = (finding for finding in outcome.findings if finding.rule.name == "is_small")
    return outcome.status.value, finding.result.failed, finding.result.total


def land(sandbox: Sandbox, lines: str) -> tuple[str, int, int]:
    sandbox.land(DAY, lines)
    sandbox.run("readings")
    return counts(sandbox)


def test_a_bad_file_that_lands_again_is_not_published_by_the_counts_of_a_good_one(sandbox: Sandbox) -> None:
    declare(sandbox, WARN)
    assert land(sandbox, MANY) == ("computed", 6, 8)
    assert land(sandbox, FEW) == ("computed", 1, 3)
    declare(sandbox, ERROR.format(0.4))
    sandbox.run("readings")
    assert counts(sandbox) == ("checked", 1, 3)
    assert land(sandbox, MANY) == ("blocked", 6, 8)
    assert len(quarantined(sandbox, DAY)) == 1


def test_a_good_file_that_lands_again_is_not_blocked_by_the_counts_of_a_bad_one(sandbox: Sandbox) -> None:
    declare(sandbox, ERROR.format(0.4))
    assert land(sandbox, FEW) == ("computed", 1, 3)
    assert land(sandbox, OTHER) == ("computed", 0, 2)
    assert land(sandbox, MANY) == ("blocked", 6, 8)
    assert land(sandbox, FEW) == ("restored", 1, 3)
    assert DAY not in blocked(sandbox)


def test_what_is_published_is_told_and_judged_anew_with_its_own_counts(sandbox: Sandbox) -> None:
    declare(sandbox, ERROR.format(0.4))
    land(sandbox, FEW)
    assert land(sandbox, MANY) == ("blocked", 6, 8)
    sandbox.land(DAY, FEW)
    sandbox.run("raw_readings")
    assert told(sandbox) == ("reused", 1, 3)
    declare(sandbox, ERROR.format(0.5))
    sandbox.run("readings")
    assert counts(sandbox) == ("checked", 1, 3)


def test_rows_that_left_still_count_as_looked_at_when_a_rule_is_added(sandbox: Sandbox) -> None:
    declare(sandbox, WARN)
    land(sandbox, FEW)
    declare(sandbox, WARN, POSITIVE)
    sandbox.run("readings")
    check = last_checks(sandbox)[DAY]
    assert (endings(sandbox)[DAY], check.rows, check.quarantined) == ("checked", 3, 1)


def test_what_is_compared_with_the_clock_is_asked_again(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    sandbox.edit("meters_seen.py", "    meter: String", '    at: Date = column("When")\n    meter: String')
    sandbox.edit(
        "meters_seen.py", ".reset_index()", ".reset_index().assign(at=__import__('datetime').date(2024, 3, 5))"
    )
    sandbox.edit("meters_seen.py", "import DatasetSchema", "import Date, DatasetSchema")
    fresh = "fa.fresh('at', within='10 days')"
    declare(sandbox, fresh, dataset="meters_seen")
    monkeypatch.setattr(facts, "datetime", _clock(2024))
    assert sandbox.run().is_successful
    monkeypatch.setattr(facts, "datetime", _clock(2026))
    declare(sandbox, fresh, "fa.row_count(min_value=1)", dataset="meters_seen")
    sandbox.run()
    outcome = sandbox.last_outcomes["meters_seen", ""]
    assert outcome.status.value == "checked"
    assert [finding.rule.constraint for finding in outcome.findings] == [Fresh("10 days")]


def test_a_run_that_dies_after_it_kept_a_version_back_leaves_no_block_for_ever(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    declare(sandbox, ERROR.format(0.7))
    land(sandbox, FEW)
    sandbox.land(DAY, MANY)

    def die(self: Holdings, dataset: str, partitions: object, run_id: str) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Holdings, "note_troubles", die)
        with pytest.raises(KeyboardInterrupt):
            sandbox.run("readings")
    assert DAY in blocked(sandbox)
    sandbox.land(DAY, FEW)
    assert sandbox.run("readings").is_successful
    assert not blocked(sandbox)
    assert sandbox.work("readings") == {}


@pytest.mark.parametrize("checks", [{}, None])
def test_where_another_run_was_first_its_rows_are_judged(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, checks: dict[str, object] | None
) -> None:
    declare(sandbox, ERROR.format(0).replace("quarantine=True, ", ""))
    real, others = ObjectStore.put_record, []

    def put_record(store: ObjectStore, record: Record, *, supersede: bool) -> Record:
        if (record.dataset, record.partition) == ("readings", DAY) and not others:
            table = pyarrow.parquet.read_table(store.local_path(record.files[0].hash)).slice(0, 1)
            table = table.set_column(2, table.schema.field(2), pa.array([90], pa.int64()))
            pyarrow.parquet.write_table(table, buffer := io.BytesIO())
            blob = store.put_blob(buffer.getvalue())
            file = replace(record.files[0], hash=blob.hash, size=blob.size, rows=1)
            found = {digest: [1, 1] if result == [0, 3] else result for digest, result in record.checks.items()}
            found = found if checks is None else checks
            others.append(replace(record, files=(file,), content_hash=content_hash(table), rows=1, checks=found))
            real(store, others[0], supersede=False)
        return real(store, record, supersede=supersede)

    monkeypatch.setattr(ObjectStore, "put_record", put_record)
    sandbox.run("readings")
    assert endings(sandbox)[DAY] == "blocked"
    check = last_checks(sandbox)[DAY]
    assert (check.content_hash, check.rows, check.is_published) == (others[0].content_hash, 1, False)


def _clock(year: int) -> type[datetime]:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return cls(year, 3, 6, tzinfo=tz)

    return Clock
