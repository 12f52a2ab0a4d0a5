"""The page in a real browser: on a desk and on a phone, by light and in the dark.

`UPDATE_SCREENSHOTS=1 pytest flow_assets_tests/insight/report/test_page.py` writes the pictures in `docs/images/`.
"""

import json
import os
import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Page

from flow_assets.insight.report.gather import Report, find_report
from flow_assets.insight.report.render import render
from flow_assets.insight.report.states import PartitionState
from flow_assets.materialization.project import Project
from flow_assets.settings import Settings
from flow_assets_tests.browser import evidence, open_file, require_chromium
from flow_assets_tests.datasets.spoiling import only, rewrite, swapped
from flow_assets_tests.sandbox import DAYS
from flow_assets_tests.year import ROOT, Deployment

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PHONE, DESK = 390, 1280
UPDATE = bool(os.environ.get("UPDATE_SCREENSHOTS"))


@pytest.fixture(scope="module", autouse=True)
def _chromium() -> None:
    require_chromium()


@pytest.fixture
def path(report: Report, tmp_path: Path) -> Path:
    written = tmp_path / "report.html"
    written.write_text(render(report))
    return written


def value(page: Page, tile: str) -> int:
    return int(page.locator(f"#{tile} [data-value]").inner_text().replace(",", ""))


