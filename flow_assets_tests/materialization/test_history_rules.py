"""Rules that compare a partition with those before it."""

import json
import sqlite3
from collections.abc import Mapping

import pyarrow as pa
import pytest

from flow_assets.insight.profile import profile_dataset
from flow_assets.materialization import attempt, materializer, settle
from flow_assets.materialization.judging import Judge
from flow_assets_tests.materialization.ruled import declare, endings, last_checks
from flow_assets_tests.sandbox import DAYS, Sandbox

LIKE_BEFORE = "fa.row_count_like_before(0.9, 1.1, partitions=2, at_least=1)"
NO_DRIFT = "fa.no_drift('ks', 0.5, partitions=3, at_least=1).on('deciwatts')"
ROWS = {DAYS[0]: 30, DAYS[1]: 31, DAYS[2]: 300, DAYS[3]: 30, DAYS[4]: 31}


@pytest.fixture
def many(sandbox: Sandbox) -> Sandbox:
    """Days of many meters; the third has ten times as many, a thousand times the size."""
    for day, rows in ROWS.items():
        lines = (f"m{n},{(n + 1) * (1000 if rows > 100 else 1)},\n" for n in range(rows))
        sandbox.land(day, "meter,watts,note\n" + "".join(lines))
    return sandbox


def compared(sandbox: Sandbox) -> dict[str, list[list[object]]]:
    """Partition to what rules against history found: failed, what was measured, and the partitions beside."""
    return {
        day: sorted(([r[0], *r[2:]] for r in json.loads(check.results).values() if len(r) > 2), key=str)
        for day, check in last_checks(sandbox).items()
    }


@pytest.mark.parametrize("dataset", ["readings", "trends"])
@pytest.mark.parametrize("is_memory_small", [False, True])
def test_what_was_found_does_not_depend_on_batches(
    many: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
    dataset: str,
    is_memory_small: bool,
) -> None:
    column = {"readings": "deciwatts", "trends": "total_deciwatts"}[dataset]
    rules = LIKE_BEFORE, NO_DRIFT.replace("deciwatts", column)
    declare(many, *rules, dataset=dataset)
    assert many.run(dataset).is_successful
    together = {day: check.results for day, check in last_checks(many, dataset).items()}
    other = Sandbox(tmp_path_factory.mktemp("other"))
    for path in (many.data / "landing" / "readings").iterdir():
        other.land(path.stem, path.read_bytes())
    declare(other, *rules, dataset=dataset)
    if is_memory_small:
        monkeypatch.setattr(attempt, "PORTION_BYTES", 1)
    else:
        monkeypatch.setattr(materializer, "BATCH_PARTITIONS", 1)
        monkeypatch.setattr(materializer, "SET_BASED_PARTITIONS", 1)
    assert other.run(dataset).is_successful
    assert {day: check.results for day, check in last_checks(other, dataset).items()} == together


def test_results_say_what_they_were_compared_with(many: Sandbox) -> None:
    declare(many, LIKE_BEFORE, NO_DRIFT)
    assert many.run("readings").is_successful  # they only warn
    found = compared(many)
    assert {tuple(result[2]) for result in found[DAYS[0]]} == {()}
    assert all(not result[3] for result in found[DAYS[0]])
    drift, count = sorted(found[DAYS[2]], key=lambda result: "rows" in str(result[1]))
    assert (drift[0], drift[2]) == (1, [DAYS[0], DAYS[1]])
    assert (count[0], count[2]) == (1, [DAYS[0], DAYS[1]])
    assert "300 rows" in str(count[1])
    assert {tuple(result[2]) for result in found[DAYS[4]]} == {(DAYS[2], DAYS[3]), (DAYS[1], DAYS[3])}


def test_a_blocked_partition_is_no_history(many: Sandbox) -> None:
    declare(many, LIKE_BEFORE, "fa.row_count(max_value=100)")
    assert len(many.run("readings").problems) == 1
    assert endings(many)[DAYS[2]] == "blocked"
    (count,) = [r for r in compared(many)[DAYS[3]] if r[2]]
    assert (count[0], count[2]) == (0, [DAYS[0], DAYS[1]])
    many.run("readings", force=["readings"], partitions=DAYS[3])  # alone, after all others
    (count,) = [r for r in compared(many)[DAYS[3]] if r[2]]
    assert (count[0], count[2]) == (0, [DAYS[0], DAYS[1]])


