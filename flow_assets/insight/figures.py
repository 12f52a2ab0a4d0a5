"""KPIs as values: of groups of partitions, of phases and of runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from flow_assets.errors import SelectionError


class By(StrEnum):
    """What figures are told apart by."""

    DATASET = "dataset"
    DAY = "day"
    CODE_VERSION = "code-version"
    PHASE = "phase"

    @classmethod
    def of(cls, name: str) -> "By":
        """What is called so.

        Raises:
            SelectionError: nothing is.
        """
        if name not in set(cls):
            raise SelectionError(f"KPIs are not told apart by {name!r}; choose one of {', '.join(cls)}.")
        return cls(name)


@dataclass(frozen=True)
class Figures:
    """The KPIs of a group of partitions; times in seconds, sizes in bytes.

    Attributes:
        reused: how many runs were asked for and found to be there; None where it is not known of which group they are.
        saved_seconds: what computing these had taken last time.
        wall_seconds: of everything that was tried, failures among it.
        median_seconds: of what was computed; None if nothing was. So is `p95_seconds`.
        rows_per_second: rows written to seconds, of what was computed.
        peak_memory_bytes: the most that a process had held.
        rules_passed: how often a rule held, over all that was checked when it was made. So are `rules_warned` and
            `rules_failed`, how often one of severity warn, or error, was broken.
        rows_quarantined: rows that left.
        phases: wall seconds by phase.
        errors: class of error, or of what is blocked the rules it breaks, to how often.
    """

    computed: int
    restored: int
    blocked: int
    failed: int
    reused: int | None
    saved_seconds: float | None
    wall_seconds: float
    median_seconds: float | None
    p95_seconds: float | None
    cpu_seconds: float
    rows_per_second: float | None
    rows_in: int
    rows_out: int
    bytes_in: int
    bytes_out: int
    peak_memory_bytes: int
    rules_passed: int
    rules_warned: int
    rules_failed: int
    rows_quarantined: int
    phases: Mapping[str, float]
    errors: Mapping[str, int]

    @property
    def slowest_phase(self) -> str | None:
        """The phase that most of the time went into."""
        return max(self.phases, key=lambda phase: self.phases[phase], default=None)

    @property
    def reuse_share(self) -> float | None:
        """Which part of what runs were asked for was there already; None if that is not known."""
        if self.reused is None:
            return None
        asked = self.reused + self.computed + self.restored + self.blocked + self.failed
        return self.reused / asked if asked else None


@dataclass(frozen=True)
class PhaseFigures:
    """Where the time went; in seconds.

    Attributes:
        share: of the seconds of all phases.
        of: `partition`, or `run` for what belongs to a run and to none of its partitions.
        count: how many partitions or runs had that phase.
        median_seconds: of one of these. So is `p95_seconds`.
    """

    of: str
    seconds: float
    share: float
    count: int
    median_seconds: float
    p95_seconds: float


@dataclass(frozen=True)
class RunFigures:
    """How runs went; times in seconds.

    Attributes:
        unended: those that were killed, or still go on.
        median_seconds: of one of those that ended. So is `p95_seconds`.
        queue_p95_seconds: between being asked for and being started, of 95 % no more than that.
        errors: class of what ended a run to how many.
    """

    count: int
    unended: int
    median_seconds: float | None
    p95_seconds: float | None
    queue_p95_seconds: float | None
    errors: Mapping[str, int]


@dataclass(frozen=True)
class Kpis:
    """What there is to say.

    Attributes:
        by: what `groups` are told apart by; by phase, there are none.
        shared_runs: of one dataset, how many of `runs` were for others as well; their phases are not in `phases`.
        unit: what a period is: `day`, `week`, `month` or `year`.
        periods: all of them from the first measurement to the last.
        over_time: group to period to the median seconds of a computed partition.
    """

    by: By
    groups: Mapping[str, Figures]
    total: Figures
    phases: Mapping[str, PhaseFigures]
    runs: RunFigures
    shared_runs: int
    unit: str | None
    periods: Sequence[str]
    over_time: Mapping[str, Mapping[str, float]]
