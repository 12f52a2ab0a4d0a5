import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from flow_assets.insight.report.costs import UNTOLD, PhaseCosts
from flow_assets.insight.report.gather import Report
from flow_assets.insight.report.render import render
from flow_assets.insight.report.states import Cell, PartitionState
from flow_assets.insight.report.troubles import Trouble

VOID = {"meta", "img", "br", "link", "input", "hr"}


class Outline(HTMLParser):
    """What a browser makes of it: tags and ids, which are closed in order and named once."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str | None]] = []
        self.text: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.extend((tag, name, value) for name, value in attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.extend((tag, name, value) for name, value in attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_texts_cannot_become_code(report: Report) -> None:
    outline = Outline(render(report))
    assert not outline.open
    assert outline.tags.count("script") == 2
    assert "img" not in outline.tags
    assert not [value for _, _, value in outline.attributes if value and value.startswith("javascript:")]
    assert not [name for _, name, _ in outline.attributes if name.startswith("on")]
    assert "document.title = 'taken'" in "".join(outline.text)


CODE = st.sampled_from(["</script>", "<!--<script>", '"><svg onload=x>', "{{ 7*7 }}"])


@given(st.text(min_size=1, max_size=40) | CODE)
def test_no_name_breaks_the_page(report: Report, name: str) -> None:
    calendar = replace(
        report.calendars[0], dataset=name, grids=(), listed=(Cell(name, PartitionState.FAILED, note=name),)
    )
    changed = replace(
        report,
        title=name,
        calendars=(calendar,),
        attention=(Trouble(name, name, PartitionState.FAILED, name),),
        trends=tuple(replace(trend, dataset=name) for trend in report.trends),
        alerts=tuple(replace(a, note=name, finding=replace(a.finding, title=name)) for a in report.alerts),
    )
    outline, before = Outline(render(changed)), Outline(render(replace(changed, title="x")))
    assert not outline.open
    assert outline.tags == before.tags


def test_the_page_needs_nothing_but_itself(report: Report) -> None:
    page = render(report)
    outline = Outline(page)
    assert not {"link", "img", "iframe", "object"} & set(outline.tags)
    assert not [value for _, name, value in outline.attributes if name in ("src", "srcset")]
    assert not re.search(r"@import|url\((?!#)", page)


def test_no_script_may_run_but_its_own(report: Report) -> None:
    page = render(report)
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.S)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in page
    assert "default-src 'none'" in page


def test_ids_are_named_once_and_what_is_a_picture_is_said_in_words(report: Report) -> None:
    attributes = Outline(render(report)).attributes
    ids = [value for _, name, value in attributes if name == "id"]
    assert len(set(ids)) == len(ids)
    labels = {value for _, name, value in attributes if name == "aria-labelledby"}
    assert labels <= set(ids)
    pictures = [value for _, name, value in attributes if (name, value) == ("role", "img")]
    assert len(pictures) == sum(1 for tag, name, value in attributes if tag in ("svg", "div") and name == "aria-label")


def test_the_squares_are_the_cells(report: Report) -> None:
    (text,) = re.findall(r'id="squares">(.*?)</script>', render(report), re.S)
    data = json.loads(text)
    grids = [grid for of in report.calendars for grid in of.grids]
    said = [[cell and (cell[0], data["states"][cell[1]]) for cell in grid["cells"]] for grid in data["grids"]]
    assert said == [[(c.label, c.state.value) if c else 0 for c in grid.cells] for grid in grids]


def test_the_same_values_make_the_same_page(report: Report) -> None:
    assert render(report) == render(report)


def test_each_phase_has_a_colour_of_its_own(report: Report) -> None:
    names = [
        "scan",
        "compute",
        "sort",
        "write",
        "hash",
        "check",
        "publish",
        "queue",
        "startup",
        "plan",
        "events",
        UNTOLD,
    ]
    costs = PhaseCosts("readings", 12.0, dict.fromkeys(names, 1.0))
    page = render(replace(report, phases=(costs,)))
    keys = dict(re.findall(r'class="key ([a-z0-9]+)"></i>([a-z ]+)<', page))
    assert (list(keys.values()), keys["rest"]) == (names, UNTOLD)
    bars = re.findall(r'<i class="([a-z0-9]+)" style="width:8.33%" title="([a-z ]+) 1.0 s"', page)
    assert dict(bars) == keys
