"""Dagster's UI by clicking in a real browser: the graph, a backfill with a bad day, and a dataset's page.

`UPDATE_SCREENSHOTS=1 pytest flow_assets_tests/test_browser.py` computes the whole year first and writes the pictures
in `docs/images/`; it takes some minutes. Otherwise few days have landed and the pictures are only looked at.
"""

import gzip
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page

from flow_assets.declaration import DailyPartitions, find_datasets
from flow_assets_tests.browser import SIZE, evidence, open_page, require_chromium
from flow_assets_tests.server import ROOT, Server, flow, serve

pytestmark = [pytest.mark.browser, pytest.mark.slow]

UPDATE = bool(os.environ.get("UPDATE_SCREENSHOTS"))
FIRST, BAD, LAST = ("2013-06-01", "2013-06-15", "2013-06-30") if UPDATE else ("2013-01-01", "2013-01-03", "2013-01-07")
REPEATED = "2013-06-20" if UPDATE else "2013-01-05"
DAYS = int(LAST[-2:])
GRAPH = find_datasets("flow_assets.datasets")
DAILY = [name for name, dataset in GRAPH.datasets.items() if isinstance(dataset.partitions, DailyPartitions)]
OTHERS = sorted(set(GRAPH.datasets) - set(DAILY))
NEEDS_FLIGHTS_OF_THE_DAY = {
    "raw_flights",
    "departures",
    "airport_congestion",
    "aircraft_rotation",
    "weather_at_departure",
    "delay_training_set",
}
LAYERS = ("features", "partitioned", "raw")
EXPANDED = "/asset-groups?expanded=" + "%2C".join(f"global%40global%3A{layer}" for layer in LAYERS)


@dataclass(frozen=True)
class Visit:
    """A page of the server, and where its pictures go."""

    page: Page
    server: Server
    pictures: Path
    errors: list[str]

    def go(self, path: str) -> None:
        self.page.goto(self.server.url + path)

    def picture(self, name: str, **clip: float) -> None:
        """Take one, which is not empty and not too big for a document."""
        path = self.pictures / f"{name}.png"
        self.page.screenshot(path=path, **({"clip": clip} if clip else {}))
        assert 10_000 < path.stat().st_size < 250_000


@pytest.fixture(scope="module")
def visit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visit]:
    """A browser on a deployment in which one day's file has been cut short."""
    require_chromium()
    data, errors = tmp_path_factory.mktemp("deployment"), []
    flow(data, "land", *([] if UPDATE else ["--until", LAST]))
    flow(data, "run", *([] if UPDATE else ["raw_planes", "raw_airports", "raw_airlines"]))
    landed = data / "landing" / "flights" / f"{BAD}.csv.gz"
    landed.write_bytes(landed.read_bytes()[:5000])
    pictures = ROOT / "docs" / "images" if UPDATE else tmp_path_factory.mktemp("pictures")
    pictures.mkdir(exist_ok=True)
    with serve(data) as server, open_page(f"{server.url}/asset-groups", data / "profile", errors) as page:
        yield Visit(page, server, pictures, errors)


