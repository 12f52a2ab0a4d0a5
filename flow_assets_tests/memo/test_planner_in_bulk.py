"""Thousands of partitions, planned and published as if they had been computed."""

from pathlib import Path

import pytest

from flow_assets.ledger import Judgement, Publication
from flow_assets.materialization.project import Project
from flow_assets.materialization.requests import plan_scope
from flow_assets.materialization.selection import select
from flow_assets.memo.entries import PlanEntry
from flow_assets.memo.planner import Planner
from flow_assets_tests.sandbox import Sandbox

MANY = {
    "calendar.py": (
        'from flow_assets import DailyPartitions\n\nDAILY = DailyPartitions("2000-01-01", end_date="2001-04-14")\n'
    ),
    "wide.py": """import pyarrow as pa

from meters.calendar import DAILY
from flow_assets import DatasetSchema, Int64, all_partitions, column, dataset, lookback


class One(DatasetSchema):
    number: Int64 = column("A number")


@dataset(schema=One, sort_by=["number"])
def constant() -> pa.Table:
    return pa.table({"number": [1]})


@dataset(schema=One, sort_by=["number"], partitions=DAILY)
def first(constant: pa.Table) -> pa.Table:
    return constant


@dataset(schema=One, sort_by=["number"], partitions=DAILY, ins={"first": lookback(days=7)})
def second(first: pa.Table) -> pa.Table:
    return first.slice(0, 1)


@dataset(schema=One, sort_by=["number"], partitions=DAILY)
def third(second: pa.Table, first: pa.Table) -> pa.Table:
    return second


@dataset(schema=One, sort_by=["number"], partitions=DAILY, ins={"third": lookback(days=1, include_current=False)})
def fourth(third: pa.Table) -> pa.Table:
    return third.slice(0, 1)


@dataset(schema=One, sort_by=["number"], ins={"fourth": all_partitions()})
def last(fourth: pa.Table) -> pa.Table:
    return fourth.slice(0, 1)
""",
}


@pytest.fixture
def many(tmp_path: Path) -> Sandbox:
    return Sandbox(tmp_path, files={"__init__.py": "", **MANY})


def test_many_partitions_are_planned_in_bulk(many: Sandbox) -> None:
    with many.project() as project:
        scope = select(project.graph)
        assert sum(map(len, scope.values())) == 1878
        blob = project.store.put_blob(b"stands for all")
        assert {entry.action for entry in plan_scope(plan(project), scope)} == {"compute"}
        for name, partitions in scope.items():
            publish(project, plan(project).plan(project.graph.get(name), partitions), blob.reference, "content")
        assert {entry.action for entry in plan_scope(plan(project), scope)} == {"reuse"}
        assert all(project.holdings.judgements.standings(name) for name in scope)  # none is reused for want of one

        days = scope["first"]
        (entry,) = plan(project).plan(project.graph.get("first"), days[100:101])
        publish(project, [entry], blob.reference, "other content")
        work = {(e.dataset, e.partition) for e in plan_scope(plan(project), scope) if e.action == "compute"}
        assert work == {
            *(("second", day) for day in days[100:108]),
            *(("third", day) for day in days[100:108]),
            *(("fourth", day) for day in days[101:109]),
            ("last", ""),
        }


def plan(project: Project) -> Planner:
    return project.planner(project.graph.datasets.values())


def publish(project: Project, entries: list[PlanEntry], blob: str, content: str) -> None:
    """Publish what was planned, as if it had been computed."""
    rules = project.recipe(project.graph.get(entries[0].dataset)).book.digest
    publications = [
        Publication(e.dataset, e.partition, "computed", "", str(e.key), content, None, blob, 1, 1, judgement=judgement)
        for e in entries
        for judgement in [Judgement(e.dataset, e.partition, content, rules, "", 1, "{}", 0, 0)]
    ]
    with project.claims() as claims:
        claims.take(entries[0].dataset, [entry.partition for entry in entries])
        project.holdings.publish(publications, "run", claims.owner.owner)


def test_a_dataset_without_inputs_is_computed_once(many: Sandbox) -> None:
    assert many.computed("first", partitions="2000-01-01..2000-01-03") == {
        *("constant", "first 2000-01-01", "first 2000-01-02", "first 2000-01-03")
    }
    assert many.computed("first", partitions="2000-01-01..2000-01-03") == set()