def overflow(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def squares(page: Page) -> dict[str, int]:
    """State to how many squares or names show it."""
    counted: dict[str, int] = {}
    for path in page.locator("svg.squares [data-count]").all():
        state = str(path.get_attribute("class")).removeprefix("s-")
        counted[state] = counted.get(state, 0) + int(str(path.get_attribute("data-count")))
    for name in page.locator("[data-state]").all():
        state = str(name.get_attribute("data-state"))
        counted[state] = counted.get(state, 0) + 1
    return counted


@pytest.mark.parametrize(("width", "scheme"), [(DESK, "light"), (PHONE, "light"), (PHONE, "dark"), (320, "light")])
def test_the_page_opens_by_itself_and_fits(
    path: Path, folder: Path, tmp_path: Path, width: int, scheme: Literal["dark", "light"]
) -> None:
    with open_file(path, folder, width=width, color_scheme=scheme) as opened, evidence(opened.page, tmp_path):
        assert (opened.errors, opened.requests) == ([], [path.as_uri()])
        assert overflow(opened.page) == 0
        assert "partitions up to date" in opened.page.title()
        background = opened.page.evaluate("getComputedStyle(document.body).backgroundColor")
        lightness = sum(map(int, re.findall(r"\d+", background)[:3])) / 3
        assert (lightness > 128) == (scheme == "light")


def test_what_is_counted_on_the_page_is_what_there_is(path: Path, report: Report, folder: Path, tmp_path: Path) -> None:
    with open_file(path, folder, width=DESK) as opened, evidence(opened.page, tmp_path):
        page = opened.page
        assert value(page, "up-to-date") == report.up_to_date
        for state in ("late", "failed", "blocked"):
            assert value(page, state) == report.states[PartitionState(state)] > 0
        assert value(page, "open-alerts") == page.locator("[data-alert]").count() == report.alerts_open
        assert squares(page) == {state.value: count for state, count in report.states.items() if count}
        assert page.locator("tr.trouble").count() == len(report.attention)
        assert page.locator(".quality tbody tr").count() == len(report.quality)


def test_a_square_says_what_it_is_by_mouse_touch_and_keyboard(path: Path, folder: Path, tmp_path: Path) -> None:
    with open_file(path, folder, width=DESK) as opened, evidence(opened.page, tmp_path):
        page, tip = opened.page, opened.page.locator("#tip")
        grid = page.locator("[data-dataset=raw_readings] svg.squares")
        place = page.evaluate(
            """() => {
                const svg = document.querySelector("[data-dataset=raw_readings] svg.squares");
                const box = svg.querySelector(".s-failed").getBoundingClientRect();
                const of = svg.getBoundingClientRect();
                return { x: box.x - of.x + box.width / 2, y: box.y - of.y + box.height / 2 };
            }"""
        )
        grid.hover(position=place)
        assert tip.inner_text().startswith(f"{DAYS[3]}\nfailed\n")
        assert tip.locator("a").count() == 0
        grid.click(position=place)
        link = tip.locator("a")
        assert link.get_attribute("href") == (
            f"http://127.0.0.1:3000/assets/raw_readings?view=partitions&partition={DAYS[3]}"
        )
        page.keyboard.press("Escape")
        assert tip.is_hidden()
        grid.focus()
        page.keyboard.press("ArrowUp")
        assert tip.inner_text().startswith(f"{DAYS[2]}\nfresh\n3 rows, published")
        assert opened.errors == []


def test_what_somebody_wrote_is_shown_and_not_run(path: Path, folder: Path, tmp_path: Path) -> None:
    with open_file(path, folder, width=PHONE) as opened, evidence(opened.page, tmp_path):
        assert "document.title = 'taken'" in opened.page.inner_text("[data-alert='4']")
        assert opened.page.title() != "taken"
        assert opened.page.locator("[data-alert='4'] a").count() == 0


def test_it_prints(path: Path, folder: Path, tmp_path: Path) -> None:
    with open_file(path, folder, width=DESK) as opened, evidence(opened.page, tmp_path):
        opened.page.emulate_media(media="print")
        printed = opened.page.pdf(format="A4", path=tmp_path / "page.pdf")
        assert printed.startswith(b"%PDF")
        assert opened.errors == []


def test_a_real_year_is_small_and_readable(
    year: tuple[Deployment, dict[str, Any]], folder: Path, tmp_path: Path
) -> None:
    path = tmp_path / "report.html"
    deployment, now = with_bad_days(year[0], tmp_path / "data") if UPDATE else (year[0], None)
    found = find_report(Project.open(Settings(data=deployment.data)), "1h" if UPDATE else "30d", now=now)
    assert path.write_bytes(render(found).encode()) < 500_000
    pictures = ROOT / "docs" / "images" if UPDATE else tmp_path
    with open_file(path, folder, width=DESK) as opened, evidence(opened.page, tmp_path):
        page = opened.page
        assert sum(squares(page).values()) == found.partitions == len(labels(page))
        assert overflow(page) == 0
        picture(page, pictures / "report.png", 1000)
        page.set_viewport_size({"width": PHONE, "height": 800})
        assert overflow(page) == 0
        picture(page, pictures / "report-phone.png", 800)
        assert opened.errors == []


def with_bad_days(year: Deployment, data: Path) -> tuple[Deployment, datetime]:
    """A copy in which files go bad, so that the picture shows what that looks like, and an hour after that."""
    shutil.copytree(year.data, data)
    rewrite(data / "landing" / "flights" / "2013-09-10.csv.gz", swapped("origin", "dest"))
    deployment = Deployment(data)
    deployment.flights.write_bytes(deployment.flights.read_bytes()[:2000])
    rewrite(data / "landing" / "flights" / "2013-11-20.csv.gz", only("carrier != 'UA'"))
    before = datetime.now(UTC)
    deployment.flow("run")
    return deployment, before + timedelta(hours=1)


def picture(page: Page, path: Path, height: int) -> None:
    """Take one, which is not empty and not too big for a document."""
    width = page.evaluate("innerWidth")
    page.screenshot(path=path, clip={"x": 0, "y": 0, "width": width, "height": height}, full_page=True)
    assert 10_000 < path.stat().st_size < 300_000


def labels(page: Page) -> list[str]:
    """Of each square, and of each name."""
    data = json.loads(page.locator("#squares").text_content() or "")
    names = page.locator("[data-state]").all_inner_texts()
    return [*(cell[0] for grid in data["grids"] for cell in grid["cells"] if cell), *names]
