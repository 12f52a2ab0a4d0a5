import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import psutil
import pytest
from dagster._core.execution.asset_backfill import AssetBackfillData
from dagster._core.execution.backfill import BulkActionStatus, PartitionBackfill

from flow_assets.materialization.skin import open_instance, prepare_home
from flow_assets_tests.materialization.skin.conftest import Deployment, deploy
from flow_assets_tests.sandbox import DAYS, Sandbox

DAILY = ("raw_readings", "readings", "trends")
UNFINISHED = (BulkActionStatus.REQUESTED, BulkActionStatus.CANCELING, BulkActionStatus.FAILING)
QUICK_DAEMON = """
import sys
from dagster._daemon import controller
controller.DEFAULT_DAEMON_INTERVAL_SECONDS = 1  # thirty, otherwise
from dagster._core.instance import DagsterInstance
DagsterInstance.run_monitoring_poll_interval_seconds = 1
from dagster._daemon.cli import main
sys.argv = ["dagster-daemon", "run", "-m", "flow_assets.definitions"]
main()
"""


@contextmanager
def daemon(sandbox: Sandbox, *, kill: bool = False) -> Iterator[Path]:
    """The real daemon with its code server and the runs it launches; yields its log. None is left behind.

    Args:
        sandbox: the deployment it works for.
        kill: end all of it at once at the end, as a power cut does.
    """
    prepare_home(sandbox.settings.dagster_home)
    log = sandbox.root / "daemon.log"
    with log.open("w") as file:
        leader = subprocess.Popen(
            [sys.executable, "-c", QUICK_DAEMON],
            env=sandbox.environment(DAGSTER_HOME=str(sandbox.settings.dagster_home)),
            cwd=sandbox.root,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
    try:
        yield log
    finally:
        if kill:
            kill_family(leader)
        else:
            end(leader)


def kill_family(leader: subprocess.Popen[bytes]) -> None:
    family = psutil.Process(leader.pid).children(recursive=True)
    for process in (psutil.Process(leader.pid), *family):
        process.kill()
    leader.wait(5)
    _, alive = psutil.wait_procs(family, timeout=5)
    assert not alive


def end(leader: subprocess.Popen[bytes]) -> None:
    family = psutil.Process(leader.pid).children(recursive=True) if leader.poll() is None else []
    leader.terminate()
    try:
        leader.wait(15)
        psutil.wait_procs(family, timeout=5)
    except subprocess.TimeoutExpired:
        pass
    finally:
        for process in family:
            if process.is_running():
                process.kill()
        if leader.poll() is None:
            os.killpg(leader.pid, signal.SIGKILL)
            leader.wait(5)
        _, alive = psutil.wait_procs(family, timeout=5)
        assert not alive


def backfill(deployment: Deployment, backfill_id: str, log: Path) -> tuple[BulkActionStatus, AssetBackfillData]:
    """Ask for all days of all daily datasets, wait for the end, and return how it ended."""
    graph = deployment.definitions.resolve_asset_graph()
    deployment.instance.add_backfill(
        PartitionBackfill.from_asset_partitions(
            backfill_id=backfill_id,
            asset_graph=graph,
            partition_names=list(DAYS),
            asset_selection=[dg.AssetKey(name) for name in DAILY],
            backfill_timestamp=time.time(),
            tags={},
            dynamic_partitions_store=deployment.instance,
            all_partitions=False,
            title=None,
            description=None,
            run_config=None,
        )
    )
    end_at = time.monotonic() + 90
    while time.monotonic() < end_at:
        found = deployment.instance.get_backfill(backfill_id)
        if found and found.status not in UNFINISHED:
            return found.status, found.get_asset_backfill_data(graph)
        time.sleep(0.2)
    raise TimeoutError(log.read_text()[-3000:])


def partitions_of(subset: object, name: str) -> list[str]:
    keys = subset.iterate_asset_partitions()  # type: ignore[attr-defined]
    return sorted(key.partition_key for key in keys if key.asset_key == dg.AssetKey(name))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Function `AssetSelection.sources`:DeprecationWarning")  # Dagster calls its own
def test_a_backfill_reports_exactly_the_partitions_that_are_not_published(sandbox: Sandbox) -> None:
    bad, good = DAYS[2], [day for day in DAYS if day != DAYS[2]]
    sandbox.land(bad, "meter,watts,note\na,many,x\n")
    with deploy(sandbox) as deployment, daemon(sandbox) as log:
        status, data = backfill(deployment, "with_a_bad_day", log)
        assert status is BulkActionStatus.COMPLETED_FAILED, log.read_text()
        assert {name: partitions_of(data.materialized_subset, name) for name in DAILY} == dict.fromkeys(DAILY, good)
        failed = data.failed_and_downstream_subset - data.materialized_subset  # as the UI counts them
        assert {name: partitions_of(failed, name) for name in DAILY} == {name: [bad] for name in DAILY}
        sandbox.land(bad)
        status, data = backfill(deployment, "all_good", log)
        assert status is BulkActionStatus.COMPLETED_SUCCESS, log.read_text()
        assert {name: partitions_of(data.materialized_subset, name) for name in DAILY} == {
            name: list(DAYS) for name in DAILY
        }
    with open_instance(sandbox.settings.dagster_home) as instance:
        assert len(list(instance.get_runs())) == 2
    with sandbox.project() as project:
        counts = {(n, d): len(project.holdings.history(n, d)) for n in DAILY for d in DAYS}
    twice = [at for at, count in counts.items() if count == 2]
    assert twice == [("trends", DAYS[3]), ("trends", DAYS[4])]  # they had been computed without the bad day