def test_one_that_cannot_be_judged_does_not_change_what_the_others_are_compared_with(many: Sandbox) -> None:
    declare(
        many,
        LIKE_BEFORE,
        "fa.row_rule('CASE WHEN deciwatts < 0 THEN CAST(meter AS INTEGER) > 0 ELSE true END', name='is_fine')",
    )
    many.land(DAYS[2], "meter,watts,note\nx,-1,\n")
    many.run("readings")
    assert endings(many) == {**dict.fromkeys(DAYS, "computed"), DAYS[2]: "failed"}
    (count,) = [r for r in compared(many)[DAYS[3]] if r[2]]
    assert count[2] == [DAYS[0], DAYS[1]]


def test_a_new_rule_on_history_is_asked_of_what_is_published(many: Sandbox) -> None:
    many.run("readings")
    declare(many, LIKE_BEFORE, NO_DRIFT)
    assert many.run("readings").to_json()["checked"] == 5
    found = compared(many)
    declare(many)
    many.run("readings")
    declare(many, LIKE_BEFORE, NO_DRIFT)
    many.run("readings", force=["readings"])
    assert compared(many)[DAYS[2]] == found[DAYS[2]]
    assert [result[0] for result in found[DAYS[2]]] == [1, 1]


@pytest.mark.parametrize("is_lost", [False, True])
def test_categories_are_counted_whichever_rules_are_asked(sandbox: Sandbox, is_lost: bool) -> None:
    sandbox.edit("readings.py", 'unit="deciwatts", nullable=True', 'unit="deciwatts"')
    for day in DAYS:
        sandbox.land(day, "meter,watts,note\n" + "".join(f"m{n:03},{n},\n" for n in range(300)))
    sandbox.edit("readings.py", "AS day, meter", "AS day, left(meter, 1) AS meter")
    sandbox.edit("readings.py", 'sort_by=["meter"]', 'sort_by=["deciwatts"]')
    drift = "fa.no_drift('psi', 0.5, partitions=4, at_least=1).on('meter')"
    declare(sandbox, drift)
    assert sandbox.run("readings").is_successful
    if not is_lost:
        declare(sandbox, drift, "fa.row_rule('deciwatts > -1', name='is_positive')")
        assert sandbox.run("readings").is_successful
    else:
        with sqlite3.connect(sandbox.settings.ledger) as connection:
            connection.execute("DELETE FROM states")
        with sandbox.project() as project:
            assert profile_dataset(project, "readings").reread == len(DAYS)
    sandbox.land(DAYS[4], "meter,watts,note\n" + "".join(f"n{n:03},{n},\n" for n in range(300)))
    assert sandbox.run("readings").is_successful
    (found,) = compared(sandbox)[DAYS[4]]
    assert (found[0], found[2]) == (1, [DAYS[0], DAYS[3]])


@pytest.mark.parametrize("dataset", ["readings", "trends"])
def test_so_many_partitions_are_checked_at_once_as_fit_into_memory(
    many: Sandbox, monkeypatch: pytest.MonkeyPatch, dataset: str
) -> None:
    at_once: list[list[str]] = []

    def note(name: str) -> None:
        real = getattr(Judge, name)

        def asked(judge: Judge, tables: Mapping[str, pa.Table], *known: object) -> object:
            at_once.append(list(tables))
            return real(judge, tables, *known)

        monkeypatch.setattr(Judge, name, asked)

    many.run("raw_readings" if dataset == "readings" else "readings")
    note("inspect")
    note("complete")
    monkeypatch.setattr(attempt, "PORTION_BYTES", 5_000)  # the third day's alone
    monkeypatch.setattr(settle, "PORTION_BYTES", 5_000)
    assert many.run(dataset).is_successful
    declare(
        many, NO_DRIFT.replace("deciwatts", {"trends": "total_deciwatts"}.get(dataset, "deciwatts")), dataset=dataset
    )
    assert many.run(dataset).is_successful
    assert at_once == [[*DAYS[:3]], [*DAYS[3:]]] * 2
    assert many.work(dataset) == {}
