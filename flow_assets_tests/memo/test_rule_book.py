from typing import Any

import pytest

import flow_assets as fa
from flow_assets import DailyPartitions, DatasetSchema, MonthlyPartitions, TimestampUtc, column, dataset
from flow_assets.declaration import Partitions, Rule
from flow_assets.memo.rule_book import RuleBook


class Hours(DatasetSchema):
    at: TimestampUtc = column("When")

    @classmethod
    def rules(cls) -> list[Rule]:
        return [fa.complete_sequence("at", every="1 hour"), fa.fresh("at", within="2 hours"), fa.row_count(min_value=1)]


def digests(partitions: Partitions) -> dict[str, str]:
    """Kind of a constraint to the digest of its rule."""

    @dataset(schema=Hours, sort_by=["at"], partitions=partitions)
    def hours() -> Any:
        return None

    return {type(rule.constraint).__name__: digest for rule, digest in RuleBook.of(hours).rules}


UTC = DailyPartitions(start_date="2024-01-01")


@pytest.mark.parametrize(
    "other",
    [DailyPartitions(start_date="2024-01-01", timezone="America/New_York"), MonthlyPartitions("2024-01-01")],
)
def test_rules_on_time_change_with_what_a_partition_s_key_means(other: Partitions) -> None:
    utc, others = digests(UTC), digests(other)
    assert {kind for kind in utc if utc[kind] != others[kind]} == {"CompleteSequence", "Fresh"}


def test_more_partitions_change_no_rule() -> None:
    assert digests(UTC) == digests(DailyPartitions(start_date="2023-01-01", end_date="2025-01-01"))
