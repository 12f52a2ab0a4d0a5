import json
import time

import pytest

from flow_assets.ledger.findings import AlertSeverity, Finding
from flow_assets_tests.forked import flow
from flow_assets_tests.sandbox import DAYS, Sandbox


def test_everything_in_short(original: Sandbox) -> None:
    shown = flow(original, "report").stdout
    lines = shown.splitlines()
    assert "16 of 16 partitions are up to date: 16 fresh" in lines
    assert "Computed 16 in " in shown
    assert [line.split()[:3] for line in lines if line.startswith("trends ")] == [["trends", "5", "5"]]
    assert lines[-1].endswith("flow report --html report.html")
    assert not list(original.root.glob("*.html"))


def test_the_page_is_written_and_its_size_told(computed: Sandbox) -> None:
    done = flow(computed, "report", "--html", "report.html")
    page = computed.root / "report.html"
    assert done.code == 0
    assert done.stdout.splitlines()[0] == "16 of 16 partitions are up to date: 16 fresh"
    assert done.stdout.splitlines()[1] == f"Page: {page} ({page.stat().st_size / 1024:,.1f} KiB)"
    assert page.read_text().startswith("<!doctype html>")


def test_a_page_that_is_printed_is_all_that_is_printed(computed: Sandbox) -> None:
    (computed.root / "here.html").symlink_to("/proc/self/fd/1")
    shown = flow(computed, "report", "--html", "here.html").stdout
    assert shown.startswith("<!doctype html>")
    assert shown.rstrip().endswith("</html>")
    assert (computed.root / "here.html").is_symlink()


def test_the_values_beside_the_page(computed: Sandbox) -> None:
    done = flow(computed, "report", "--json", "--html", "report.html")
    found = json.loads(done.stdout)
    assert (found["up_to_date"], found["partitions"], found["savings"]["computed"]) == (16, 16, 16)
    assert {of["dataset"] for of in found["calendars"]} == {"raw_readings", "readings", "trends", "meters_seen"}
    (whole,) = (of["cells"] for of in found["calendars"] if of["dataset"] == "meters_seen")
    (only,) = whole
    assert (only["label"], only["state"], only["rows"]) == (None, "fresh", 3)
    assert (computed.root / "report.html").exists()


def test_what_is_off_is_named(sandbox: Sandbox) -> None:
    shown = flow(sandbox, "report").stdout
    assert "0 of 16 partitions are up to date: 16 missing" in shown
    assert "  missing: raw_readings 2024-03-01 .. 2024-03-05 (5 partitions): never computed\n" in shown
    assert [line for line in shown.splitlines() if line.startswith("  missing: meters_seen: ")]
    assert "more: flow plan" not in shown


def test_what_is_off_is_no_range_where_days_between_are_not(sandbox: Sandbox) -> None:
    sandbox.run("raw_readings", partitions="2024-03-03")
    shown = flow(sandbox, "report")
    assert "  missing: raw_readings 2024-03-01, 2024-03-02, ... 2024-03-05 (4 partitions): never " in shown.stdout
    found = json.loads(flow(sandbox, "report", "--json").stdout)["troubles"]
    assert found[0]["partitions"] == [day for day in DAYS if day != "2024-03-03"]
    assert [None] in [of["partitions"] for of in found if of["dataset"] == "meters_seen"]


def test_one_alert_is_one(computed: Sandbox) -> None:
    with computed.project() as project:
        finding = Finding(
            watch="freshness",
            identity="late",
            severity=AlertSeverity.WARNING,
            title="raw_readings: 2024-03-06 is late",
            since=time.time(),
            text="2024-03-06 was due at six.\nAsk its source.",
            dataset="raw_readings",
        )
        project.alerts.observe("freshness", [finding], time.time())
    assert "\n1 alert is open\n  #1 warning: raw_readings: 2024-03-06 is late\n" in flow(computed, "report").stdout


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (
            ["--since", "soon"],
            2,
            "since 'soon' cannot be used; write a date, 2013-02-01, or a number and one of s, m, h, d, w",
        ),
        (["--since", "2999-01-01"], 2, "since '2999-01-01' lies in the future"),
        (
            ["--html", "nowhere/report.html"],
            1,
            "nowhere/report.html cannot be written: No such file or directory. Name a file in",
        ),
        (["--html", "."], 1, "cannot be written: it is a folder. Name a file in it."),
    ],
)
def test_what_cannot_be_done_is_one_sentence(original: Sandbox, arguments: list[str], code: int, said: str) -> None:
    done = flow(original, "report", *arguments)
    assert (done.code, done.stdout) == (code, "")
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
