import re
import time
from collections.abc import Iterator
from datetime import UTC
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from flow_assets.automation.alerting.notices import Wording, evidence_rows, names
from flow_assets.declaration import DatasetGraph
from flow_assets.ledger.findings import AlertSeverity, Transition
from flow_assets.settings import Settings
from flow_assets_tests.automation.alerting.alerts import SINCE, finding, notice

WORDING = Wording(
    "staging",
    "http://dagster.example:3000/",
    {"readings": ("team:meters", "eve@example.com")},
    {"readings": ZoneInfo("America/New_York")},
)
TEXT = """It usually takes a minute.
Look at what changed since.

Severity: warning
Dataset: readings (2024-03-04)
Since: 2024-03-04 03:00 America/New_York (08:00 UTC)
Affected: trends, meters_seen
Owner: team:meters, eve@example.com
Environment: staging

seen seconds      131.2
expected seconds  48 to 74
rows              12,345

http://dagster.example:3000/runs/abc
To take care of it: flow alerts ack 12"""
MARKDOWN = """It usually takes a minute.
Look at what changed since.

- **Severity:** warning
- **Dataset:** readings (2024-03-04)
- **Since:** 2024-03-04 03:00 America/New_York (08:00 UTC)
- **Affected:** trends, meters_seen
- **Owner:** team:meters, eve@example.com
- **Environment:** staging

Seen and expected:

- seen seconds: **131.2**
- expected seconds: **48 to 74**
- rows: **12,345**

In Dagster: [http://dagster.example:3000/runs/abc](http://dagster.example:3000/runs/abc)

To take care of it: `flow alerts ack 12`"""


@pytest.fixture
def in_new_york(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_all_that_is_known_is_told() -> None:
    message = WORDING.message(notice(affected=("trends", "meters_seen")))
    assert message.title == "WARNING: readings took 131 seconds, more than twice what was expected (alert 12)"
    assert message.text == TEXT
    assert message.markdown == MARKDOWN


def test_what_is_not_known_is_left_out() -> None:
    bare = notice(text="", dataset="", partitions=(), evidence={}, link="", chart=None)
    known = ("Severity: warning", "Since: 2024-03-04 08:00 UTC", "Environment: local")
    utc = Wording(zones={"": UTC})
    assert utc.message(bare).text == "\n".join((*known, "", "To take care of it: flow alerts ack 12"))


@pytest.mark.parametrize(
    ("transition", "title"),
    [
        (Transition.OPENED, "CRITICAL: It is off (alert 12)"),
        (Transition.REPEATED, "STILL CRITICAL: It is off (alert 12)"),
        (Transition.RESOLVED, "RESOLVED: It is off (alert 12)"),
    ],
)
def test_the_title_says_what_has_happened(transition: Transition, title: str) -> None:
    said = WORDING.message(notice(transition, title="It is off", severity=AlertSeverity.CRITICAL))
    assert said.title == title


def test_what_is_over_says_when_it_ended_and_asks_nobody_to_take_care() -> None:
    text = WORDING.message(notice(Transition.RESOLVED, resolved_at=SINCE + 86_400)).text
    assert "Until: 2024-03-05 03:00 America/New_York (08:00 UTC)" in text
    assert "flow alerts ack" not in text


def test_who_takes_care_is_told() -> None:
    text = WORDING.message(notice(Transition.REPEATED, acknowledged_by="eve", note="asked the source")).text
    assert "Taken care of by: eve: asked the source" in text


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (SINCE - 5 * 3600, "2024-03-03 22:00 America/New_York (2024-03-04 03:00 UTC)"),
        (1_710_054_000.0, "2024-03-10 03:00 America/New_York (07:00 UTC)"),  # the clock was just put forward
        (1_710_053_940.0, "2024-03-10 01:59 America/New_York (06:59 UTC)"),
    ],
)
def test_a_moment_is_told_on_the_dataset_s_clock_and_in_utc(seconds: float, said: str) -> None:
    assert WORDING.moment(seconds, finding()) == said


@pytest.mark.usefixtures("in_new_york")
def test_what_is_about_no_dataset_is_told_on_this_machine_s_clock() -> None:
    assert WORDING.moment(SINCE, finding(dataset="")) == "2024-03-04 03:00 UTC-0500 (08:00 UTC)"


def test_in_utc_it_is_told_once() -> None:
    of = Wording(zones={"readings": UTC})
    assert of.moment(SINCE, finding()) == "2024-03-04 08:00 UTC"


@pytest.mark.parametrize(
    ("values", "said"),
    [((), ""), (("a",), "a"), (("a", "b", "c"), "a, b, c"), (("a", "b", "c", "d"), "a, b, ... d, 4 in all")],
)
def test_many_are_told_by_the_first_and_the_last(values: tuple[str, ...], said: str) -> None:
    assert names(values) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.0, "0"),
        (1234567.0, "1,234,567"),
        (0.00012345, "0.0001234"),
        (131.25, "131.2"),
        (2.5e20, "2.5e+20"),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
        (True, "yes"),
        ("a\nb", "a b"),
        ("x" * 999, "x" * 157 + "..."),
    ],
)
def test_a_number_is_fit_to_be_read(value: float | str, said: str) -> None:
    assert evidence_rows(finding(evidence={"n": value})) == [("n", said)]


def test_of_much_evidence_some_is_told() -> None:
    rows = evidence_rows(finding(evidence={f"n{number}": 1.0 for number in range(20)}))
    assert len(rows) == 13
    assert rows[-1] == ("and 8 more", "")


def test_what_is_too_long_is_cut_between_words() -> None:
    names = [f"dataset_{number:03}" for number in range(200)]
    said = WORDING.message(notice(title=f"It is off: {', '.join(names)}", text="; ".join(names)))
    for told in (said.title, said.text.splitlines()[0]):
        assert set(re.findall(r"data\w*", told)) < set(names)
        assert "..." in told


def test_what_is_said_of_a_deployment(graph: DatasetGraph) -> None:
    of = Wording.of(Settings(environment="live", dagster_url="http://d"), graph)
    assert (of.environment, finding().page(of.dagster_url)) == ("live", "http://d/runs/abc")
    assert of.owner(finding(dataset="trends")) == "team:meters, eve@example.com"
    assert of.owner(finding(dataset="")) == ""
    assert str(of.zones["readings"]) == "UTC"


@given(st.text())
def test_data_that_is_quoted_calls_nobody_and_breaks_no_line(text: str) -> None:
    for hostile in (text, f"{text}@everyone<!channel>", f"<@U123>{text}\n@here"):
        said = WORDING.message(notice(title=hostile, text=hostile, evidence={"seen": hostile}))
        assert len(said.title.splitlines()) == 1
        for told in (said.title, said.text, said.markdown):
            assert not [call for call in ("@everyone", "@here", "<!channel", "<@") if call in told.lower()]


@given(st.text(min_size=1, max_size=60).filter(lambda text: text.isprintable() and text.strip() == text != ""))
def test_markdown_shows_what_was_quoted(text: str) -> None:
    shown = WORDING.message(notice(text=text)).markdown
    (first, *_) = (token for token in MarkdownIt().parse(shown) if token.type == "inline")
    assert "".join(part.content for part in first.children) == " ".join(text.split())
