"""Bad days on purpose, among the real ones: each is caught as the documentation says, and the others are published."""

import json
import shutil
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from flow_assets.checks import judge
from flow_assets.checks.results import Verdict
from flow_assets.ledger import Holding
from flow_assets.ledger.judgements import Check
from flow_assets.materialization.judging import results_of
from flow_assets.materialization.project import Project
from flow_assets.materialization.skin import open_instance
from flow_assets.memo.rule_book import RuleBook
from flow_assets.settings import Settings
from flow_assets_tests.datasets.bad_days import AIRPORTS, BAD_DAYS, CUT_OFF, NO_RULE, BadDay
from flow_assets_tests.datasets.driver import graph
from flow_assets_tests.datasets.spoiling import cut_off, rewrite
from flow_assets_tests.year import Deployment

pytestmark = pytest.mark.slow

Partition = tuple[str, str]

BLOCKED = {(bad.dataset, bad.day): bad for bad in BAD_DAYS if bad.is_blocked}
WARNED = {(bad.dataset, bad.day): bad for bad in BAD_DAYS if not bad.is_blocked}
FAILED = {("raw_flights", day): said for day, (_, said) in NO_RULE.items()} | {
    ("raw_flights", CUT_OFF): "truncated or damaged"
}
WAITING = {("raw_weather", "2013-12-31"), ("hourly_weather", "2013-12-31")}

REQUIRE_THE_SAME_DAY = {
    "raw_flights": {"departures": "raw_flights"},
    "departures": {
        "aircraft_rotation": "departures",
        "airport_congestion": "departures",
        "weather_at_departure": "departures",
        "delay_training_set": "departures",
    },
    "raw_weather": {"hourly_weather": "raw_weather"},
}
HELD = {
    (reader, day): (name, day)
    for dataset, day in [*BLOCKED, *FAILED]
    for reader, name in {
        **REQUIRE_THE_SAME_DAY[dataset],
        **(REQUIRE_THE_SAME_DAY["departures"] if dataset == "raw_flights" else {}),
    }.items()
}
"""What is held, and the required input that its reason names."""


@dataclass(frozen=True)
class Left:
    """What a run has left behind."""

    deployment: Deployment
    report: dict[str, Any]
    checks: dict[Partition, Check]
    held: dict[Partition, Holding]
    published: set[Partition]

    @cached_property
    def problems(self) -> dict[Partition, dict[str, str]]:
        return {(p["dataset"], p["partition"]): p for p in self.report["problems"]}

    def verdict(self, partition: Partition) -> Verdict:
        """The rules that were broken, from the counts that the ledger keeps."""
        check = self.checks[partition]
        verdict = judge(RuleBook.of(graph().get(partition[0])).rules, results_of(check.results))
        assert (check.errors, check.warnings) == (len(verdict.errors), len(verdict.warnings))
        return verdict


def project_of(deployment: Deployment) -> Project:
    return Project.open(Settings(data=deployment.data))


def holdings_of(project: Project) -> dict[Partition, Holding]:
    return {(name, key): h for name in graph().datasets for key, h in project.holdings.current(name).items()}


def run(deployment: Deployment, *arguments: str) -> Left:
    """Run, which may end well or not."""
    project = project_of(deployment)
    before = holdings_of(project)
    done = deployment.flow("run", *arguments, "--json")
    assert done.stdout, done.stderr[-3000:]
    report = json.loads(done.stdout)
    is_well = {problem["status"] for problem in report["problems"]} <= {"waiting"}
    assert done.returncode == (0 if is_well else 1)
    held = holdings_of(project)
    checks = {(c.dataset, c.partition): c for c in project.holdings.judgements.current_checks(list(graph().datasets))}
    published = {p for p, h in held.items() if p not in before or h.published_at != before[p].published_at}
    return Left(deployment, report, checks, held, published)


