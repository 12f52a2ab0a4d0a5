"""One scan for all: 11 rules and a profile's states of 10 million rows, beside a bare DuckDB scan and beside pandera.

Each way is a process of its own that reads the same Parquet file (`subjects/sales.py`); it is timed within the process,
after imports. They take turns, and each repeat gives ratios of its own. Pandera validates the whole file at once, with
the same rules; all must find as many rows that break each of them.
"""

from benchmarks.measuring import BenchmarkError, Result, Sample, Target, ratios, run_module
from benchmarks.workspace import Workspace

ROWS, QUICK_ROWS = 10_000_000, 1_000_000
LABELS = {
    "bare": "bare DuckDB: count, nulls, min, max, mean, deviation",
    "rules": "11 rules and states, without quantiles",
    "quantiles": "11 rules and states, with quantiles",
    "pandera": "the rules in pandera, the file in memory",
}


def measure(workspace: Workspace, repeats: int) -> Result:
    """Write the file once, and have it scanned in each way in turns."""
    path = workspace.folder / "sales.parquet"
    run_module("sales", path, str(QUICK_ROWS if workspace.quick else ROWS))
    found: dict[str, list[Sample]] = {way: [] for way in LABELS}
    for _ in range(repeats):
        for way, samples in found.items():
            is_ours = way != "pandera"
            samples.append(run_module("scanned", path, way) if is_ours else run_module("pandera_validation", path))
    path.unlink()
    failures = require_equal_failures(
        {way: [sample.json()["failed"] for sample in samples] for way, samples in found.items() if way != "bare"}
    )
    return _result(found, failures)


def require_equal_failures(found: dict[str, list[dict[str, int]]]) -> int:
    """How many rows break rules, each rule by itself; every run must have found the same.

    Raises:
        BenchmarkError: they differ, or a rule was broken by none, so that nothing was compared.
    """
    one, *others = ((way, failed) for way, runs in found.items() for failed in runs)
    for way, failed in others:
        if failed != one[1]:
            different = sorted(name for name in {*failed, *one[1]} if failed.get(name) != one[1].get(name))
            raise BenchmarkError(f"{way} and {one[0]} find other rows that break {', '.join(different)}.")
    if unbroken := sorted(name for name, count in one[1].items() if not count):
        raise BenchmarkError(f"No row breaks {', '.join(unbroken)}.")
    return sum(one[1].values())


def _result(found: dict[str, list[Sample]], failures: int) -> Result:
    result = Result()
    seconds = {way: [sample.json()["seconds"] for sample in samples] for way, samples in found.items()}
    for way, label in LABELS.items():
        note = "" if way == "bare" else f"{failures:,} failures, the same for each rule"
        result.add(label, "s", seconds[way], note)
        result.add(f"{label}: peak memory", "MiB", [sample.peak_mib for sample in found[way]])
    for way, bound in (("rules", 2), ("quantiles", 4)):
        over = result.add(f"{LABELS[way]}, over the bare scan", "times", ratios(seconds[way], seconds["bare"]))
        result.targets.append(Target(f"{LABELS[way]}, over the bare scan", over.value, "at most", bound, "times"))
    result.add("pandera over ours without quantiles", "times", ratios(seconds["pandera"], seconds["rules"]))
    return result
