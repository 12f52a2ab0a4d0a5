"""Dagster's instance: its folder and its settings file."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.instance.ref import InstanceRef
from filelock import FileLock
from sqlalchemy.exc import DBAPIError

from flow_assets.errors import StoreError

_DAGSTER_YAML = """\
# Settings of the Dagster instance; written once, edit it as you like.
telemetry:
  enabled: false
event_log_storage: {module: flow_assets.materialization.skin.event_log, class: BatchedEventLog}  # or Dagster's own
run_launcher:  # Dagster's own, which also notices that a run's process is dead
  module: flow_assets.materialization.skin.workers
  class: WatchedRunLauncher
run_monitoring:
  enabled: true
  poll_interval_seconds: 15
run_retries:  # of runs that were killed: what they had published is reused
  enabled: true
  max_retries: 2
  retry_on_asset_or_op_failure: false  # a bad day must not rerun the year
retention:
  sensor: {purge_after_days: {skipped: 1}}  # the sensor looks every few seconds
concurrency:
  runs:
    max_concurrent_runs: 3  # each uses every core while it computes; a further one waits in the queue
"""

_FORMER_DEFAULTS = {"40278571e42f7dae2666b694d889a67ba52d96287c4854e9ac1b55d1644ac0dd"}
"""SHA-256 of what was written there before: nobody has edited such a file, so it is replaced.

Never one that differs from today's only by a line that people are told to take out.
"""

_NO_CAPTURE: dict[str, Any] = {
    "compute_logs": {"module": "dagster._core.storage.noop_compute_log_manager", "class": "NoOpComputeLogManager"}
}
"""Four processes a run would mirror what a dataset's function prints; in the foreground it may print for itself."""


def prepare_home(home: Path) -> None:
    """Make Dagster's folder with its settings file, unless somebody's is there; raises StoreError if that fails."""
    file = home / "dagster.yaml"
    try:
        home.mkdir(parents=True, exist_ok=True)
        if not file.exists() or sha256(file.read_bytes()).hexdigest() in _FORMER_DEFAULTS:
            new = (
                home / f".{file.name}.{os.getpid()}.{threading.get_ident()}"
            )  # two first commands at once must not read half a file
            new.write_text(_DAGSTER_YAML)
            new.replace(file)
    except OSError as error:
        raise StoreError(f"{file} cannot be written: {error.strerror}. Check the disk's free space.") from error


@contextmanager
def open_instance(home: Path) -> Iterator[dg.DagsterInstance]:
    """The instance whose folder is `home`, made where it is missing, for runs in this process.

    Raises:
        StoreError: Dagster cannot keep its records there.
    """
    prepare_home(home)
    try:
        with FileLock(home / "opening.lock"):  # two that make its tables at once get into each other's way
            instance = dg.DagsterInstance.from_ref(InstanceRef.from_dir(str(home), overrides=_NO_CAPTURE))
        with instance:
            yield instance
    except DBAPIError as error:
        cause = f"{error.orig}. Check the disk's free space and permissions."
        raise StoreError(f"Dagster's storage in {home} cannot be used: {cause}") from error
