"""What each dataset holds, and what it lacks."""

from collections import Counter
from collections.abc import Container
from dataclasses import dataclass

from flow_assets.declaration import partition_keys
from flow_assets.ledger.judgements import Totals
from flow_assets.materialization.project import Project
from flow_assets.memo.entries import Action, Because, PlanEntry


@dataclass(frozen=True)
class DatasetStatus:
    """How many partitions of a dataset are there.

    Attributes:
        missing: not published.
        stale: published, but not what it should be now.
        failed: failed at the last attempt, or its landed file cannot be read.
        blocked: a version of it breaks its rules, is kept and not published.
        broken: published, and breaks a rule made, or made stricter, since.
        warned: published, and breaks a rule of severity warn.
        quarantined: rows that left what is published.
        newest: the last partition published; None where there is none, or for a dataset without partitions.
        bytes: size of its current files.
        published_at: when it last changed, UTC, ISO 8601.
    """

    partitions: int
    present: int
    missing: int
    stale: int
    failed: int
    blocked: int
    broken: int
    warned: int
    quarantined: int
    newest: str | None
    rows: int
    bytes: int
    published_at: str | None


@dataclass(frozen=True)
class Status:
    """What the deployment holds; `store_bytes` counts former versions too."""

    datasets: dict[str, DatasetStatus]
    store_bytes: int


def find_status(project: Project) -> Status:
    """The status of every dataset, without reading data."""
    datasets = project.graph.datasets.values()
    planner = project.planner(datasets)
    totals, judged = project.holdings.totals(), project.holdings.judgements.totals()
    found = {}
    for dataset in datasets:
        keys = partition_keys(dataset.partitions)
        entries = planner.plan(dataset, keys)
        failures = project.holdings.failures(dataset.name)
        held = planner.held(dataset.name)
        present = [key for key in keys if key in held]
        counts = Counter(_state(entry, held, failures) for entry in entries)
        rows, size, published_at = totals.get(dataset.name, (0, 0, None))
        newest = present[-1] if present and dataset.partitions else None
        found[dataset.name] = DatasetStatus(
            partitions=len(keys),
            present=len(present),
            missing=len(keys) - len(present),
            stale=counts["stale"],
            failed=counts["failed"],
            **judged.get(dataset.name, Totals())._asdict(),
            newest=newest,
            rows=rows,
            bytes=size,
            published_at=published_at,
        )
    return Status(found, project.store.size())


def _state(entry: PlanEntry, held: Container[str], failures: Container[str]) -> str:
    if entry.action is Action.REUSE:
        return "current"
    if entry.partition in failures or entry.because is Because.UNREADABLE:
        return "failed"
    return "stale" if entry.partition in held else "absent"
