"""What Dagster's own staleness makes of the tags on materializations: `provenance.py` leans on it."""

import dagster as dg
import pytest
from dagster._core.definitions.data_version import CachingStaleStatusResolver
from dagster._core.loader import LoadingContextForTest

from flow_assets.definitions import build_definitions
from flow_assets.materialization.skin import launch
from flow_assets_tests.materialization.skin.conftest import Deployment, deploy
from flow_assets_tests.sandbox import DAYS, Sandbox

ALL_DAYS = (DAYS[0], DAYS[-1])
PARTITIONED = ("raw_readings", "readings", "trends")
TODAY = '''"""A meter on a day; reads an input without partitions too."""

import duckdb

from flow_assets import DatasetSchema, Date, Int64, String, column, dataset
from meters.calendar import DAILY


class SeenToday(DatasetSchema):
    day: Date = column("Day")
    meter: String = column("Name of the meter")
    days: Int64 = column("Days it was seen")


@dataset(
    schema=SeenToday,
    sort_by=["meter"],
    partitions=DAILY,
    partition_column="day",
    set_based=True,
)
def seen_today(readings: duckdb.DuckDBPyRelation, meters_seen: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    return readings.query("r", "SELECT day, meter, 1::BIGINT AS days FROM r")
'''


def statuses(deployment: Deployment, definitions: dg.Definitions | None = None) -> dict[str, str]:
    """`dataset partition` to what Dagster calls it."""
    instance, graph = deployment.instance, (definitions or deployment.definitions).resolve_asset_graph()
    resolver = CachingStaleStatusResolver(instance, graph, LoadingContextForTest(instance))
    return {
        f"{key.to_user_string()} {partition or ''}".strip(): resolver.get_status(key, partition).value
        for key in graph.get_all_asset_keys()
        for partition in (DAYS if graph.get(key).is_partitioned else (None,))
    }


@pytest.fixture
def daily(sandbox: Sandbox) -> Sandbox:
    """A sandbox in which an input without partitions is read too."""
    sandbox.write("seen_today.py", TODAY)
    return sandbox


def materialize_all(deployment: Deployment) -> None:
    for names, days in ((PARTITIONED, ALL_DAYS), (("meters_seen",), None), (("seen_today",), ALL_DAYS)):
        assert deployment.materialize(*names, days=days).success


def test_everything_is_fresh_after_a_run_and_after_it_was_reused(daily: Sandbox) -> None:
    with deploy(daily) as deployment:
        materialize_all(deployment)
        assert set(statuses(deployment).values()) == {"FRESH"}
        materialize_all(deployment)
        assert (set(statuses(deployment).values()), deployment.computed) == ({"FRESH"}, [])


def test_what_reads_a_changed_partition_is_stale_until_it_is_made_again(daily: Sandbox) -> None:
    with deploy(daily) as deployment:
        materialize_all(deployment)
        daily.land(DAYS[2], "meter,watts,note\nd,3,x\n")
        deployment.materialize("raw_readings", days=(DAYS[2], DAYS[2]))
        assert stale(deployment) == {f"readings {DAYS[2]}"}
        deployment.materialize("readings", days=(DAYS[2], DAYS[2]))
        # It never looks at what reads all partitions, and of the three days that `trends` reads it is told of the last.
        assert stale(deployment) == {f"seen_today {DAYS[2]}", f"trends {DAYS[2]}"}
        deployment.materialize("trends", days=(DAYS[2], DAYS[2]))
        assert stale(deployment) == {f"seen_today {DAYS[2]}"}
        deployment.materialize("meters_seen")
        assert stale(deployment) == {f"seen_today {day}" for day in DAYS}
        materialize_all(deployment)
        assert stale(deployment) == set()


def test_a_window_without_the_partition_itself_never_makes_it_stale(sandbox: Sandbox) -> None:
    sandbox.edit("trends.py", "lookback(days=2)", "lookback(days=2, include_current=False)")
    with deploy(sandbox) as deployment:
        assert deployment.materialize(*PARTITIONED, days=ALL_DAYS).success
        sandbox.land(DAYS[2], "meter,watts,note\nd,3,x\n")
        assert deployment.materialize("raw_readings", "readings", days=(DAYS[2], DAYS[2])).success
        assert stale(deployment) == set()


def test_a_new_event_of_the_same_content_makes_nothing_stale(daily: Sandbox) -> None:
    with deploy(daily) as deployment:
        materialize_all(deployment)
        assert launch(deployment.definitions, deployment.instance, ["readings"], ALL_DAYS, force=["readings"])
        assert stale(deployment) == set()


def test_inputs_without_an_event_make_nothing_stale(daily: Sandbox) -> None:
    daily.run()  # without Dagster
    with deploy(daily) as deployment:
        assert deployment.materialize("readings", "trends", days=ALL_DAYS).success
        found = statuses(deployment)
    assert {found[f"{name} {day}"] for name in ("readings", "trends") for day in DAYS} == {"FRESH"}


def test_new_code_makes_its_own_partitions_stale_until_they_are_made_with_it(sandbox: Sandbox) -> None:
    def seen_after(*names: str) -> set[str]:
        """What is stale as the UI sees it: with code versions, which a run's own definitions go without."""
        with deploy(sandbox) as deployment:
            if names:
                assert deployment.materialize(*names, days=ALL_DAYS).success
            with sandbox.project() as project:
                found = statuses(deployment, build_definitions(project))
        return {name for name, status in found.items() if status == "STALE"}

    assert seen_after(*PARTITIONED) == set()
    assert seen_after(*PARTITIONED) == set()
    sandbox.edit("helpers.py", "FACTOR = 10", "FACTOR = 100")
    assert seen_after() == {f"readings {day}" for day in DAYS}
    assert seen_after("readings") == {f"trends {day}" for day in DAYS}  # read what has changed
    assert seen_after("trends") == set()
    sandbox.edit("helpers.py", "FACTOR = 100", "FACTOR = 10")
    assert seen_after(*PARTITIONED) == set()  # restored


def stale(deployment: Deployment) -> set[str]:
    return {name for name, status in statuses(deployment).items() if status == "STALE"}
