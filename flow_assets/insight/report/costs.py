"""What the window's work cost, by phase, and what was saved because it was not done again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median

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
        computed: partitions that were computed.
        restored: those that were found again in the store.
        reused: those that runs were asked for and found as they should be.
        runs: how many runs there were.
        seconds_spent: wall seconds of computing.
        seconds_saved: what restoring and reusing saved, at the median cost of a partition of the same dataset.
    """

    computed: int
    restored: int
    reused: int
    runs: int
    seconds_spent: float
    seconds_saved: float

    @property
    def share(self) -> float | None:
        """The share that was not computed; None where nothing was asked for."""
        asked = self.computed + self.restored + self.reused
        return (self.restored + self.reused) / asked if asked else None


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


def find_savings(measurements: Sequence[Measurement], runs: Sequence[RunMeasurement], since: str) -> Savings:
    """What was saved since `since` (UTC, ISO 8601); `measurements` from before say what partitions cost."""
    seconds: dict[str, list[float]] = {}
    for m in measurements:
        if m.change == _COMPUTED:
            seconds.setdefault(m.dataset, []).append(m.wall_seconds)
    costs = {name: median(of) for name, of in seconds.items()}
    made = [m for m in measurements if m.at >= since]
    computed = [m for m in made if m.change == _COMPUTED]
    restored = [m for m in made if m.change == _RESTORED]
    saved = sum(costs.get(m.dataset, 0.0) for m in restored)
    for run in runs:
        known = [costs[name] for name in run.datasets if name in costs]
        saved += run.outcomes.get(_REUSED, 0) * (fmean(known) if known else 0.0)
    return Savings(
        len(computed),
        len(restored),
        sum(run.outcomes.get(_REUSED, 0) for run in runs),
        len(runs),
        sum(m.wall_seconds for m in computed),
        saved,
    )


def find_phases(measurements: Sequence[Measurement], runs: Sequence[RunMeasurement], since: str) -> list[PhaseCosts]:
    """Where the time went since `since` (UTC, ISO 8601), what took longest first; at most 15 rows."""
    sums: dict[str, dict[str, float]] = {}
    for m in measurements:
        if m.at >= since and m.change == _COMPUTED:
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
