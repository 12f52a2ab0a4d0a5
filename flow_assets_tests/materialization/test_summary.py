from flow_assets.materialization.outcomes import Outcome, Status
from flow_assets.materialization.summary import summarize
from flow_assets.memo.entries import Action, Because, PlanEntry

ENTRIES = [
    PlanEntry("d", "1", Action.REUSE, Because.UNCHANGED),
    PlanEntry("d", "2", Action.REUSE, Because.UNCHANGED),
    PlanEntry("d", "3", Action.HOLD, Because.FAILED_BEFORE),
    PlanEntry("d", "4", Action.WAIT, Because.NOT_LANDED),
    PlanEntry("e", "", Action.COMPUTE, Because.KEY_CHANGED),
]
OUTCOMES = {
    ("d", "2"): Outcome("d", "2", Status.COMPUTED, "never computed", rows=5, seconds=1.5),
    ("d", "3"): Outcome("d", "3", Status.FAILED, "it broke"),
}
REASONS = {("d", "4"): "has not landed", ("e", ""): "never computed"}


def test_each_partition_is_counted_once() -> None:
    summary = summarize(ENTRIES, OUTCOMES, {"d": {"1": 10, "2": 5, "3": 7}}, REASONS, 2.0)
    found = summary.to_json()
    counts = {"computed": 1, "reused": 1, "restored": 0, "blocked": 0, "failed": 1, "held": 0, "waiting": 1}
    assert found["datasets"]["d"] == {**counts, "rows": 22, "seconds": 1.5}
    assert found["datasets"]["e"] == {**dict.fromkeys(counts, 0), "held": 1, "rows": 0, "seconds": 0.0}
    assert {name: found[name] for name in counts} == {**counts, "held": 1}
    assert found["problems"] == [
        {"dataset": "d", "partition": "3", "status": "failed", "reason": "it broke"},
        {"dataset": "d", "partition": "4", "status": "waiting", "reason": "has not landed"},
        {"dataset": "e", "partition": None, "status": "held", "reason": "never computed"},
    ]
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
