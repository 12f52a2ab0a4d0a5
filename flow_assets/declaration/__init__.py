"""What can be said of a dataset, and which are there?

Plain, frozen values: a `Dataset` and what it is declared with (schema, partitions, inputs, source, buckets), and the
validated graph of all of them. Nothing here reads data, and nothing here imports Dagster.
"""

from flow_assets.declaration.buckets import Buckets, HashBuckets, RangeBuckets, hash_buckets, range_buckets
from flow_assets.declaration.context import PartitionContext
from flow_assets.declaration.dataset import Dataset, dataset
from flow_assets.declaration.deadlines import By, Deadline, Within, by, within
from flow_assets.declaration.graph import DatasetGraph, find_datasets
from flow_assets.declaration.inputs import AllPartitions, Input, Lookback, SamePartition, all_partitions, lookback
from flow_assets.declaration.partitions import UNPARTITIONED, Partitions, StaticPartitions, partition_keys
from flow_assets.declaration.rules import Dimension, Rule, Severity
from flow_assets.declaration.schema import ColumnDeclaration, DatasetSchema, column
from flow_assets.declaration.signature import Frame
from flow_assets.declaration.sources import Landed, landed
from flow_assets.declaration.time_partitions import (
    DailyPartitions,
    HourlyPartitions,
    MonthlyPartitions,
    TimePartitions,
)

__all__ = [
    "UNPARTITIONED",
    "AllPartitions",
    "Buckets",
    "By",
    "ColumnDeclaration",
    "DailyPartitions",
    "Dataset",
    "DatasetGraph",
    "DatasetSchema",
    "Deadline",
    "Dimension",
    "Frame",
    "HashBuckets",
    "HourlyPartitions",
    "Input",
    "Landed",
    "Lookback",
    "MonthlyPartitions",
    "PartitionContext",
    "Partitions",
    "RangeBuckets",
    "Rule",
    "SamePartition",
    "Severity",
    "StaticPartitions",
    "TimePartitions",
    "Within",
    "all_partitions",
    "by",
    "column",
    "dataset",
    "find_datasets",
    "hash_buckets",
    "landed",
    "lookback",
    "partition_keys",
    "range_buckets",
    "within",
]
