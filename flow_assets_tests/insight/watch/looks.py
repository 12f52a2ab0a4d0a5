"""A sandbox's situation as a watch sees it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from flow_assets.insight.watch.orchestration import ObservedRun, ObservedTick, Orchestration
from flow_assets.insight.watch.situation import Situation
from flow_assets_tests.sandbox import Sandbox

NOW = datetime.now(UTC)


@contextmanager
def situation(
    sandbox: Sandbox,
    *,
    runs: tuple[ObservedRun, ...] = (),
    ticks: tuple[ObservedTick, ...] = (),
    heartbeats: dict[str, float] | None = None,
    is_known: bool = True,
    later: float = 0,
) -> Iterator[Situation]:
    """The sandbox as its files are now, and Dagster as the arguments say, some seconds from now."""
    orchestration = Orchestration(runs, ticks, heartbeats or {}, is_known)
    with sandbox.project() as project:
        yield Situation(project, NOW + timedelta(seconds=later), orchestration)


def ago(seconds: float) -> float:
    return NOW.timestamp() - seconds
