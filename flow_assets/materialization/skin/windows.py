"""Lets two datasets of one multi-asset read a third through different windows.

Dagster keeps a partition mapping for each asset and each of its inputs, and its asset graph, staleness and backfills
use that. Only the constructor of a multi-asset also gathers one mapping an input for all its assets, and refuses to be
built where they differ. What it gathers is used for inputs that Dagster loads, and here it loads none.
`test_upstream_partition_mappings.py` tells when this is no longer needed, and that the graph still does as said.
"""

from collections.abc import Iterable, Mapping

import dagster as dg
from dagster._core.definitions.assets.definition import assets_definition


def allow_different_windows() -> None:
    """Let the first mapping of an input stand where a multi-asset's datasets read it through several."""
    assets_definition.get_partition_mappings_from_deps = _first_mappings


def _first_mappings(
    partition_mappings: dict[dg.AssetKey, dg.PartitionMapping], deps: Iterable[dg.AssetDep], asset_name: str
) -> Mapping[dg.AssetKey, dg.PartitionMapping]:
    for dep in deps:
        if dep.partition_mapping is not None:
            partition_mappings.setdefault(dep.asset_key, dep.partition_mapping)
    return partition_mappings
