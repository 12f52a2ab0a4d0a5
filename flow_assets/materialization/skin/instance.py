"""Dagster's instance: its folder and its settings file."""

from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.instance.ref import InstanceRef

_DAGSTER_YAML = """\
# Settings of the Dagster instance; written once, edit it as you like.
telemetry:
  enabled: false
run_retries:
  enabled: true
  retry_on_asset_or_op_failure: false  # a bad day must not rerun the year
"""

_NO_CAPTURE: dict[str, Any] = {
    "compute_logs": {"module": "dagster._core.storage.noop_compute_log_manager", "class": "NoOpComputeLogManager"}
}
"""Four processes a run would mirror what a dataset's function prints; in the foreground it may print for itself."""


def prepare_home(home: Path) -> None:
    """Make Dagster's folder with its settings file, unless it is there."""
    home.mkdir(parents=True, exist_ok=True)
    file = home / "dagster.yaml"
    if not file.exists():
        file.write_text(_DAGSTER_YAML)


def open_instance(home: Path) -> dg.DagsterInstance:
    """The instance whose folder is `home`, made where it is missing, for runs in this process; a context manager."""
    prepare_home(home)
    return dg.DagsterInstance.from_ref(InstanceRef.from_dir(str(home), overrides=_NO_CAPTURE))
