"""How long planning 100,000 unchanged partitions takes: ten datasets, one of which reads all partitions of another.

Every partition has a file of its own. Measured in this process, after imports.
"""

import sys
import time
from pathlib import Path

from benchmarks.measuring import BenchmarkError, Result, Target
from benchmarks.subjects.published import publish
from benchmarks.workspace import Workspace
from flow_assets.materialization.project import Project
from flow_assets.materialization.requests import plan_scope
from flow_assets.materialization.selection import select
from flow_assets.memo.entries import Action
from flow_assets.settings import Settings

DATASETS = 10
PARTITIONS, QUICK_PARTITIONS = 10_000, 100
SECONDS = 2

_HEAD = """
import pyarrow as pa

from flow_assets import DatasetSchema, Int32, StaticPartitions, all_partitions, column, dataset

KEYS = StaticPartitions([f"p{{number:06d}}" for number in range({partitions})])


class Numbers(DatasetSchema):
    number: Int32 = column("A number")


@dataset(schema=Numbers, sort_by=["number"], partitions=KEYS)
def d0() -> pa.Table:
    return pa.table({{"number": [1]}})
"""

_READER = """

@dataset(schema=Numbers, sort_by=["number"], partitions=KEYS, ins={ins})
def d{number}(d{upstream}: pa.Table) -> pa.Table:
    return d{upstream}
"""


def measure(workspace: Workspace, repeats: int) -> Result:
    """Set the deployment up, and plan it again and again."""
    partitions = QUICK_PARTITIONS if workspace.quick else PARTITIONS
    project = _project(workspace.new_folder(), partitions)
    publish(project)
    result = Result()
    count = DATASETS * partitions
    figure = result.add(f"plan of {count:,} unchanged partitions", "s", [_plan(project) for _ in range(repeats)])
    result.targets.append(Target("plan of 100,000 unchanged partitions", figure.value, "at most", SECONDS, "s"))
    return result


def _project(folder: Path, partitions: int) -> Project:
    last = DATASETS - 1
    readers = [_READER.format(number=n, upstream=0 if n == last else n - 1, ins=_ins(n)) for n in range(1, DATASETS)]
    (folder / "many_partitions.py").write_text(_HEAD.format(partitions=partitions) + "".join(readers))
    sys.path.insert(0, str(folder))
    return Project.open(Settings(data=folder / "data", datasets="many_partitions"))


def _ins(number: int) -> str:
    return '{"d0": all_partitions()}' if number == DATASETS - 1 else "{}"


def _plan(project: Project) -> float:
    start = time.perf_counter()
    entries = plan_scope(project.planner(project.graph.datasets.values()), select(project.graph))
    seconds = time.perf_counter() - start
    if any(entry.action is not Action.REUSE for entry in entries):
        raise BenchmarkError("a partition would be computed, though nothing has changed.")
    return seconds
