"""A history of runs with every kind of event, what is stored of it, and what can be read of it.

For comparing event logs: `record` makes the same history in any instance, `rows` are all rows of all files with what
differs between two histories made unrecognizable, `readings` are the answers of the public read API.
"""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
from dagster import DagsterEventType

from flow_assets.materialization.skin import open_instance, prepare_home
from flow_assets.materialization.skin.evaluations import targets
from flow_assets.materialization.skin.events import store_evaluations, store_together

LINE = "event_log_storage:"
DAILY = dg.DailyPartitionsDefinition("2024-03-01", end_date="2024-03-08")
ASKED = ["2024-03-02", "2024-03-03", "2024-03-04", "2024-03-05"]
RANGE = {"dagster/asset_partition_range_start": ASKED[0], "dagster/asset_partition_range_end": ASKED[-1]}
NAMES = ("counted", "gathered", "stored", "retried", "alone", "reported")
_CHECKS = (("counted", "has_rows"), ("gathered", "has_rows"), ("gathered", "is_whole"), ("gathered", "of_all"))
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
_VARYING = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"  # runs
    r"|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?"  # when
    r"|\"(pid|timestamp|duration_ms|seconds|start_time|end_time)\": [\d.]+"
    r"|\"log_key\": \"\w+\""
    r"|\(pid: \d+\)|\d+(\.\d+)?(ms|s)\b"
)


@contextmanager
def instance_of(home: Path, *, is_stock: bool) -> Iterator[dg.DagsterInstance]:
    """The instance in `home`, with Dagster's own event log or with ours: one line makes the difference."""
    file = home / "dagster.yaml"
    file.unlink(missing_ok=True)
    prepare_home(home)
    if is_stock:
        lines = file.read_text().splitlines(keepends=True)
        file.write_text("".join(line for line in lines if not line.startswith(LINE)))
    with open_instance(home) as instance:
        yield instance


