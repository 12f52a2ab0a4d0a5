"""The web shop's whole life: landed, planned, run, explained and asked for, through the real commands and Dagster."""

import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import duckdb
import pytest

from examples.shop.land import deliveries
from flow_assets.declaration import find_datasets
from flow_assets.definitions import build_definitions
from flow_assets.lake import bucket_of
from flow_assets.materialization.loader import load_key
from flow_assets.materialization.project import Project
from flow_assets.materialization.skin import launch, open_instance
from flow_assets.settings import Settings

ROOT = Path(__file__).parents[2]
PACKAGE = "examples.shop.datasets"
HOURS = 30
HOUR = "2024-03-01-03:00"
"""An hour that is changed: 24 later ones look back on it."""


class Shop:
    """A data folder of the shop, and the real commands on it."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.first_run: Any = None

    def flow(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self._python("-c", "from flow_assets.cli import main; main()", *arguments)

    def land(self, hours: int) -> str:
        done = self._python("-m", "examples.shop.land", "--hours", str(hours))
        assert done.returncode == 0, done.stderr
        return done.stdout

    def json(self, *arguments: str) -> Any:
        done = self.flow(*arguments, "--json")
        assert done.stdout, done.stderr
        return json.loads(done.stdout)

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(self.data / "warehouse.duckdb", read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def computed(self) -> dict[str, int]:
        """Run, and return how many partitions of each dataset were computed."""
        datasets = self.json("run")["datasets"]
        return {name: of_dataset["computed"] for name, of_dataset in datasets.items() if of_dataset["computed"]}

    def project(self) -> Project:
        return Project.open(Settings(data=self.data, datasets=PACKAGE, settle_seconds=0))

    def _python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments],
            env={
                **os.environ,
                "FLOW_ASSETS_DATA": str(self.data),
                "FLOW_ASSETS_DATASETS": PACKAGE,
                "FLOW_ASSETS_SETTLE_SECONDS": "0",
            },
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=300,
        )


@pytest.fixture(scope="module")
def first_day(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """The shop after a first run over its first hours; look at it, and change only copies."""
    shop = Shop(tmp_path_factory.mktemp("shop"))
    shop.land(HOURS)
    shop.first_run = shop.json("run")
    return shop


@pytest.fixture
def shop(first_day: Shop, tmp_path: Path) -> Shop:
    shutil.copytree(first_day.data, tmp_path / "data")
    return Shop(tmp_path / "data")


def documented(path: str, words: str) -> int:
    """The number before `words` in a dataset's docstring."""
    text = " ".join((ROOT / "examples" / "shop" / "datasets" / path).read_text().split())
    found = re.search(rf"([\d,]+) {words}", text)
    assert found, f"{path} says nothing of {words!r}"
    return int(found[1].replace(",", ""))


def test_the_same_bytes_are_landed_each_time() -> None:
    digests = [
        hashlib.sha256(b"".join(delivery.content() for delivery in deliveries(72))).hexdigest() for _ in range(2)
    ]
    assert digests[0] == digests[1]
    assert len({delivery.path for delivery in deliveries(72)}) == 81


