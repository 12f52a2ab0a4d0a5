"""What a change costs: nothing to do, one day changed, a helper's code changed; whole `flow run`s, beside the floor.

Each starts from a copy of a deployment on which all is computed. The day: its landed flights are delivered again with a
minute more in one line. The helper: a function that `weather_at_departure` uses gives another value, so that all its
partitions are computed, and of what reads it those whose input came out differently. The bare script knows no change:
it is run whole, in turns with the others. What plain Dagster takes is that of the measurement `plain_dagster`; it would
have to be run whole too, or by somebody who knows what depends on what.
"""

import json
import shutil
from collections.abc import Callable

from benchmarks.measuring import BenchmarkError, Result, Sample, ratios
from benchmarks.workspace import Deployment, Workspace

NOTHING = "nothing to do"


def measure(workspace: Workspace, repeats: int) -> Result:
    """Run the floor and each change in turns."""
    day = workspace.days[len(workspace.days) // 2]
    changes: dict[str, Callable[[Deployment], None]] = {
        NOTHING: lambda deployment: None,
        "one day changed": lambda deployment: deployment.edit_a_landed_line(day),
        "a helper's code changed": lambda deployment: deployment.edit_a_helper(),
    }
    floors: list[Sample] = []
    runs: dict[str, list[Sample]] = {name: [] for name in changes}
    for _ in range(repeats):
        floor, out = workspace.floor()
        shutil.rmtree(out)
        floors.append(floor)
        for name, change in changes.items():
            runs[name].append(_run(workspace, change))
    return _result(floors, runs)


def _run(workspace: Workspace, change: Callable[[Deployment], None]) -> Sample:
    deployment = workspace.copy(workspace.computed)
    deployment.flow("run")  # the files of a copy are new ones, all of which are hashed once
    change(deployment)
    sample = deployment.flow("run", "--json")
    deployment.remove()
    return sample


def _result(floors: list[Sample], runs: dict[str, list[Sample]]) -> Result:
    result = Result()
    result.add_runs("bare DuckDB script, whole", floors)
    for name, samples in runs.items():
        computed = json.loads(samples[0].output)["computed"]
        if (computed > 0) is (name == NOTHING):
            raise BenchmarkError(f"{name}: {computed} partitions were computed.")
        result.add_runs(name, samples, f"{computed} partitions computed")
        pairs = ratios([s.seconds for s in samples], [s.seconds for s in floors])
        result.add(f"{name}, over the floor", "times", pairs)
    return result
