"""A cold `flow run` of the year, thirteen datasets, beside the floor; both whole processes, in turns.

The files have landed and nothing is computed. The command runs in its usual process with a stopwatch around Dagster's
event-log storage (`subjects/timed_flow.py`), which costs less than a hundredth of a second: so what the event log takes
is measured in the very run it is a part of. So is what checks take: the year over the year less that tells what they
add. Each repeat gives a ratio of its own; the figure is their median.
"""

import json
import shutil
import sys

from benchmarks.measuring import Result, Sample, Target, ratios, run_process
from benchmarks.workspace import Workspace


def measure(workspace: Workspace, repeats: int) -> Result:
    """Run the floor and the command, one after the other, `repeats` times."""
    floors, flows, logs = [], [], []
    for _ in range(repeats):
        floor, out = workspace.floor()
        shutil.rmtree(out)
        flow, log = _cold_run(workspace)
        floors.append(floor)
        flows.append(flow)
        logs.append(log)
    return _result(floors, flows, logs)


def _cold_run(workspace: Workspace) -> tuple[Sample, dict[str, float]]:
    deployment = workspace.fresh()
    report = deployment.folder / "event_log.json"
    command = [sys.executable, "-m", "benchmarks.subjects.timed_flow", str(report), "run"]
    sample = run_process(command, deployment.env)
    log = json.loads(report.read_text())
    deployment.remove()
    return sample, log


def _result(floors: list[Sample], flows: list[Sample], logs: list[dict[str, float]]) -> Result:
    result = Result()
    base, whole = [s.seconds for s in floors], [s.seconds for s in flows]
    rest = [seconds - log["seconds"] for seconds, log in zip(whole, logs, strict=True)]
    result.add_runs("bare DuckDB script", floors)
    result.add_runs("cold `flow run`", flows)
    note = f"{logs[0]['calls']:,} calls of {logs[0]['storage']}"
    result.add("of it in Dagster's event log", "s", [log["seconds"] for log in logs], note)
    result.add("of it all else", "s", rest)
    checks = [log["checks"] for log in logs]
    result.add("of it in checks", "s", checks, "what Dagster is told of them is in its event log's time as well")
    unchecked = [seconds - spent for seconds, spent in zip(whole, checks, strict=True)]
    with_checks = result.add("cold `flow run` over itself less its checks", "times", ratios(whole, unchecked))
    over = result.add("cold `flow run` over the floor", "times", ratios(whole, base))
    result.add("without Dagster's event log, over the floor", "times", ratios(rest, base))
    result.targets.append(Target("cold `flow run` of the year over the floor", over.value, "at most", 8, "times"))
    result.targets.append(
        Target("cold `flow run` of the year over itself less its checks", with_checks.value, "at most", 1.5, "times")
    )
    return result
