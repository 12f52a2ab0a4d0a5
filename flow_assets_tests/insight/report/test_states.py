import pytest

from flow_assets.insight.report.states import (
    MEANINGS,
    Known,
    PartitionState,
    cell_of,
    count_states,
    late_partitions,
    merge,
)
from flow_assets.ledger import Failure
from flow_assets.ledger.findings import AlertState
from flow_assets.ledger.judgements import Blocked
from flow_assets.memo.entries import Action, Because, PlanEntry
from flow_assets_tests.insight.report.reported import BEFORE, SINCE, WITHIN, alert, cell, holding

DAY = "2024-03-01"
FAILED = Failure("readings", DAY, "key", "ComputeError", "it raised\nand said more", True)
BLOCKED = Blocked("key", "blob", None, "a rule is broken", "rules", "", WITHIN, "run")


def known(**fields: object) -> Known:
    return Known(**{"held": {}, "failures": {}, "blocked": {}, "late": {}, **fields})  # type: ignore[arg-type]


def entry(action: Action, because: Because, *detail: str) -> PlanEntry:
    return PlanEntry("readings", DAY, action, because, detail=detail)


REUSE = entry(Action.REUSE, Because.UNCHANGED)
COMPUTE = entry(Action.COMPUTE, Because.KEY_CHANGED)
HOLD = entry(Action.HOLD, Because.INPUT_HELD, "raw", DAY)
WAIT = entry(Action.WAIT, Because.NOT_LANDED, "path")
HELD = {DAY: holding()}


@pytest.mark.parametrize(
    ("planned", "what", "state", "note"),
    [
        (REUSE, known(held=HELD), PartitionState.FRESH, ""),
        (REUSE, known(held={DAY: holding(published_at=BEFORE)}), PartitionState.REUSED, ""),
        (REUSE, known(held=HELD, failures={DAY: FAILED}), PartitionState.FRESH, ""),
        (REUSE, known(held=HELD, blocked={DAY: BLOCKED}), PartitionState.BLOCKED, "a rule is broken"),
        (COMPUTE, known(held=HELD), PartitionState.STALE, "key changed"),
        (COMPUTE, known(), PartitionState.MISSING, "key changed"),
        (COMPUTE, known(failures={DAY: FAILED}), PartitionState.FAILED, "it raised"),
        (entry(Action.HOLD, Because.UNREADABLE, "broken file"), known(), PartitionState.FAILED, "broken file"),
        (WAIT, known(), PartitionState.MISSING, "not landed"),
        (WAIT, known(late={DAY: "3 hours late"}), PartitionState.LATE, "3 hours late"),
        (HOLD, known(held=HELD), PartitionState.HELD, "input held"),
    ],
)
def test_a_partition_has_one_state(planned: PlanEntry, what: Known, state: PartitionState, note: str) -> None:
    found = cell_of(planned, what, SINCE)
    assert (found.state, found.note, found.troubled) == (state, note, int(not state.is_up_to_date))
    assert (found.rows, found.at is None) == ((3, False) if DAY in what.held else (None, True))


def test_every_state_is_in_the_legend() -> None:
    assert set(MEANINGS) == set(PartitionState)


def test_only_open_alerts_on_freshness_make_late() -> None:
    fields = {"watch": "freshness", "partitions": (DAY,), "title": "late"}
    alerts = [
        alert(1, **fields),
        alert(2, AlertState.RESOLVED, **{**fields, "partitions": ("2024-03-02",)}),
        alert(3, **{**fields, "watch": "durations", "partitions": ("2024-03-03",)}),
        alert(
            4, AlertState.ACKNOWLEDGED, watch="freshness", dataset="meters_seen", text="Due at six.\nAsk its source."
        ),
    ]
    assert late_partitions(alerts) == {"readings": {DAY: "late"}, "meters_seen": {"": "Due at six."}}


def test_several_are_shown_as_the_worst_of_them() -> None:
    cells = [
        cell("01", at=BEFORE),
        cell("02", PartitionState.LATE, note="3 hours", rows=None, at=None),
        cell("03", PartitionState.MISSING, rows=None, at=None),
    ]
    merged = merge("day", cells)
    assert (merged.state, merged.partitions, merged.troubled, merged.rows) == (PartitionState.LATE, 3, 2, 3)
    assert (merged.at, merged.note) == (BEFORE, "02: 3 hours")
    assert merge("01", cells[:1]) is cells[0]


def test_states_are_counted_the_worst_first() -> None:
    cells = [cell("1"), cell("2"), cell("3", PartitionState.FAILED)]
    assert list(count_states(cells).items()) == [(PartitionState.FAILED, 1), (PartitionState.FRESH, 2)]
