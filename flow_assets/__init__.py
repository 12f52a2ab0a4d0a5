"""flow_assets: quality-checked, partitioned, bucketed feature datasets that are never computed twice.

What a package of datasets needs, and what reads them back, is exported here, lazily, so that `import flow_assets` costs
nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flow_assets.declaration import (
        DailyPartitions,
        DatasetSchema,
        HourlyPartitions,
        MonthlyPartitions,
        PartitionContext,
        StaticPartitions,
        all_partitions,
        by,
        column,
        dataset,
        hash_buckets,
        landed,
        lookback,
        range_buckets,
        within,
    )
    from flow_assets.declaration.partition_rules import (
        complete_sequence,
        fresh,
        no_drift,
        partition_query,
        row_count,
        row_count_like_before,
    )
    from flow_assets.declaration.rules import (
        Rule,
        eq,
        ge,
        gt,
        in_range,
        isin,
        le,
        lt,
        ne,
        not_null,
        notin,
        python_rule,
        references,
        row_rule,
        str_contains,
        str_endswith,
        str_length,
        str_matches,
        str_startswith,
        unique,
    )
    from flow_assets.declaration.schema import Bool, Date, Float64, Int16, Int32, Int64, String, TimestampUtc
    from flow_assets.materialization.loader import load

__version__ = "0.1.0"

__all__ = [
    "Bool",
    "DailyPartitions",
    "DatasetSchema",
    "Date",
    "Float64",
    "HourlyPartitions",
    "Int16",
    "Int32",
    "Int64",
    "MonthlyPartitions",
    "PartitionContext",
    "Rule",
    "StaticPartitions",
    "String",
    "TimestampUtc",
    "all_partitions",
    "by",
    "column",
    "complete_sequence",
    "dataset",
    "eq",
    "fresh",
    "ge",
    "gt",
    "hash_buckets",
    "in_range",
    "isin",
    "landed",
    "le",
    "load",
    "lookback",
    "lt",
    "ne",
    "no_drift",
    "not_null",
    "notin",
    "partition_query",
    "python_rule",
    "range_buckets",
    "references",
    "row_count",
    "row_count_like_before",
    "row_rule",
    "str_contains",
    "str_endswith",
    "str_length",
    "str_matches",
    "str_startswith",
    "unique",
    "within",
]

_TYPES = ("Bool", "Date", "Float64", "Int16", "Int32", "Int64", "String", "TimestampUtc")
_PARTITION_RULES = (
    "Rule",
    "complete_sequence",
    "fresh",
    "no_drift",
    "partition_query",
    "row_count",
    "row_count_like_before",
)
_RULES = (
    "Rule",
    "eq",
    "ge",
    "gt",
    "in_range",
    "isin",
    "le",
    "lt",
    "ne",
    "not_null",
    "notin",
    "python_rule",
    "references",
    "row_rule",
    "str_contains",
    "str_endswith",
    "str_length",
    "str_matches",
    "str_startswith",
    "unique",
)
_MODULES = {
    **dict.fromkeys(_TYPES, "flow_assets.declaration.schema"),
    **dict.fromkeys(_PARTITION_RULES, "flow_assets.declaration.partition_rules"),
    **dict.fromkeys(_RULES, "flow_assets.declaration.rules"),
    "load": "flow_assets.materialization.loader",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'flow_assets' has no attribute {name!r}")
    return getattr(import_module(_MODULES.get(name, "flow_assets.declaration")), name)