@pytest.fixture(scope="module")
def backfill(visit: Visit, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a backfill of the daily datasets, launched by clicking and followed to its end."""
    page = visit.page
    with evidence(page, tmp_path_factory.mktemp("backfill")):
        visit.go("/asset-groups")
        page.get_by_role("button", name="Materialize all").wait_for()
        page.locator(".CodeMirror").last.click()
        page.keyboard.type("not (" + " or ".join(f'key:"{name}"' for name in OTHERS) + ")")
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile("/asset-groups.*not"))
        page.get_by_role("button", name="Materialize all").click()
        page.get_by_text(f"Launch runs to materialize {len(DAILY)} assets").wait_for()
        partitions = page.get_by_placeholder("ex: 2013-01-01")
        partitions.fill(f"[{FIRST}...{LAST}]")
        partitions.press("Enter")
        page.get_by_text(f"{DAYS} partitions", exact=True).wait_for()
        page.get_by_role("button", name="Launch backfill").click()
        page.get_by_text("Created backfill").wait_for()
        page.get_by_text("View", exact=True).click()
        page.wait_for_url("**/runs/b/*")
        page.locator("div", has_text=re.compile(r"^Status\s*Failed$")).first.wait_for(timeout=300_000)
    return page.url


def test_the_graph_shows_all_datasets_in_three_groups(visit: Visit, tmp_path: Path) -> None:
    page = visit.page
    with evidence(page, tmp_path):
        page.set_viewport_size({"width": 2000, "height": 1100})
        page.get_by_text("Hide navigation").click()
        visit.go(EXPANDED)
        page.locator("foreignObject").first.wait_for()
        page.mouse.click(700, 1050, button="right")
        page.get_by_text("Change graph to vertical orientation").click()
        with page.expect_response(lambda response: "AssetGraphLiveQuery" in response.url):
            visit.go(EXPANDED)
        page.get_by_label("panel_show_right").click()
        boxes = page.locator("foreignObject")
        for _ in range(9):
            shown = {text.partition("Latest event")[0].strip() for text in boxes.all_text_contents()} - {""}
            if len(shown) == len(LAYERS) + len(GRAPH.datasets):
                break
            page.get_by_label("zoom_out").click()
        patterns = [re.escape(text).replace("…", ".*") for text in shown]  # long names are cut in their middle
        missing = [name for name in (*LAYERS, *GRAPH.datasets) if not any(re.fullmatch(p, name) for p in patterns)]
        assert missing == []
        places = [box.bounding_box() for box in boxes.all()]
        left, top = (min(place[of] for place in places) - 20 for of in ("x", "y"))
        right = max(place["x"] + place["width"] for place in places) + 20
        bottom = max(place["y"] + place["height"] for place in places) + 20
        visit.picture("asset-graph", x=left, y=top, width=right - left, height=bottom - top)
        page.set_viewport_size(SIZE)


def test_a_backfill_shows_the_failed_day_and_what_it_held(visit: Visit, backfill: str, tmp_path: Path) -> None:
    page = visit.page
    with evidence(page, tmp_path):
        page.goto(backfill)
        page.get_by_text("100% completed").nth(len(DAILY) - 1).wait_for()
        rows = re.findall(r"(\w+)\n100% completed\n(\d+)\n(\d+)\n(\d+)\n(\d+)", page.inner_text("body"))
        assert {name: tuple(map(int, counts)) for name, *counts in rows} == {
            name: (DAYS, 0, DAYS - 1, 1) if name in NEEDS_FLIGHTS_OF_THE_DAY else (DAYS, 0, DAYS, 0) for name in DAILY
        }
        visit.picture("backfill")
        page.goto(f"{backfill}?tab=runs")
        page.locator("a[href*='/runs/'][href*='-']").first.click()
        page.wait_for_url(re.compile("/runs/[0-9a-f]+-"))
        failure = page.get_by_text(f"raw_flights {BAD}: ").first
        failure.wait_for()
        said = failure.inner_text()
        assert f"flights/{BAD}.csv.gz cannot be decompressed" in said
        assert f"{len(NEEDS_FLIGHTS_OF_THE_DAY) - 1} partitions held" in said
        assert f"departures {BAD}: required input raw_flights {BAD} failed" in said


def test_a_dataset_s_page_has_its_description_columns_partitions_and_plots(
    visit: Visit, backfill: str, tmp_path: Path
) -> None:
    page = visit.page
    with evidence(page, tmp_path):
        visit.go("/assets/departures?view=partitions")
        page.get_by_text("Failed (1)").wait_for()
        page.get_by_text(f"Materialized ({364 if UPDATE else DAYS - 1})").wait_for()
        page.get_by_placeholder("Filter by name").fill(BAD)
        page.get_by_text(BAD, exact=True).first.click()
        page.get_by_text("failed, and did not materialize this asset").wait_for()
        visit.picture("partitions")
        visit.go("/assets/departures?view=overview")
        page.get_by_text("A scheduled departure from New York, cleaned").wait_for()
        for column in GRAPH.get("departures").schema.columns():
            page.get_by_text(column.name, exact=True).first.wait_for()
        visit.picture("dataset-page")
        page.get_by_text("Plots", exact=True).click()
        page.get_by_text("Events", exact=True).last.click()  # by partition: test_upstream_partition_pages.py
        for number in ("bytes", "seconds"):
            page.get_by_text(number, exact=True).last.wait_for()
        plots = page.locator("canvas")
        plots.nth(2).wait_for()
        plots.last.scroll_into_view_if_needed()
        if not UPDATE:  # a year made at once is no curve over time
            visit.picture("plots")


@pytest.fixture(scope="module")
def blocked(visit: Visit, backfill: str) -> str:
    """The day that a run kept back, because flights are in its file twice."""
    landed = visit.server.data / "landing" / "flights" / f"{REPEATED}.csv.gz"
    lines = gzip.decompress(landed.read_bytes()).splitlines(keepends=True)
    landed.write_bytes(gzip.compress(b"".join([*lines, *lines[1:4]])))
    with pytest.raises(subprocess.CalledProcessError):
        flow(visit.server.data, "run", "raw_flights")
    return REPEATED


def test_a_dataset_s_checks_show_which_rule_failed_and_on_what_rows(visit: Visit, blocked: str, tmp_path: Path) -> None:
    page = visit.page
    with evidence(page, tmp_path):
        visit.go("/assets/departures?view=checks&checkDetail=uniqueness")
        page.get_by_text("Not published unless flight_id_unique; key_is_unique").wait_for()
        page.get_by_text("Succeeded").nth(1).wait_for()
        for name in ("uniqueness", "validity"):
            assert f"{name}\nSucceeded" in page.inner_text("body")  # though the bad day is held
        visit.go("/assets/raw_flights?view=checks&checkDetail=uniqueness")
        page.get_by_text("This is a blocking asset check").wait_for()
        page.get_by_text("carrier_flight_origin_unique: 6 of", exact=False).first.wait_for()
        said = page.inner_text("body")
        for name in ("completeness", "accuracy", "consistency", "validity", "timeliness"):
            assert f"{name}\nSucceeded" in said  # though one day's file was never read
        assert "uniqueness\nFailed" in said
        visit.picture("checks")
        page.get_by_role("tab", name="Partitions").last.click()
        page.get_by_text("Execution Failed (0)").wait_for()


def test_nothing_went_wrong_in_the_pages_scripts(visit: Visit, backfill: str) -> None:
    assert visit.errors == []
