"""What the window's work cost, by phase, and what was saved because it was not done again."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from flow_assets.ledger.measurements import Measurement, RunMeasurement

UNTOLD = "not told apart"
MOST_ROWS = 15
RUNS = "runs"
"""Stands for what belongs to no dataset: queue, start-up, planning, events."""

_NEGLIGIBLE = 0.01
_COMPUTED = "computed"
_RESTORED = "restored"
_REUSED = "reused"


@dataclass(frozen=True)
class Savings:
    """What was made within the window, and what was not.

    Attributes:
        computed: how often a partition was computed.
        restored: how often one was found again in the store.
        left: partitions that are up to date and were made before the window.
        found: how often a run was asked for a partition and found it as it should be.
        seconds_spent: wall seconds of computing.
        seconds_saved: what computing those restored or left would have cost, each at the median of its dataset.
    """

    computed: int
    restored: int
    left: int
    found: int
    seconds_spent: float
    seconds_saved: float

    @property
    def share(self) -> float | None:
        """The share that was not computed; None where there is nothing."""
        total = self.computed + self.restored + self.left
        return (self.restored + self.left) / total if total else None


@dataclass(frozen=True)
class PhaseCosts:
    """Where the time of one dataset went, or of runs beside their datasets.

    Attributes:
        name: the dataset, or `runs`.
        seconds: in all.
        phases: phase to seconds, in the order in which they come.
    """

    name: str
    seconds: float
    phases: Mapping[str, float]


def median_costs(measurements: Iterable[Measurement]) -> dict[str, float]:
    """Dataset to the median wall seconds of computing one of its partitions."""
    seconds: dict[str, list[float]] = {}
    for m in measurements:
        if m.change == _COMPUTED:
            seconds.setdefault(m.dataset, []).append(m.wall_seconds)
    return {name: median(of) for name, of in seconds.items()}


def find_savings(
    made: Sequence[Measurement], runs: Sequence[RunMeasurement], left: Mapping[str, int], costs: Mapping[str, float]
) -> Savings:
    """What was saved.

    Args:
        made: what was made within the window.
        runs: those within the window.
        left: dataset to how many partitions are up to date and were made before.
        costs: dataset to the seconds of computing one partition, as far as they are known.
    """
    computed = [m for m in made if m.change == _COMPUTED]
    restored = [m for m in made if m.change == _RESTORED]
    return Savings(
        computed=len(computed),
        restored=len(restored),
        left=sum(left.values()),
        found=sum(run.outcomes.get(_REUSED, 0) for run in runs),
        seconds_spent=sum(m.wall_seconds for m in computed),
        seconds_saved=sum(costs.get(m.dataset, 0.0) for m in restored)
        + sum(count * costs.get(name, 0.0) for name, count in left.items()),
    )


def find_phases(made: Sequence[Measurement], runs: Sequence[RunMeasurement]) -> list[PhaseCosts]:
    """Where the time of what was made went, and of runs, what took longest first; at most 15 rows."""
    sums: dict[str, dict[str, float]] = {}
    for m in made:
        if m.change == _COMPUTED:
            of = sums.setdefault(m.dataset, {})
            untold = m.wall_seconds - sum(m.phases.values())
            for phase, seconds in m.phases.items():
                of[phase] = of.get(phase, 0.0) + seconds
            of[UNTOLD] = of.get(UNTOLD, 0.0) + max(untold, 0.0)
    for run in runs:
        of = sums.setdefault(RUNS, {})
        for phase, seconds in run.phases.items():
            of[phase] = of.get(phase, 0.0) + seconds
    rows = [_costs(name, phases) for name, phases in sums.items() if sum(phases.values()) > 0]
    return sorted(rows, key=lambda row: -row.seconds)[:MOST_ROWS]


def _costs(name: str, phases: Mapping[str, float]) -> PhaseCosts:
    total = sum(phases.values())
    told = {phase: seconds for phase, seconds in phases.items() if phase != UNTOLD and seconds > 0}
    untold = phases.get(UNTOLD, 0.0)
    return PhaseCosts(name, total, {**told, **({UNTOLD: untold} if untold > _NEGLIGIBLE * total else {})})
