"""One Dagster run over a year of a daily chain of set-based datasets, in this process, with rules or without.

    python -m benchmarks.subjects.chain_run FOLDER with|without DAYS

What the chain reads is computed before the clock starts. Prints JSON: seconds from asking for the run to its end, those
within the inspection of batches (the scan, and all that is done with its results before they are judged), and how many
partitions the chain's datasets have in all.
"""

import json
import sys
import time
from datetime import date, timedelta
from pathlib import Path

from benchmarks.subjects.timed_flow import Stopwatch
from flow_assets.checks import Inspector
from flow_assets.declaration import partition_keys
from flow_assets.definitions import build_definitions
from flow_assets.materialization.outcomes import Outcome, Status
from flow_assets.materialization.project import Project
from flow_assets.materialization.skin import launch, open_instance
from flow_assets.settings import Settings

LENGTH = 4
_FIRST = date(2013, 1, 1)

_HEAD = """
from duckdb import DuckDBPyRelation
import pandas as pd

from flow_assets import (
    DailyPartitions, Date, DatasetSchema, Float64, Int32, PartitionContext, String, column, dataset, in_range, isin,
    not_null, row_count, row_rule, str_matches,
)

DAILY = DailyPartitions(start_date="{start}", end_date="{end}")


class Rows(DatasetSchema):
    day: Date = column("Day", nullable=True)
    number: Int32 = column("Number within the day", nullable=True)
    place: String = column("Place", nullable=True)
    amount: Float64 = column("Amount", nullable=True)


class Checked(DatasetSchema):
    day: Date = column("Day", nullable=True)
    number: Int32 = column("Number within the day", nullable=True, rules=[in_range(0, 199), not_null()])
    place: String = column("Place", nullable=True, rules=[isin(["north", "south"]), str_matches("[a-z]+$")])
    amount: Float64 = column("Amount", nullable=True, rules=[in_range(0.0, 1000.0)])

    @classmethod
    def rules(cls):
        return [row_rule("amount >= number", name="amounts_grow"), row_count(100, 300)]


@dataset(schema=Rows, partitions=DAILY, sort_by=["number"])
def d0(context: PartitionContext) -> pd.DataFrame:
    numbers = range(200)
    return pd.DataFrame(
        {{
            "day": pd.Timestamp(context.partition_key).date(),
            "number": numbers,
            "place": ["north" if number % 2 else "south" for number in numbers],
            "amount": [float(number) for number in numbers],
        }}
    )
"""
_NEXT = """

@dataset(schema={schema}, partitions=DAILY, partition_column="day", sort_by=["number"], set_based=True)
def d{number}(d{before}: DuckDBPyRelation) -> DuckDBPyRelation:
    return d{before}.project("day, number, place, amount + 1 AS amount")
"""


def write_datasets(folder: Path, days: int, *, with_rules: bool) -> str:
    """A module of datasets; returns its name."""
    schema = "Checked" if with_rules else "Rows"
    head = _HEAD.format(start=_FIRST, end=_FIRST + timedelta(days=days))
    chain = [_NEXT.format(schema=schema, number=number, before=number - 1) for number in range(1, LENGTH + 1)]
    (folder / "chain_of_datasets.py").write_text(head + "".join(chain))
    return "chain_of_datasets"


def main(folder: Path, days: int, *, with_rules: bool) -> None:
    """Compute what the chain reads, then the chain."""
    module = write_datasets(folder, days, with_rules=with_rules)
    sys.path.insert(0, str(folder))
    project = Project.open(Settings(data=folder / "data", datasets=module))
    keys = partition_keys(project.graph.get("d0").partitions)
    outcomes: list[Outcome] = []
    definitions = build_definitions(project, outcomes.append)
    names = [f"d{number}" for number in range(1, LENGTH + 1)]
    with open_instance(project.settings.dagster_home) as instance:
        launch(definitions, instance, ["d0"], (keys[0], keys[-1]))
        outcomes.clear()
        inspection = Stopwatch()
        inspection.wrap(Inspector, "inspect")
        start = time.perf_counter()
        launch(definitions, instance, names, (keys[0], keys[-1]))
        whole = time.perf_counter() - start
    if len(outcomes) != len(keys) * LENGTH or {outcome.status for outcome in outcomes} != {Status.COMPUTED}:
        sys.exit("Not every partition was computed.")
    print(json.dumps({"whole": whole, "inspection": inspection.seconds, "partitions": len(outcomes)}))  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[3]), with_rules=sys.argv[2] == "with")
