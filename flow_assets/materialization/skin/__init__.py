"""What does Dagster see of a dataset?

The only place below `automation` that imports Dagster: datasets as Dagster assets, and runs launched in this process.
"""

import warnings

import dagster as dg

# Dagster prints these at each load; the tests named test_upstream_* watch what is leaned on.
for preliminary in (dg.PreviewWarning, dg.BetaWarning):
    warnings.filterwarnings("ignore", category=preliminary)

from flow_assets.materialization.skin.assets import build_assets  # noqa: E402
from flow_assets.materialization.skin.instance import open_instance, prepare_home  # noqa: E402
from flow_assets.materialization.skin.launch import launch  # noqa: E402

__all__ = ["build_assets", "launch", "open_instance", "prepare_home"]
