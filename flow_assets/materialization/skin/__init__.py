"""What does Dagster see of a dataset?

The only place below `automation` that imports Dagster: datasets as Dagster assets, and runs launched in this process.
Datasets are loaded lazily: every process of Dagster loads the event log and the run launcher, and few of them compute.
"""

import warnings
from typing import TYPE_CHECKING, Any

import dagster as dg

if TYPE_CHECKING:
    from flow_assets.materialization.skin.assets import build_assets

# Dagster prints these at each load; the tests named test_upstream_* watch what is leaned on.
for preliminary in (dg.PreviewWarning, dg.BetaWarning):
    warnings.filterwarnings("ignore", category=preliminary)

from flow_assets.materialization.skin.instance import open_instance, prepare_home  # noqa: E402
from flow_assets.materialization.skin.launch import launch  # noqa: E402

__all__ = ["build_assets", "launch", "open_instance", "prepare_home"]


def __getattr__(name: str) -> Any:
    if name != "build_assets":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from flow_assets.materialization.skin.assets import build_assets

    return build_assets