@pytest.fixture(scope="module")
def landed(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """The year's files as they are delivered."""
    deployment = Deployment(tmp_path_factory.mktemp("landed") / "data")
    deployment.json("land")
    return deployment


@pytest.fixture(scope="module")
def spoiled(landed: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Left:
    """The year with its bad days, after a first run."""
    data = tmp_path_factory.mktemp("spoiled") / "data"
    shutil.copytree(landed.data, data)
    for bad in BAD_DAYS:
        rewrite(data / "landing" / bad.file, bad.spoil)
    flights = data / "landing" / "flights"
    for day, (spoil, _) in NO_RULE.items():
        rewrite(flights / f"{day}.csv.gz", spoil)
    cut_off(flights / f"{CUT_OFF}.csv.gz")
    return run(Deployment(data))


@pytest.fixture(scope="module")
def rows_a_day(spoiled: Left) -> dict[Partition, int]:
    """What the warehouse has of each day, after the first run."""
    found: dict[Partition, int] = {}
    with duckdb.connect(str(spoiled.deployment.data / "warehouse.duckdb"), read_only=True) as connection:
        for dataset in graph().datasets.values():
            day = dataset.partition_column or "make_date(year, month, day)"
            if dataset.partitions and dataset.name != "carrier_history":
                rows = connection.execute(f"SELECT {day}, count(*) FROM {dataset.layer}.{dataset.name} GROUP BY 1")
                found |= {(dataset.name, str(key)): count for key, count in rows.fetchall()}
    return found


@pytest.fixture(scope="module")
def told(spoiled: Left) -> dict[tuple[str, str, str], dg.AssetCheckEvaluation]:
    """What Dagster was told by the first run: of a dataset's check and partition."""
    found = {}
    with open_instance(Settings(data=spoiled.deployment.data).dagster_home) as instance:
        for name, check in {(bad.dataset, dimension) for bad in BAD_DAYS for dimension in bad.dimensions}:
            key = dg.AssetCheckKey(dg.AssetKey(name), check)
            for record in instance.event_log_storage.get_asset_check_execution_history(key, limit=1_000):
                event = record.event and record.event.dagster_event
                if record.partition and event and isinstance(event.event_specific_data, dg.AssetCheckEvaluation):
                    found[name, check, record.partition] = event.event_specific_data
    return found


@pytest.mark.parametrize("bad", BAD_DAYS, ids=str)
def test_a_bad_day_is_caught_by_its_rule(spoiled: Left, bad: BadDay) -> None:
    verdict = spoiled.verdict((bad.dataset, bad.day))
    broken = {rule.name: rule for rule in (verdict.errors if bad.is_blocked else verdict.warnings)}
    assert {*bad.caught_by} <= {*broken}
    assert {broken[name].dimension.value for name in bad.caught_by} == {*bad.dimensions}
    if not bad.is_blocked:
        assert verdict.errors == ()


def test_dagster_shows_which_check_a_bad_day_fails(
    told: dict[tuple[str, str, str], dg.AssetCheckEvaluation],
) -> None:
    for bad in BAD_DAYS:
        evaluations = [told[bad.dataset, dimension, bad.day] for dimension in bad.dimensions]
        severity = dg.AssetCheckSeverity.ERROR if bad.is_blocked else dg.AssetCheckSeverity.WARN
        assert [(e.passed, e.severity) for e in evaluations] == [(False, severity)] * len(evaluations), bad
        shown = "".join(str(e.metadata["rules"].value) for e in evaluations)
        assert all(rule in shown for rule in bad.caught_by), bad


@pytest.mark.parametrize("partition", BLOCKED, ids=" ".join)
def test_what_breaks_an_error_rule_is_kept_back(
    spoiled: Left, rows_a_day: dict[Partition, int], partition: Partition
) -> None:
    problem = spoiled.problems[partition]
    assert problem["status"] == "blocked"
    for rule in spoiled.verdict(partition).errors:
        assert f"{rule.name} ({rule.dimension}): " in problem["reason"]
    assert "\n" not in problem["reason"]
    assert partition not in spoiled.held
    assert not spoiled.checks[partition].is_published
    assert partition not in rows_a_day


@pytest.mark.parametrize(("partition", "said"), FAILED.items(), ids=[" ".join(partition) for partition in FAILED])
def test_what_cannot_be_read_fails(
    spoiled: Left, rows_a_day: dict[Partition, int], partition: Partition, said: str
) -> None:
    problem = spoiled.problems[partition]
    assert problem["status"] == "failed"
    assert said in problem["reason"]
    assert partition not in spoiled.checks
    assert partition not in rows_a_day


def test_what_requires_the_day_is_held_and_says_by_what(spoiled: Left, rows_a_day: dict[Partition, int]) -> None:
    held = {p: problem["reason"] for p, problem in spoiled.problems.items() if problem["status"] == "held"}
    assert set(held) == set(HELD)
    for partition, (name, day) in HELD.items():
        assert f"{name} {day}" in held[partition]
        assert partition not in spoiled.held
        assert partition not in rows_a_day


def test_everything_else_is_published(spoiled: Left, rows_a_day: dict[Partition, int]) -> None:
    assert set(spoiled.problems) == {*BLOCKED, *FAILED, *HELD, *WAITING}
    keys = {(d.name, key) for d in graph().datasets.values() for key in (d.partitions.keys() if d.partitions else [""])}
    assert set(spoiled.held) == keys - set(spoiled.problems)
    assert spoiled.report["computed"] == len(spoiled.held)
    assert set(rows_a_day) == {p for p in spoiled.held if p[1].startswith("2013") and spoiled.held[p].rows}


def test_what_looks_back_goes_on_without(spoiled: Left) -> None:
    for dataset, day in [*BLOCKED, *FAILED]:
        reader = "weather_at_departure" if dataset == "raw_weather" else "carrier_reliability"
        assert (reader, day) in spoiled.held, day
        assert (reader, after(day)) in spoiled.held, day


def after(day: str, days: int = 1) -> str:
    return str(date.fromisoformat(day) + timedelta(days))


@pytest.fixture(scope="module")
def recovered(request: pytest.FixtureRequest, spoiled: Left, landed: Deployment) -> Left:
    """The year after its good files have landed and a second run; what the first has left is looked at before."""
    for look in ("rows_a_day", "told"):
        request.getfixturevalue(look)
    shutil.copytree(landed.data / "landing", spoiled.deployment.data / "landing", dirs_exist_ok=True)
    return run(spoiled.deployment)


def test_good_files_bring_exactly_what_was_missing(spoiled: Left, recovered: Left) -> None:
    assert set(recovered.problems) == WAITING
    missing = {*BLOCKED, *FAILED, *HELD}
    flights = {bad.day for bad in BAD_DAYS if bad.source == "flights"} | {day for _, day in FAILED}
    weather = {bad.day for bad in BAD_DAYS if bad.source == "weather"}
    read_anew = {(name, day) for day in flights for name in ("raw_flights", *REQUIRE_THE_SAME_DAY["departures"])}
    read_anew |= {("departures", day) for day in flights}
    read_anew |= {(name, day) for day in weather for name in ("raw_weather", "hourly_weather")}
    read_anew |= {("aircraft_rotation", after(day)) for day in flights}
    read_anew |= {("weather_at_departure", later) for day in weather for later in (day, after(day))}
    read_anew |= {("carrier_reliability", after(day, days)) for day in flights for days in range(1, 29)}
    read_anew |= {p for p in recovered.held if p[0] == "carrier_history"}
    depends_on_content = {p for p in recovered.published if p[0] == "delay_training_set"}
    assert recovered.published >= missing
    assert recovered.published == read_anew | depends_on_content
    assert recovered.report["computed"] == len(recovered.published)


def test_the_year_is_then_as_if_nothing_had_been(recovered: Left, year: tuple[Deployment, dict[str, Any]]) -> None:
    assert recovered.report["datasets"]["delay_training_set"]["rows"] == 327_346
    expected = {p: h.content_hash for p, h in holdings_of(project_of(year[0])).items()}
    assert {p: h.content_hash for p, h in recovered.held.items()} == expected


def test_a_bad_file_after_a_good_one_leaves_the_good_version(recovered: Left) -> None:
    bad = BLOCKED["raw_flights", "2013-01-22"]
    path = recovered.deployment.data / "landing" / bad.file
    good = path.read_bytes()
    rewrite(path, bad.spoil)
    left = run(recovered.deployment, "raw_flights", "delay_training_set", "--partitions", bad.day)
    assert left.problems["raw_flights", bad.day]["status"] == "blocked"
    assert left.held == recovered.held
    path.write_bytes(good)
    again = run(recovered.deployment, "raw_flights", "delay_training_set", "--partitions", bad.day)
    assert (again.report["problems"], again.published) == ([], set())


@pytest.mark.parametrize("story", AIRPORTS)
def test_bad_airports_are_kept_back(landed: Deployment, tmp_path: Path, story: str) -> None:
    spoil, rules, dimensions = AIRPORTS[story]
    deployment = Deployment(tmp_path / "data")
    deployment.flights.parent.mkdir(parents=True)
    shutil.copy(landed.data / "landing" / "airports.csv", deployment.data / "landing" / "airports.csv")
    rewrite(deployment.data / "landing" / "airports.csv", spoil)
    left = run(deployment, "raw_airports")
    assert left.problems["raw_airports", None]["status"] == "blocked"
    assert left.held == {}
    broken = {rule.name: rule.dimension.value for rule in left.verdict(("raw_airports", "")).errors}
    assert {*rules} <= {*broken}
    assert {broken[name] for name in rules} == {*dimensions}
