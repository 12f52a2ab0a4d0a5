"""One pass over the chain with this project: `python -m benchmarks.subjects.own_memo FOLDER DAYS [PUBLISH]`.

The chain's thirteen datasets, generated. With PUBLISH, every partition is published for the key that it has, with a
file of its own, and no pass is made. The pass is what an idle `flow run` does: open the project, find the datasets,
fingerprint their code, read the ledger, look for every file, plan every partition. It loads no data: what is unchanged
is not looked into. Prints JSON: seconds, partitions, and those that would be computed.
"""

import json
import sys
import time
from pathlib import Path

from benchmarks.subjects.published import publish
from flow_assets.materialization.project import Project
from flow_assets.materialization.requests import plan_scope
from flow_assets.materialization.selection import select
from flow_assets.memo.entries import Action
from flow_assets.settings import Settings

PACKAGE = "measured_chain"
_HEAD = """
from datetime import date, timedelta

import pyarrow as pa

from flow_assets import DailyPartitions, DatasetSchema, Int64, column, dataset, lookback

DAILY = DailyPartitions("2020-01-01", end_date=str(date(2020, 1, 1) + timedelta(days={days})))


class Numbers(DatasetSchema):
    number: Int64 = column("A number")


@dataset(schema=Numbers, sort_by=["number"], partitions=DAILY)
def n0() -> pa.Table:
    return pa.table({{"number": [0]}})
"""
_READER = """

@dataset(schema=Numbers, sort_by=["number"], partitions=DAILY, ins={ins})
def n{number}(n{upstream}: pa.Table) -> pa.Table:
    return pa.table({{"number": [sum(n{upstream}["number"].to_pylist()) + {number}]}})
"""
_WINDOWS = {4: '{"n3": lookback(days=1)}', 8: '{"n7": lookback(days=28, include_current=False)}'}


def main(folder: Path, days: int, *, must_publish: bool) -> None:
    """Publish everything; or go over all partitions, and say what it took."""
    sys.path.insert(0, str(folder))
    readers = [_READER.format(number=n, upstream=n - 1, ins=_WINDOWS.get(n, "{}")) for n in range(1, 13)]
    folder.mkdir(exist_ok=True)
    (folder / f"{PACKAGE}.py").write_text(_HEAD.format(days=days) + "".join(readers))
    settings = Settings(data=folder / "data", datasets=PACKAGE)
    if must_publish:
        publish(Project.open(settings))
        return
    start = time.perf_counter()
    project = Project.open(settings)
    entries = plan_scope(project.planner(project.graph.datasets.values()), select(project.graph))
    seconds = time.perf_counter() - start
    called = sum(entry.action is not Action.REUSE for entry in entries)
    print(json.dumps({"seconds": seconds, "partitions": len(entries), "called": called}))  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), must_publish=sys.argv[3:] == ["publish"])