@dg.multi_asset(
    specs=[dg.AssetSpec("counted", partitions_def=DAILY, skippable=True)],
    check_specs=[dg.AssetCheckSpec("has_rows", asset="counted", partitions_def=DAILY)],
    can_subset=True,
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def counted(context: dg.AssetExecutionContext) -> Iterator[Any]:
    """One event a partition, one of them an observation; evaluations of a check; then a failure."""
    context.log.info("counting")
    for number, day in enumerate(context.partition_keys):
        tags = {"dagster/data_version": f"v{number}", "dagster/code_version": "c"}
        if number == 1:
            yield dg.AssetObservation("counted", partition=day, metadata={"reason": "bad"}, tags=tags)
        else:
            yield dg.AssetMaterialization("counted", partition=day, metadata={"rows": number}, tags=tags)
        yield dg.AssetCheckEvaluation(
            asset_key=dg.AssetKey("counted"), check_name="has_rows", passed=number != 1, partition=day
        )
    yield dg.AssetCheckResult(asset_key="counted", check_name="has_rows", passed=False)
    raise dg.Failure("a bad day", allow_retries=False)


@dg.multi_asset(
    specs=[dg.AssetSpec("gathered", partitions_def=DAILY, skippable=True)],
    check_specs=[
        dg.AssetCheckSpec("has_rows", asset="gathered", partitions_def=DAILY),
        dg.AssetCheckSpec("is_whole", asset="gathered", partitions_def=DAILY, blocking=True),
        dg.AssetCheckSpec("of_all", asset="gathered"),
    ],
    can_subset=True,
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def gathered(context: dg.AssetExecutionContext) -> Iterator[Any]:
    """Events that are stored together; some checks that were planned, some that were not, and one of them twice."""
    yield from store_together(context, [dg.AssetMaterialization("gathered", partition=day) for day in ASKED[:3]])
    latest = targets(context, "gathered", ASKED, ASKED[:1])
    evaluations = [_evaluation(name, day, latest.get(day)) for day in ASKED for name in ("has_rows", "is_whole")]
    store_evaluations(context, evaluations)
    store_evaluations(context, [_evaluation("has_rows", day) for day in ("2024-03-07", None)])
    store_evaluations(context, [_evaluation("is_whole", ASKED[0]), _evaluation("is_whole", ASKED[0])])
    store_evaluations(context, [_evaluation("of_all", None)])


def _evaluation(name: str, day: str | None, target: Any = None) -> dg.AssetCheckEvaluation:
    return dg.AssetCheckEvaluation(
        asset_key=dg.AssetKey("gathered"),
        check_name=name,
        passed=day != ASKED[1],
        partition=day,
        severity=dg.AssetCheckSeverity.WARN,
        target_materialization_data=target,
        description=None if day == ASKED[0] else "counted",
    )


@dg.asset(
    partitions_def=DAILY, backfill_policy=dg.BackfillPolicy.single_run(), io_manager_key="nothing", code_version="1"
)
def stored(context: dg.AssetExecutionContext) -> None:
    """A plain output over a range, of which Dagster makes a batch."""


@dg.asset(retry_policy=dg.RetryPolicy(max_retries=1), code_version="1")
def retried(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    if context.retry_number == 0:
        raise ValueError("the first time")
    return dg.MaterializeResult(metadata={"rows": 1})


@dg.asset(code_version="1", check_specs=[dg.AssetCheckSpec("is_there", asset="alone")])
def alone():  # type: ignore[no-untyped-def]  # Dagster reads an annotation as outputs
    check = dg.AssetCheckResult(check_name="is_there", passed=True)
    return dg.MaterializeResult(data_version=dg.DataVersion("1"), check_results=[check])


def record(instance: dg.DagsterInstance) -> list[str]:
    """Make the history; returns its runs in order."""
    stored_nowhere = {"nothing": dg.mem_io_manager}
    job = dg.Definitions(assets=[counted, gathered, stored, retried, alone], resources=stored_nowhere)
    implicit = job.resolve_implicit_global_asset_job_def()
    runs = []
    for name in ("counted", "gathered", "stored", "retried", "alone", "counted"):
        done = implicit.execute_in_process(
            instance=instance,
            asset_selection=[dg.AssetKey(name)],
            tags=RANGE if name in ("counted", "gathered", "stored") else {},
            raise_on_error=False,
            run_config=_QUIET,
        )
        assert done.success == (name != "counted")
        runs.append(done.run_id)
    for day in ("2024-03-01", "2024-03-07"):
        instance.report_runless_asset_event(dg.AssetMaterialization("reported", partition=day))
        instance.report_runless_asset_event(dg.AssetObservation("reported", partition=day))
    instance.report_runless_asset_event(
        dg.AssetCheckEvaluation(asset_key=dg.AssetKey("reported"), check_name="by_hand", passed=True)
    )
    return runs


def rows(home: Path, runs: list[str]) -> dict[str, list[tuple[Any, ...]]]:
    """`file table` to its rows in order and how it and its indices were made, the files in the order of the runs."""
    found = {}
    for number, name in enumerate([*runs, "", "index"]):
        with closing(sqlite3.connect(home / "history" / "runs" / f"{name}.db")) as connection:
            tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
            for (table,) in tables:
                every = connection.execute(f"SELECT * FROM {table} ORDER BY rowid").fetchall()
                every += connection.execute(
                    "SELECT type, sql FROM sqlite_master WHERE tbl_name = ?", (table,)
                ).fetchall()
                found[f"{number} {table}"] = [tuple(_masked(value, home) for value in row) for row in every]
    return found


def _masked(value: Any, home: Path) -> Any:
    return _VARYING.sub("~", value.replace(str(home), "home")) if isinstance(value, str) else value


def readings(instance: dg.DagsterInstance, runs: list[str]) -> dict[str, Any]:
    """What the public read API answers, from one event log."""
    log = instance.event_log_storage
    keys = [dg.AssetKey(name) for name in NAMES]
    checks = [dg.AssetCheckKey(dg.AssetKey(asset), name) for asset, name in _CHECKS]
    of_run = {"logs": instance.get_records_for_run, "stats": log.get_stats_for_run, "steps": log.get_step_stats_for_run}
    of_run |= {"partitions": log.get_asset_partitions_for_run}
    kind = DagsterEventType.ASSET_MATERIALIZATION
    of_asset: dict[str, Any] = {
        "materializations": lambda key: instance.fetch_materializations(key, limit=100),
        "observations": lambda key: instance.fetch_observations(key, limit=100),
        "records": lambda key: instance.get_asset_records([key]),
        "events": lambda key: log.get_event_records(dg.EventRecordsFilter(kind, asset_key=key)),
        "partitions": instance.get_materialized_partitions,
        "planned": lambda key: log.get_latest_planned_materialization_info(key),
        "versions": lambda key: log.get_latest_tags_by_partition(key, kind, ["dagster/data_version"]),
        "latest": lambda key: log.get_latest_storage_id_by_partition(key, kind),
        "tags": lambda key: log.get_event_tags_for_asset(key),
        "summaries": lambda key: log.get_asset_event_summary_records(kind, key),
        "updated": lambda key: log.get_updated_data_version_partitions(key, ASKED, 0),
    }
    found = {f"{name} {number}": read(run) for name, read in of_run.items() for number, run in enumerate(runs)}
    found |= {f"{name} {key.to_user_string()}": read(key) for name, read in of_asset.items() for key in keys}
    return found | {
        "keys": log.all_asset_keys(),
        "changes": instance.fetch_run_status_changes(DagsterEventType.RUN_FAILURE, limit=10),
        "checks": [log.get_asset_check_execution_history(check, limit=100) for check in checks],
        "last checks": log.get_latest_asset_check_execution_by_key(checks),
        "checked partitions": log.get_asset_check_partition_info(checks),
        "checked": log.get_asset_check_state([(check, DAILY) for check in checks]),
        "failures": log.get_event_records(dg.EventRecordsFilter(DagsterEventType.STEP_FAILURE)),
        "last": log.get_maximum_record_id(),
    }
