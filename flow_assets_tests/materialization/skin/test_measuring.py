"""The runs that the ledger knows of: written by each step when it begins and when it ends."""

from datetime import UTC, datetime

import dagster as dg
import pytest

from flow_assets.definitions import build_definitions
from flow_assets.errors import StoreError
from flow_assets.ledger.measurements import Measurements, RunMeasurement
from flow_assets.ledger.run_log import RunLog
from flow_assets.materialization.skin import open_instance
from flow_assets_tests.forked import flow
from flow_assets_tests.materialization.skin.conftest import Deployment
from flow_assets_tests.sandbox import DAYS, Sandbox

ALL = (DAYS[0], DAYS[-1])
DAILY = ("raw_readings", "readings", "trends")


def runs(sandbox: Sandbox) -> list[RunMeasurement]:
    with sandbox.project() as project:
        return Measurements(project.engine, project.settings.environment).runs()


def test_a_run_is_written_down_with_its_phases_and_how_partitions_ended(
    sandbox: Sandbox, deployment: Deployment
) -> None:
    result = deployment.materialize(*DAILY, days=ALL)
    (run,) = runs(sandbox)
    assert (run.run_id, run.datasets, run.partitions, run.error) == (result.run_id, DAILY, 15, "")
    assert run.outcomes == {"computed": 15}
    assert set(run.phases) == {"queue", "startup", "plan", "publish", "events"}
    assert all(seconds >= 0 for seconds in run.phases.values())
    assert run.ended_at
    assert run.created_at <= run.started_at <= run.ended_at <= datetime.now(UTC).isoformat()
    assert run.seconds
    assert sum(run.phases[phase] for phase in ("plan", "publish", "events")) <= run.seconds + 0.01
    assert run.peak_memory_bytes
    assert run.reused == {}


def test_what_was_reused_is_known_by_dataset_and_with_what_it_saved(sandbox: Sandbox, deployment: Deployment) -> None:
    deployment.materialize(*DAILY, days=ALL)
    deployment.materialize("readings", days=ALL)
    with sandbox.project() as project:
        made = Measurements(project.engine, project.settings.environment).materializations(datasets=["readings"])
    run = runs(sandbox)[-1]
    assert run.outcomes == {"reused": 5}
    assert run.reused.keys() == {"readings"}
    assert run.reused["readings"].partitions == 5
    assert run.reused["readings"].seconds == pytest.approx(sum(m.wall_seconds for m in made))


def test_a_run_that_fails_is_written_down_with_what_ended_it(sandbox: Sandbox, deployment: Deployment) -> None:
    sandbox.land(DAYS[1], "nonsense\n")
    deployment.materialize(*DAILY, days=ALL)
    (run,) = runs(sandbox)
    assert (run.error, run.ended_at is None) == ("Failure", False)
    assert run.outcomes == {"computed": 12, "failed": 1, "held": 2}


def test_a_run_as_the_ui_launches_it_builds_the_warehouse(sandbox: Sandbox) -> None:
    with sandbox.project() as project, open_instance(sandbox.settings.dagster_home) as instance:
        job = build_definitions(project).resolve_implicit_global_asset_job_def()
        tags = dict(zip((f"dagster/asset_partition_range_{end}" for end in ("start", "end")), ALL, strict=True))
        job.execute_in_process(instance=instance, asset_selection=[dg.AssetKey("raw_readings")], tags=tags)
    (run,) = runs(sandbox)
    assert run.phases["warehouse"] > 0


def test_a_run_that_is_killed_has_no_end(sandbox: Sandbox) -> None:
    sandbox.edit("readings.py", "    day = context.partition_key", "    os.kill(os.getpid(), 9)\n    day = ''")
    sandbox.edit("readings.py", "import duckdb\n", "import os\n\nimport duckdb\n")
    assert flow(sandbox, "run", "readings").code == -9
    (run,) = runs(sandbox)
    assert (run.ended_at, run.seconds, run.outcomes, run.error) == (None, None, {}, "")
    assert set(run.phases) == {"queue", "startup"}


def test_an_interrupted_run_is_written_down_as_such(sandbox: Sandbox) -> None:
    sandbox.edit("readings.py", "    day = context.partition_key", "    os.kill(os.getpid(), 2)\n    day = ''")
    sandbox.edit("readings.py", "import duckdb\n", "import os\n\nimport duckdb\n")
    assert flow(sandbox, "run", "readings").code == 130
    (run,) = runs(sandbox)
    assert run.ended_at
    assert "Interrupt" in run.error


def test_a_run_does_not_fail_for_want_of_its_kpis(
    sandbox: Sandbox, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(log: RunLog, _: object) -> None:
        raise StoreError("The ledger is locked.")

    monkeypatch.setattr(RunLog, "begin", fail)
    monkeypatch.setattr(RunLog, "end", fail)
    result = deployment.materialize("raw_readings", days=ALL)
    assert result.success
    assert runs(sandbox) == []
    records = deployment.instance.get_records_for_run(result.run_id).records
    said = [record.event_log_entry.user_message for record in records]
    assert sum("This run's KPIs are not kept: The ledger is locked." in line for line in said) == 2


def test_numbers_of_a_materialization_are_numbers_to_dagster(sandbox: Sandbox, deployment: Deployment) -> None:
    first = deployment.events(deployment.materialize("raw_readings", days=ALL))[f"raw_readings {DAYS[0]}"].metadata
    phases = [f"{phase}_seconds" for phase in ("scan", "compute", "sort", "check", "hash", "write")]
    for name in ("seconds", "cpu_seconds", *phases):
        assert isinstance(first[name], dg.FloatMetadataValue), name
    for name in ("peak_memory_bytes", "rows_in", "bytes_in", "bytes", "reused"):
        assert isinstance(first[name], dg.IntMetadataValue), name
    assert (first["reused"].value, first["rows_in"].value) == (0, 3)
    again = deployment.events(deployment.materialize("raw_readings", days=ALL))[f"raw_readings {DAYS[0]}"].metadata
    assert (again["reused"].value, again["seconds"].value) == (1, 0.0)
    assert "cpu_seconds" not in again  # zeros would be drawn beside what was measured
