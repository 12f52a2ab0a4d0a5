"""A range run of one dataset over 365 partitions through Dagster: the bookkeeping per partition, with two event logs.

`departures` is computed over `raw_flights` in one Dagster run (`subjects/range_run.py`). Bookkeeping is all of the run
but computing and writing: Dagster's own work, its event log, planning, claims, publication, and the warehouse, which is
built at the end. Computing and writing is what a partition's outcome says it took: from opening its inputs to its files
and its record in the store, content hash included. It is measured with the event log that `dagster.yaml` sets up, and
with Dagster's stock one, in turns.
"""

from benchmarks.measuring import BenchmarkError, Result, Target, run_module
from benchmarks.workspace import Deployment, Workspace

DATASET = "departures"
_LABELS = {"stock": "stock event log", "ours": "our event log"}


def measure(workspace: Workspace, repeats: int) -> Result:
    """Compute what the dataset reads once; then the range run on copies."""
    base = workspace.fresh()
    base.flow("run", "raw_flights", "raw_airports")
    found: dict[str, list[dict[str, float]]] = {"stock": [], "ours": []}
    for _ in range(repeats):
        for log, runs in found.items():
            deployment = workspace.copy(base)
            runs.append(_range_run(deployment, is_stock=log == "stock"))
    return _result(found)


def _range_run(deployment: Deployment, *, is_stock: bool) -> dict[str, float]:
    if is_stock:
        deployment.use_stock_event_log()
    found: dict[str, float] = run_module("range_run", DATASET, env=deployment.env).json()
    deployment.remove()
    return found


def _result(found: dict[str, list[dict[str, float]]]) -> Result:
    if found["stock"][0]["storage"] == found["ours"][0]["storage"]:
        raise BenchmarkError("Both runs had Dagster's stock event log: the instance's dagster.yaml names no other.")
    result = Result()
    for log, runs in found.items():
        label = _LABELS[log]
        note = f"{runs[0]['partitions']} partitions, {runs[0]['storage']}"
        result.add(f"{label}: whole run", "s", [run["whole"] for run in runs], note)
        result.add(f"{label}: compute and write", "s", [run["work"] for run in runs])
        each = [(run["whole"] - run["work"]) / run["partitions"] * 1000 for run in runs]
        figure = result.add(f"{label}: bookkeeping per partition", "ms", each)
    result.targets.append(
        Target("bookkeeping per partition of a range run, our event log", figure.value, "at most", 3, "ms")
    )
    return result
