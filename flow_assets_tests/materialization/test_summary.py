from dataclasses import replace

from flow_assets.checks.results import Finding, RuleResult
from flow_assets.declaration.rules import in_range, isin, not_null
from flow_assets.materialization.outcomes import Outcome, Status
from flow_assets.materialization.summary import summarize
from flow_assets.memo.entries import Action, Because, PlanEntry

ENTRIES = [
    PlanEntry("d", "1", Action.REUSE, Because.UNCHANGED),
    PlanEntry("d", "2", Action.REUSE, Because.UNCHANGED),
    PlanEntry("d", "3", Action.HOLD, Because.FAILED_BEFORE),
    PlanEntry("d", "4", Action.WAIT, Because.NOT_LANDED),
    PlanEntry("d", "5", Action.HOLD, Because.BLOCKED),
    PlanEntry("e", "", Action.COMPUTE, Because.KEY_CHANGED),
]
OUTCOMES = {
    ("d", "2"): Outcome("d", "2", Status.COMPUTED, "never computed", rows=5, seconds=1.5),
    ("d", "3"): Outcome("d", "3", Status.FAILED, "it broke"),
    ("d", "5"): Outcome("d", "5", Status.BLOCKED, "it breaks a rule"),
}
REASONS = {("d", "4"): "has not landed", ("e", ""): "never computed"}


def test_each_partition_is_counted_once() -> None:
    summary = summarize(ENTRIES, OUTCOMES, {"d": {"1": 10, "2": 5, "3": 7}}, REASONS, 2.0)
    found = summary.to_json()
    counts = dict.fromkeys(["computed", "reused", "restored", "checked", "blocked", "failed", "held", "waiting"], 0)
    counts |= {
        "computed": 1,
        "reused": 1,
        "blocked": 1,
        "failed": 1,
        "waiting": 1,
        "warned": 0,
        "broken": 0,
        "quarantined": 0,
    }
    assert found["datasets"]["d"] == {**counts, "rows": 22, "seconds": 1.5}
    assert found["datasets"]["e"] == {**dict.fromkeys(counts, 0), "held": 1, "rows": 0, "seconds": 0.0}
    assert {name: found[name] for name in counts} == {**counts, "held": 1}
    assert found["problems"] == [
        {"dataset": "d", "partition": "3", "status": "failed", "reason": "it broke"},
        {"dataset": "d", "partition": "4", "status": "waiting", "reason": "has not landed"},
        {"dataset": "d", "partition": "5", "status": "blocked", "reason": "it breaks a rule"},
        {"dataset": "e", "partition": None, "status": "held", "reason": "never computed"},
    ]
    assert not summary.is_successful


def test_what_was_blocked_before_and_would_be_again_is_blocked() -> None:
    summary = summarize([PlanEntry("d", "1", Action.HOLD, Because.BLOCKED)], {}, {}, {("d", "1"): "it breaks"}, 0.0)
    assert [(problem.status, problem.reason) for problem in summary.problems] == [(Status.BLOCKED, "it breaks")]
    assert not summary.is_successful


def test_waiting_for_a_source_is_no_failure() -> None:
    assert summarize(ENTRIES[3:4], {}, {}, REASONS, 0.0).is_successful
    assert summarize([], {}, {}, {}, 0.0).to_json()["problems"] == []


def test_what_was_published_counts_only_if_the_plan_agrees_afterwards() -> None:
    entries = [
        PlanEntry("d", "1", Action.COMPUTE, Because.KEY_CHANGED),
        PlanEntry("d", "2", Action.HOLD, Because.INPUT_HELD),
        PlanEntry("d", "3", Action.COMPUTE, Because.KEY_CHANGED),
    ]
    outcomes = {("d", key): Outcome("d", key, Status.COMPUTED, "never computed", seconds=1.5) for key in "12"}
    outcomes["d", "3"] = Outcome("d", "3", Status.FAILED, "it broke")
    summary = summarize(entries, outcomes, {}, {("d", "2"): "required input e failed or is held"}, 2.0)
    assert [(p.partition, p.status, p.reason) for p in summary.problems] == [
        ("1", Status.HELD, "what it is made from kept changing while it was computed; run again"),
        ("2", Status.HELD, "required input e failed or is held"),
        ("3", Status.FAILED, "it broke"),
    ]
    assert not summary.is_successful
    assert summary.datasets["d"].seconds == 3.0


def test_what_was_found_of_published_partitions_is_counted_and_named() -> None:
    mild = isin(["a"], name="known", severity="warn").on("x")
    strict, held = in_range(0, 9, name="bounded").on("x"), not_null(name="there").on("x")
    findings = (
        Finding(mild, RuleResult(2, 3)),
        Finding(strict, RuleResult(0, 3)),
        Finding(replace(mild, name="k"), RuleResult(0, 3)),
    )
    warned = {
        ("d", key): Outcome("d", key, Status.COMPUTED, "", findings=findings, quarantined=2) for key in ("1", "2")
    }
    broken = {("e", ""): Outcome("e", "", Status.CHECKED, "", findings=(Finding(strict, RuleResult(1, 1, "12")),))}
    blocked = {("d", "3"): Outcome("d", "3", Status.BLOCKED, "it breaks", findings=(Finding(held, RuleResult(1, 3)),))}
    reused = {("d", "0"): Outcome("d", "0", Status.REUSED, "", findings=findings)}  # known before this run
    entries = [*ENTRIES[:3], PlanEntry("e", "", Action.REUSE, Because.UNCHANGED), ENTRIES[0]._replace(partition="0")]
    summary = summarize(entries, warned | broken | blocked | reused, {}, REASONS, 0.0)
    found = summary.to_json()
    assert {name: found[name] for name in ("warned", "broken", "quarantined", "blocked", "checked")} == {
        "warned": 2,
        "broken": 1,
        "quarantined": 4,
        "blocked": 1,
        "checked": 1,
    }
    assert (found["datasets"]["d"]["warned"], found["datasets"]["e"]["broken"]) == (2, 1)
    assert [(w["dataset"], w["rule"], w["severity"], w["measured"], w["partitions"]) for w in found["warnings"]] == [
        ("e", "bounded", "error", "12", [None]),  # what is an error comes first
        ("d", "known", "warn", "2 of 3 rows break it", ["1", "2"]),
    ]
    assert [problem["reason"] for problem in found["problems"]] == ["it breaks"]
    assert not summary.is_successful