def test_counts_are_as_documented() -> None:
    files = {delivery.path: delivery.content() for delivery in deliveries(72)}
    lines = [
        json.loads(line)
        for path, data in files.items()
        if path.startswith("events/")
        for line in gzip.decompress(data).splitlines()
    ]
    skus = {
        json.loads(line)["sku"] for path, data in files.items() if "products/" in path for line in data.splitlines()
    }
    first = {line["event_id"]: line for line in reversed(lines)}
    late = [line for line in first.values() if line["occurred_at"][:13] < line["received_at"][:13]]
    assert len(lines) == documented("raw/raw_events.py", "lines in 72 hours")
    assert len(first) == documented("partitioned/events.py", "rows of the")
    assert len(lines) - len(first) == documented("partitioned/events.py", r"lines\);")
    assert len(late) == documented("partitioned/events.py", "events happened before the hour")
    gone = [line["sku"] for line in first.values() if line["sku"] not in skus]
    assert (len(gone), len(set(gone))) == (
        documented("partitioned/events.py", "events the product is no longer sold"),
        documented("raw/raw_products.py", "products more"),
    )
    capitals = [line for line in first.values() if line["kind"] != line["kind"].lower()]
    assert len(capitals) == documented("partitioned/events.py", r"were not\)")
    ages = [line.rpartition(",")[2] for line in files["customers.csv"].decode("cp1252").splitlines()[1:]]
    known = [int(age) for age in ages if age not in ("", "?")]
    assert sum(age > 110 for age in known) == documented("partitioned/customers.py", "impossible ages")
    assert len(ages) - len(known) == documented("partitioned/customers.py", "that were never entered")
    assert known.count(35) == documented("partitioned/customers.py", "customers have it")
    assert sum(30 <= age < 45 for age in known) == documented("partitioned/customers.py", "of 2,000 rows")


@pytest.mark.slow
def test_what_landed_is_computed_and_the_rest_waits(first_day: Shop) -> None:
    summary = first_day.first_run
    assert {name: d["computed"] for name, d in summary["datasets"].items()} == {
        "raw_events": HOURS,
        "raw_products": 4,
        "raw_customers": 1,
        "raw_ad_spend": 4,
        "events": HOURS,
        "customers": 1,
        "customer_activity": HOURS,
        "category_demand": 4,
        "ad_spend_trend": 4,
    }
    assert (summary["failed"], summary["held"], summary["waiting"]) == (0, 0, 3 * (72 - HOURS))


@pytest.mark.slow
def test_again_nothing_is_computed(shop: Shop) -> None:
    assert "0 files" in shop.land(HOURS)
    assert shop.computed() == {}


@pytest.mark.slow
def test_one_changed_hour_computes_what_reads_it(shop: Shop) -> None:
    path = shop.data / "landing" / "events" / "2024" / "03" / "01" / "03.jsonl.gz"
    lines = gzip.decompress(path.read_bytes()).decode().splitlines()
    number = next(n for n, line in enumerate(lines) if '"event_id": "0003-' in line)  # of this hour, not told late
    bought = {**json.loads(lines[number]), "kind": "purchase", "quantity": 9, "customer_id": 7}
    lines[number] = json.dumps(bought, ensure_ascii=False)
    path.write_bytes(gzip.compress("".join(f"{line}\n" for line in lines).encode(), mtime=0))
    plan = [p for p in shop.json("plan")["partitions"] if p["action"] == "compute" and p["dataset"] == "raw_events"]
    assert [(p["partition"], p["reason"]) for p in plan] == [(HOUR, "input landed file changed")]
    assert "input landed file changed" in shop.flow("why", "raw_events", HOUR).stdout
    computed = shop.computed()
    assert computed["raw_events"] == 1
    assert computed["events"] == 2  # the hour, and the one that looks back on it; which comes out the same
    assert computed["customer_activity"] == 25
    assert computed["category_demand"] == 4
    assert set(computed) == {"raw_events", "events", "customer_activity", "category_demand"}
    assert shop.computed() == {}


@pytest.mark.slow
def test_features_know_nothing_of_their_own_hour(first_day: Shop) -> None:
    """Counted again from the events, one by one, with what had been received when the hour began."""
    wrong = first_day.query(
        """
        WITH again AS (
            SELECT a.customer_id, a.hour_utc, a.views_24_hours_before, a.spent_24_hours_before_cents, a.buys_in_hour,
                count_if(e.kind = 'view' AND e.received_utc < a.hour_utc) AS views,
                COALESCE(sum(e.quantity * e.price_cents)
                    FILTER (e.kind = 'purchase' AND e.received_utc < a.hour_utc), 0) AS cents,
                bool_or(e.kind = 'purchase' AND e.received_utc >= a.hour_utc) AS buys
            FROM features.customer_activity a
            JOIN partitioned.events e ON e.customer_id = a.customer_id
                AND e.received_utc >= a.hour_utc - INTERVAL 24 HOUR AND e.received_utc < a.hour_utc + INTERVAL 1 HOUR
            GROUP BY ALL
        )
        SELECT count_if(views <> views_24_hours_before OR cents <> spent_24_hours_before_cents OR buys <> buys_in_hour),
            count(*), sum(views), sum(cents) FROM again
        """
    )[0]
    assert wrong[0] == 0
    assert min(wrong[1:]) > 100
    rows = first_day.query("SELECT count(*), count(DISTINCT (customer_id, hour_utc)) FROM features.customer_activity")
    assert rows == [(wrong[1], wrong[1])]


