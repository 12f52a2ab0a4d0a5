"""What checks add to a partition beside their scan: a year of four daily datasets, with rules and without.

The chain is set-based and runs through Dagster, in one run (`subjects/chain_run.py`). With rules, each dataset has
seven besides its key's: bounds, a set, a pattern, nulls, a row rule, a number of rows. Without, it has its key's alone.
The states of the profile are gathered on both sides. What is measured is the difference of the two runs, less that of
their inspections, which is where the scan is: verdicts, what the record and the ledger keep, and what Dagster is told.
"""

from benchmarks.measuring import Result, Target, run_module
from benchmarks.workspace import Workspace

DAYS, QUICK_DAYS = 365, 60
_LABELS = {"without": "without rules", "with": "with rules"}


def measure(workspace: Workspace, repeats: int) -> Result:
    """Run the chain in turns, each time on a deployment of its own."""
    days = str(QUICK_DAYS if workspace.quick else DAYS)
    found: dict[str, list[dict[str, float]]] = {way: [] for way in _LABELS}
    for _ in range(repeats):
        for way, runs in found.items():
            runs.append(run_module("chain_run", workspace.new_folder(), way, days).json())
    return _result(found)


def _result(found: dict[str, list[dict[str, float]]]) -> Result:
    result = Result()
    beside: dict[str, list[float]] = {}
    for way, runs in found.items():
        note = f"{runs[0]['partitions']:,} partitions of all datasets"
        result.add(f"{_LABELS[way]}: whole run", "s", [run["whole"] for run in runs], note)
        inspections = [run["inspection"] / run["partitions"] * 1000 for run in runs]
        result.add(f"{_LABELS[way]}: inspection per partition and dataset", "ms", inspections)
        beside[way] = [(run["whole"] - run["inspection"]) / run["partitions"] * 1000 for run in runs]
        result.add(f"{_LABELS[way]}: all else per partition and dataset", "ms", beside[way])
    added = [more - less for more, less in zip(beside["with"], beside["without"], strict=True)]
    figure = result.add("checks' bookkeeping per partition and dataset", "ms", added)
    result.targets.append(Target("checks' bookkeeping per partition and dataset", figure.value, "at most", 1, "ms"))
    return result
