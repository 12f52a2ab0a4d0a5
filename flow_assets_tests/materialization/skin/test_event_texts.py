"""The texts of passed checks are those that Dagster makes."""

import logging

import dagster as dg
import pytest
from dagster._core.definitions.asset_checks.asset_check_evaluation import (
    AssetCheckEvaluationTargetMaterializationData as Target,
)
from dagster._core.events import DagsterEvent
from dagster._core.events.log import EventLogEntry
from dagster._serdes import serialize_value

from flow_assets.materialization.skin.event_texts import CheckTexts

TARGET = Target(storage_id=1, run_id="run", timestamp=1.5)


def event(
    partition: str | None,
    *,
    number: int = 0,
    name: str = "validity",
    passed: bool = True,
    description: str | None = None,
    target: Target | None = TARGET,
    **metadata: object,
) -> EventLogEntry:
    evaluation = dg.AssetCheckEvaluation(
        asset_key=dg.AssetKey("readings"),
        check_name=name,
        passed=passed,
        metadata={"failed": number, "total": 100, "rate": number / 100, **metadata},
        target_materialization_data=target,
        description=description,
        partition=partition,
    )
    happened = DagsterEvent(
        event_type_value="ASSET_CHECK_EVALUATION",
        job_name="job",
        event_specific_data=evaluation,
        message=f"of {partition} ü",
        pid=number,
    )
    return EventLogEntry(
        error_info=None,
        level=logging.DEBUG,
        user_message=f"of {partition} ü",
        run_id="run",
        timestamp=1e9 + number / 7,
        step_key="step",
        job_name="job",
        dagster_event=happened,
    )


def test_a_text_made_from_another_is_the_one_that_dagster_makes() -> None:
    texts = CheckTexts()
    events = [
        event(
            day,
            number=number,
            name=name,
            target=Target(storage_id=number, run_id=f"run {number}", timestamp=number / 3),
        )
        for number, day in enumerate(["2024-03-01", 'a "quoted" \\ day', "ü\u2028", None])
        for name in ("validity", "completeness")
    ]
    assert [texts.text(one) for one in events] == [serialize_value(one) for one in events]


@pytest.mark.parametrize(
    "other",
    [
        event("2024-03-01", passed=False),
        event("2024-03-01", description="without history yet"),
        event("2024-03-01", target=None),
        event("2024-03-01", rules=dg.MetadataValue.md("|a|")),
    ],
)
def test_what_is_no_plain_case_is_left_to_dagster(other: EventLogEntry) -> None:
    texts = CheckTexts()
    assert texts.text(event("2024-03-01")) is not None
    assert texts.text(other) is None
    more = event("2024-03-02", more=1)
    assert texts.text(more) == serialize_value(more)
