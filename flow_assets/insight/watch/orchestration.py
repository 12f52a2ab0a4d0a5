"""What Dagster says of runs, ticks and daemons: values, so that watches can be tried without it."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class ObservedRun:
    """A run as Dagster knows it; times are Unix times in seconds.

    Attributes:
        status: Dagster's word: QUEUED, NOT_STARTED, STARTING, STARTED, SUCCESS, FAILURE, CANCELING or CANCELED.
        datasets: the assets it is for.
        partitions: first and last key of its range; None without partitions.
        error: of a failed run, its error's class and first line; empty if none is known.
        origin: what asked for it: a sensor's or a schedule's name, `backfill <id>`, or empty for a person.
        is_retried: whether another run has been or will be made in its place.
    """

    run_id: str
    status: str
    created_at: float
    started_at: float | None
    ended_at: float | None
    datasets: tuple[str, ...] = ()
    partitions: tuple[str, str] | None = None
    error: str = ""
    origin: str = ""
    is_retried: bool = False


@dataclass(frozen=True)
class ObservedTick:
    """The last tick of a sensor or a schedule that is switched on.

    Attributes:
        kind: `sensor` or `schedule`.
        status: STARTED, SUCCESS, SKIPPED or FAILURE.
        at: when it began, Unix time in seconds.
        error: its error's class and first line; empty if it has none.
        failed_since: of one that failed, when the first of the failures in a row began.
        interval_seconds: how often a sensor should tick; None for a schedule.
    """

    kind: str
    name: str
    status: str
    at: float
    error: str = ""
    failed_since: float | None = None
    interval_seconds: float | None = None


@dataclass(frozen=True)
class Orchestration:
    """What Dagster knows now.

    Attributes:
        runs: those that have not ended, and those that ended within the last week, the newest first.
        ticks: of each sensor and schedule that is switched on, the last.
        heartbeats: daemon to when it last gave a sign of life, Unix time in seconds.
        is_known: whether Dagster could be asked at all.
    """

    runs: tuple[ObservedRun, ...] = ()
    ticks: tuple[ObservedTick, ...] = ()
    heartbeats: Mapping[str, float] = field(default_factory=dict)
    is_known: bool = True
