"""What does Dagster see of a dataset?

The only place below `automation` that imports Dagster: datasets as Dagster assets, and runs launched in this process.
Exported lazily: every process of Dagster loads the event log and the run launcher, and few of them compute.
"""

import warnings
from importlib import import_module
from typing import TYPE_CHECKING, Any

import dagster as dg

if TYPE_CHECKING:
    from flow_assets.materialization.skin.assets import build_assets
    from flow_assets.materialization.skin.instance import open_instance, prepare_home
    from flow_assets.materialization.skin.launch import launch

__all__ = ["build_assets", "launch", "open_instance", "prepare_home"]

_MODULES = {"build_assets": "assets", "launch": "launch", "open_instance": "instance", "prepare_home": "instance"}

# Dagster prints these at each load; the tests named test_upstream_* watch what is leaned on.
for preliminary in (dg.PreviewWarning, dg.BetaWarning):
    warnings.filterwarnings("ignore", category=preliminary)


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
