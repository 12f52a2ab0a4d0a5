"""What runs record of checks, over a range, of one partition and of checks alone, and what Dagster makes of it."""

from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg
import pytest
from dagster._core.definitions.asset_key import AssetCheckKey

from flow_assets.materialization.skin import step
from flow_assets_tests.materialization.skin.checked import Checked
from flow_assets_tests.materialization.skin.conftest import Deployment, deploy
from flow_assets_tests.materialization.skin.meters_with_rules import add_rules
from flow_assets_tests.sandbox import DAYS, Sandbox

ALL_DAYS = (DAYS[0], DAYS[-1])
RAW = "raw_readings"
NAMES = ["completeness", "consistency", "uniqueness", "validity"]
WARNED, BLOCKED = DAYS[1], DAYS[2]
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@pytest.fixture
def checked(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    """Rules are broken on two days: a warning on one, an error on the other."""
    monkeypatch.setattr(step, "Materializer", Checked)
    monkeypatch.setattr(Checked, "broken", {f"{RAW} {WARNED} note_length", f"{RAW} {BLOCKED} watts_in_range"})
    add_rules(sandbox)
    with deploy(sandbox) as deployment:
        yield deployment


def key(check: str, dataset: str = RAW) -> AssetCheckKey:
    return AssetCheckKey(dg.AssetKey(dataset), check)


def statuses(deployment: Deployment, check: str, dataset: str = RAW) -> dict[str, list[str]]:
    """Status to partitions, as the check's page shows them."""
    partitions_def = deployment.definitions.resolve_asset_graph().get(dg.AssetKey(dataset)).partitions_def
    state = deployment.instance.event_log_storage.get_asset_check_state([(key(check, dataset), partitions_def)])
    subsets = {
        status.value: subset for status, subset in state[key(check, dataset)].subsets.items() if not subset.is_empty
    }
    return {status: sorted(subset.subset_value.get_partition_keys()) for status, subset in subsets.items()}


def run(
    deployment: Deployment, assets: Sequence[str], checks: Sequence[AssetCheckKey] | None, **tags: str
) -> dg.ExecuteInProcessResult:
    """A run that selects checks for itself, as one from the UI does."""
    deployment.outcomes.clear()
    job = deployment.definitions.resolve_implicit_global_asset_job_def().get_subset(
        asset_selection={dg.AssetKey(name) for name in assets},
        asset_check_selection=None if checks is None else set(checks),
    )
    named = {f"dagster/{name}": value for name, value in tags.items()}
    return job.execute_in_process(instance=deployment.instance, tags=named, raise_on_error=False, run_config=QUIET)


def recorded(deployment: Deployment, result: dg.ExecuteInProcessResult) -> list[tuple[str, str | None]]:
    """Kind or check, and partition, of the events a run stored of data and checks, in order."""
    kinds = {
        dg.DagsterEventType.ASSET_MATERIALIZATION: "made",
        dg.DagsterEventType.ASSET_OBSERVATION: "observed",
        dg.DagsterEventType.ASSET_CHECK_EVALUATION: "",
    }
    records = deployment.instance.get_records_for_run(result.run_id, of_type=set(kinds)).records
    found = []
    for record in records:
        event: Any = record.event_log_entry.dagster_event
        of_check = event.event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION
        data = event.event_specific_data
        found.append((data.check_name, data.partition) if of_check else (kinds[event.event_type], event.partition))
    return found


def failure(result: dg.ExecuteInProcessResult) -> str:
    return str(result.get_step_failure_events()[0].step_failure_data.error.message)  # type: ignore[union-attr]


def test_a_range_shows_each_partition_its_own_result(checked: Deployment) -> None:
    result = checked.materialize(RAW, days=ALL_DAYS)
    assert not result.success
    assert f"1 partition blocked:\n  {RAW} {BLOCKED}: breaks watts_in_range" in failure(result)
    good = [day for day in DAYS if day not in (WARNED, BLOCKED)]
    assert statuses(checked, "validity") == {"SUCCEEDED": good, "FAILED": [WARNED, BLOCKED]}
    assert statuses(checked, "completeness") == {"SUCCEEDED": list(DAYS)}
    assert checked.instance.get_materialized_partitions(dg.AssetKey(RAW)) == {*DAYS} - {BLOCKED}
    events = recorded(checked, result)
    assert events[: len(DAYS)] == [("observed" if day == BLOCKED else "made", day) for day in DAYS]
    assert events[len(DAYS) :] == [(name, day) for day in (*DAYS, None) for name in NAMES]


def test_the_last_execution_of_a_range_sums_it_up_and_is_of_its_severity(checked: Deployment) -> None:
    checked.materialize(RAW, days=ALL_DAYS)
    latest = checked.instance.event_log_storage.get_latest_asset_check_execution_by_key([key(n) for n in NAMES])
    told = {of.name: record.evaluation for of, record in latest.items()}
    assert {name: evaluation.passed for name, evaluation in told.items()} == {
        **dict.fromkeys(NAMES, True),
        "validity": False,
    }
    assert told["validity"].description == f"2 of 5 partitions: {WARNED}; {BLOCKED}"
    assert told["validity"].severity is dg.AssetCheckSeverity.ERROR


def test_evaluations_say_which_materialization_they_are_of(checked: Deployment) -> None:
    """Or Dagster takes them for older than the data, and shows none."""
    result = checked.materialize(RAW, days=ALL_DAYS)
    log = checked.instance.event_log_storage
    numbers = log.get_latest_storage_id_by_partition(dg.AssetKey(RAW), dg.DagsterEventType.ASSET_MATERIALIZATION)
    targets = {
        record.partition: record.evaluation.target_materialization_data
        for record in log.get_asset_check_execution_history(key("validity"), limit=10)
        if record.partition
    }
    assert {day: target.storage_id for day, target in targets.items() if target} == numbers
    assert {target.run_id for target in targets.values() if target} == {result.run_id}
    assert targets[BLOCKED] is None


def test_a_partition_that_is_blocked_later_keeps_what_it_had_and_shows_the_failure(
    checked: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Checked, "broken", set())
        first = checked.materialize(RAW, days=ALL_DAYS)
    assert statuses(checked, "validity") == {"SUCCEEDED": list(DAYS)}
    checked.materialize(RAW, days=(BLOCKED, BLOCKED))
    assert statuses(checked, "validity")["FAILED"] == [BLOCKED]
    assert checked.instance.get_materialized_partitions(dg.AssetKey(RAW)) == set(DAYS)
    history = checked.instance.event_log_storage.get_asset_check_execution_history(key("validity"), limit=1)
    assert history[0].evaluation.target_materialization_data.run_id == first.run_id


def test_of_one_partition_each_check_is_evaluated_once(checked: Deployment) -> None:
    result = run(checked, [RAW], None, partition=WARNED)
    assert result.success
    assert recorded(checked, result) == [("made", WARNED), *((name, WARNED) for name in NAMES)]
    assert statuses(checked, "validity") == {"FAILED": [WARNED]}


def test_a_dataset_without_partitions_is_checked_too(checked: Deployment) -> None:
    checked.materialize("raw_readings", "readings", "trends", days=(DAYS[0], DAYS[1]))
    for _ in range(2):
        result = checked.materialize("meters_seen")
        assert recorded(checked, result) == [("made", None), ("completeness", None), ("uniqueness", None)]
        of = key("uniqueness", "meters_seen")
        (record,) = checked.instance.event_log_storage.get_latest_asset_check_execution_by_key([of]).values()
        number = record.evaluation.target_materialization_data.storage_id
        (latest,) = checked.instance.fetch_materializations(dg.AssetKey("meters_seen"), limit=1).records
        assert number == latest.storage_id


def test_reused_partitions_are_told_again_since_their_materialization_is_a_new_one(
    checked: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = (DAYS[3], DAYS[4])
    checked.materialize(RAW, days=days)
    assert checked.materialize(RAW, days=days).success
    assert [outcome.status.value for outcome in checked.outcomes] == ["reused", "reused"]
    assert statuses(checked, "validity") == {"SUCCEEDED": list(days)}
    monkeypatch.setattr(Checked, "checks_reused", False)
    result = checked.materialize(RAW, days=days)
    assert result.success  # though nothing was found out
    assert recorded(checked, result) == [("made", day) for day in days]
    assert statuses(checked, "validity") == {}  # what was found out was of older data


def test_a_dataset_that_is_made_is_checked_whatever_is_selected(checked: Deployment) -> None:
    result = run(checked, [RAW], [], partition=DAYS[0])
    assert result.success
    assert recorded(checked, result) == [("made", DAYS[0]), *((name, DAYS[0]) for name in NAMES)]
    assert statuses(checked, "validity") == {"SUCCEEDED": [DAYS[0]]}


def test_a_check_alone_tells_of_what_is_held_and_makes_nothing(checked: Deployment) -> None:
    checked.materialize(RAW, days=(DAYS[0], WARNED))
    result = run(checked, [], [key("validity")], partition=WARNED)
    assert result.success
    assert recorded(checked, result) == [("validity", WARNED)]
    assert [outcome.status.value for outcome in checked.outcomes] == ["reused"]
    result = run(checked, [], [key("validity"), key("completeness")], partition=DAYS[4])
    assert not result.success
    assert recorded(checked, result) == []
    assert f"{RAW} {DAYS[4]}: checks come with the data, which is not up to date (never computed)" in failure(result)
    assert checked.outcomes == []


def test_checks_alone_without_a_partition_are_of_all_that_are_held(checked: Deployment) -> None:
    """As the UI's "Execute all" asks for them."""
    checked.materialize(RAW, days=(DAYS[3], DAYS[4]))
    result = run(checked, [], [key("validity"), key("uniqueness")])
    assert result.success
    days = (DAYS[3], DAYS[4], None)
    assert recorded(checked, result) == [(name, day) for day in days for name in ("uniqueness", "validity")]
    assert statuses(checked, "validity") == {"SUCCEEDED": [DAYS[3], DAYS[4]]}


def test_a_partitioned_dataset_without_a_partition_is_refused(checked: Deployment) -> None:
    result = run(checked, [RAW], None)
    assert not result.success
    assert "raw_readings: say which partitions." in failure(result)
