from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flow_assets.insight.watch.budget import (
    GREATEST_RATE,
    LEAST_RATE,
    periods_per_week,
    rate_per_judgement,
    read_budget,
)
from flow_assets.materialization.project import Project
from flow_assets_tests.insight.watch.ledger_history import DAY, START, History
from flow_assets_tests.sandbox import Sandbox


@pytest.mark.parametrize(
    ("per_week", "judgements", "rate"),
    [
        (1, 200, 0.005),
        (1, 300, 0.002),
        (2, 1000, 0.002),
        (1, 33_600, 2e-5),
        (1, 0, GREATEST_RATE),
        (1000, 10, GREATEST_RATE),
        (0.01, 10**9, LEAST_RATE),
    ],
)
def test_the_budget_shared_out(per_week: float, judgements: float, rate: float) -> None:
    assert rate_per_judgement(per_week, judgements) == pytest.approx(rate)


@given(st.floats(0.001, 1000), st.floats(0, 1e9))
def test_the_sum_never_exceeds_the_budget_and_wastes_little(per_week: float, judgements: float) -> None:
    rate = rate_per_judgement(per_week, judgements)
    exact = per_week / max(judgements, 1)
    assert LEAST_RATE <= rate <= GREATEST_RATE
    assert rate <= exact * (1 + 1e-6) or rate == pytest.approx(LEAST_RATE)
    assert rate >= min(exact, GREATEST_RATE) / 2.5 * (1 - 1e-6)


@given(st.floats(0.001, 1000), st.floats(1, 1e9), st.floats(1, 100))
def test_more_judgements_never_make_each_cheaper(per_week: float, judgements: float, factor: float) -> None:
    assert rate_per_judgement(per_week, judgements * factor) <= rate_per_judgement(per_week, judgements)


def test_judgements_are_counted_over_the_last_four_weeks(history: History) -> None:
    now = history.daily(56, {"readings": 1.0, "meters_seen": 1.0}) - timedelta(hours=1)
    history.add(now, {"trends": 1.0})
    budget = read_budget(history.project, now)
    counted = budget.judgements_per_week
    assert counted["durations", "readings"] == pytest.approx(7)
    assert counted["durations", "trends"] == pytest.approx(0.25)
    assert counted["durations", ""] == pytest.approx(7.25)  # runs
    assert not any(watch == "freshness" for watch, _ in counted)  # the days of the sandbox ended long ago
    assert budget.rate == rate_per_judgement(1, sum(counted.values())) == pytest.approx(0.02)
    assert budget.share("durations", "readings") == pytest.approx(0.14)
    assert budget.share("durations", "unknown") == 0


def test_one_busy_day_counts_as_a_week(history: History) -> None:
    for number in range(10):
        history.add(START + number * timedelta(hours=1), {"readings": 1.0})
    assert read_budget(history.project, START + DAY).judgements_per_week["durations", "readings"] == 10


def test_without_history_there_is_a_budget_all_the_same(project: Project) -> None:
    budget = read_budget(project, START)
    assert (budget.judgements_per_week, budget.rate) == ({}, GREATEST_RATE)


def test_periods_count_while_they_end(history: History, sandbox: Sandbox) -> None:
    project = history.project
    by_then = datetime(2024, 3, 6, tzinfo=UTC)
    assert periods_per_week(project, "readings", by_then) == pytest.approx(5 / 4)
    assert periods_per_week(project, "meters_seen", by_then) == 0
    assert periods_per_week(project, "readings", START) == 0
    history.add(by_then, {"readings": 1.0})
    assert read_budget(project, by_then).judgements_per_week["freshness", "readings"] == pytest.approx(5 / 4)
