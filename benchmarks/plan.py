"""How long planning 100,000 unchanged partitions takes: ten datasets, one of which reads all partitions of another.

Every partition has a blob of its own. Prints the median of five plans in one process, after imports, as JSON.
"""

import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

from flow_assets.ledger import Publication
from flow_assets.materialization.project import Project
from flow_assets.materialization.requests import Scope, plan_scope
from flow_assets.materialization.selection import select
from flow_assets.memo.entries import Action
from flow_assets.settings import Settings

DATASETS = 10
PARTITIONS = 10_000
REPEATS = 5

PACKAGE = f"""
import pyarrow as pa

from flow_assets import DatasetSchema, Int32, StaticPartitions, all_partitions, column, dataset

KEYS = StaticPartitions([f"p{{number:06d}}" for number in range({PARTITIONS})])


class Numbers(DatasetSchema):
    number: Int32 = column("A number")


@dataset(schema=Numbers, sort_by=["number"], partitions=KEYS)
def d0() -> pa.Table:
    return pa.table({{"number": [1]}})
"""

READER = """

@dataset(schema=Numbers, sort_by=["number"], partitions=KEYS, ins={ins})
def d{number}(d{upstream}: pa.Table) -> pa.Table:
    return d{upstream}
"""


def main() -> None:
    """Set the deployment up, plan it, and print the seconds."""
    with tempfile.TemporaryDirectory() as folder:
        project = _project(Path(folder))
        scope = select(project.graph)
        _publish(project, scope)
        seconds = [_plan(project, scope) for _ in range(REPEATS)]
    figures = {"partitions": DATASETS * PARTITIONS, "median_seconds": round(statistics.median(seconds), 3)}
    sys.stdout.write(json.dumps({**figures, "seconds": [round(s, 3) for s in seconds]}) + "\n")


def _project(folder: Path) -> Project:
    readers = [
        READER.format(number=n, upstream=0 if n == DATASETS - 1 else n - 1, ins=_ins(n)) for n in range(1, DATASETS)
    ]
    (folder / "many_partitions.py").write_text(PACKAGE + "".join(readers))
    sys.path.insert(0, str(folder))
    return Project.open(Settings(data=folder / "data", datasets="many_partitions"))


def _ins(number: int) -> str:
    return '{"d0": all_partitions()}' if number == DATASETS - 1 else "{}"


def _publish(project: Project, scope: Scope) -> None:
    """Publish every partition for the key it has now, each with a file of its own, without computing anything."""
    planner = project.planner(project.graph.datasets.values())
    with project.claims() as claims:
        for name, partitions in scope.items():
            entries = planner.plan(project.graph.get(name), partitions)
            publications = []
            for entry in entries:
                assert entry.key
                blob = project.store.put_blob(entry.key.encode()).reference
                content = Publication(name, entry.partition, "computed", "", entry.key, entry.key, None, blob, 1, 64)
                publications.append(content)
            claims.take(name, partitions)
            project.holdings.publish(publications, "benchmark", claims.owner.owner)
            planner.refresh(name, partitions)


def _plan(project: Project, scope: Scope) -> float:
    start = time.perf_counter()
    entries = plan_scope(project.planner(project.graph.datasets.values()), scope)
    seconds = time.perf_counter() - start
    assert all(entry.action is Action.REUSE for entry in entries)
    return seconds


if __name__ == "__main__":
    main()
