"""What an unchanged partition costs, beside joblib.Memory and Hamilton's cache, on a graph of the same shape.

Thirteen trivial functions in a chain over 770 days, with a window of a day and one of 28: 10,010 partitions
(`subjects/chain.py`). Everything is in each tool's store; a fresh process goes over all of it once, and must call no
function. Measured after the imports: from opening the store to the last partition's answer. Each tool is used as its
documentation has it; `subjects/` says how. They do not do the same: joblib loads every value, Hamilton those that are
asked for, and we none, as a partition's hash says all that its readers need; but we look whether every file is there.
"""

from benchmarks.measuring import BenchmarkError, Result, Sample, Target, ratios, run_module
from benchmarks.workspace import Workspace

DAYS, QUICK_DAYS = 770, 30
OURS, JOBLIB, HAMILTON = "flow_assets", "joblib.Memory", "Hamilton's cache"
MODULES = {OURS: "own_memo", JOBLIB: "joblib_memory", HAMILTON: "hamilton_cache"}


def measure(workspace: Workspace, repeats: int) -> Result:
    """Fill each store once; then passes, in turns."""
    days = str(QUICK_DAYS if workspace.quick else DAYS)
    stores = {tool: workspace.new_folder() / "store" for tool in MODULES}
    for tool, module in MODULES.items():
        run_module(module, stores[tool], days, *(["publish"] if tool == OURS else []))
    passes: dict[str, list[Sample]] = {tool: [] for tool in MODULES}
    for _ in range(repeats):
        for tool, module in MODULES.items():
            passes[tool].append(run_module(module, stores[tool], days))
    return _result(passes)


def _result(passes: dict[str, list[Sample]]) -> Result:
    result = Result()
    each: dict[str, list[float]] = {}
    for tool, samples in passes.items():
        found = [sample.json() for sample in samples]
        if any(one["called"] for one in found):
            raise BenchmarkError(f"{tool}: {found[0]['called']} partitions were not answered from its store.")
        partitions = found[0]["partitions"]
        each[tool] = [one["seconds"] / partitions * 1e6 for one in found]
        result.add(f"{tool}: an unchanged partition", "µs", each[tool], f"{partitions:,} partitions")
        result.add_runs(f"{tool}: whole process", samples)
    for tool in (JOBLIB, HAMILTON):
        over = result.add(f"{OURS} over {tool}", "times", ratios(each[OURS], each[tool]))
        result.targets.append(Target(f"an unchanged partition, over {tool}", over.value, "at most", 1, "times"))
    return result