@pytest.mark.slow
def test_demand_adds_up_to_the_events(first_day: Shop) -> None:
    assert first_day.query("SELECT sum(views + carts + purchases) FROM features.category_demand") == first_day.query(
        "SELECT count(*) FROM partitioned.events WHERE category IS NOT NULL"
    )


@pytest.mark.slow
def test_a_category_that_is_not_declared_is_an_error(shop: Shop) -> None:
    path = shop.data / "landing" / "products" / "toys.jsonl"
    path.write_text(path.read_text().replace('"category": "toys"', '"category": "gardn"', 1))
    summary = shop.json("run", "raw_products")
    assert [problem["partition"] for problem in summary["problems"]] == ["toys"]
    assert "holds 'gardn' in partition toys" in summary["problems"][0]["reason"]


@pytest.mark.slow
def test_one_age_is_read_from_one_bucket(first_day: Shop) -> None:
    project = first_day.project()
    buckets = project.graph.get("customers").buckets
    assert buckets
    assert (bucket_of(35, buckets), bucket_of(17, buckets), bucket_of(None, buckets)) == (2, 0, 5)
    assert load_key(project, "customers", 35).num_rows == documented("partitioned/customers.py", "customers have it")
    record = project.store.get_record(project.holdings.current("customers")[""].key)
    assert record
    spans = {span.bucket: span.rows for file in record.files for span in file.buckets}
    assert spans[2] == documented("partitioned/customers.py", "of 2,000 rows")
    assert spans[2] > 2 * (sum(spans.values()) - spans[2])  # skewed


@pytest.mark.slow
def test_status_and_query(first_day: Shop) -> None:
    assert "customer_activity" in first_day.flow("status").stdout
    (row,) = first_day.json("query", "SELECT count(*) AS n FROM features.ad_spend_trend")
    assert row == {"n": 11}
    months = first_day.query(
        "SELECT month::VARCHAR, change_cents IS NULL FROM features.ad_spend_trend WHERE channel = 'video'"
    )
    assert sorted(months) == [("2023-12-01", True), ("2024-02-01", True), ("2024-03-01", False)]


@pytest.mark.slow
def test_a_range_of_hours_through_dagster(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.land(6)
    keys = ["2024-03-01-02:00", "2024-03-01-03:00", "2024-03-01-04:00"]
    project = shop.project()
    with open_instance(project.settings.dagster_home) as instance:
        heard: list[Any] = []
        definitions = build_definitions(project, heard.append)
        assert launch(definitions, instance, ["raw_products"], ("books", "toys"))
        assert launch(definitions, instance, ["raw_events", "events"], (keys[0], keys[-1]))
        events = [outcome for outcome in heard if outcome.dataset == "events"]
        assert [(o.partition, o.status.value) for o in events] == [(key, "computed") for key in keys]
        heard.clear()
        assert launch(definitions, instance, ["raw_events", "events"], (keys[0], keys[-1]))
        assert {outcome.status.value for outcome in heard} == {"reused"}


def test_the_wheel_would_not_ship_it() -> None:
    found = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]["find"]
    assert found == {"include": ["flow_assets", "flow_assets.*"]}
    assert len(find_datasets(PACKAGE).datasets) == 9
