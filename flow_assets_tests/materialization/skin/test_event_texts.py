"""The texts of passed checks and of materializations are those that Dagster makes."""

import logging
from collections.abc import Sequence
from typing import Any

import dagster as dg
import pytest
from dagster._core.definitions.asset_checks.asset_check_evaluation import (
    AssetCheckEvaluationTargetMaterializationData as Target,
)
from dagster._core.events import DagsterEvent, StepMaterializationData
from dagster._core.events.log import EventLogEntry
from dagster._serdes import serialize_value
from hypothesis import given
from hypothesis import strategies as st

from flow_assets.materialization.skin.event_texts import EventTexts

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
    texts = EventTexts()
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
    texts = EventTexts()
    assert texts.text(event("2024-03-01")) is not None
    assert texts.text(other) is None
    more = event("2024-03-02", more=1)
    assert texts.text(more) == serialize_value(more)


def made(partition: str | None, tags: dict[str, str], metadata: dict[str, Any], **more: Any) -> EventLogEntry:
    materialization = dg.AssetMaterialization("readings", partition=partition, metadata=metadata, tags=tags, **more)
    happened = DagsterEvent(
        event_type_value="ASSET_MATERIALIZATION",
        job_name="job",
        event_specific_data=StepMaterializationData(materialization),
        message=f"Materialized {partition}",
        pid=7,
        step_key="step",
    )
    return EventLogEntry(
        error_info=None,
        level=logging.DEBUG,
        user_message=f"Materialized {partition}",
        run_id="run",
        timestamp=1.5,
        step_key="step",
        job_name="job",
        dagster_event=happened,
    )


_VALUES = {
    "number": st.floats(),
    "count": st.integers(-(2**63), 2**63),
    "text": st.text(),
    "preview": st.builds(dg.MetadataValue.md, st.text()),
}
_TAGS = st.dictionaries(
    st.sampled_from(["dagster/data_version", "dagster/code_version", "dagster/input_data_version/a"]),
    st.text("abc-1", min_size=1, max_size=9),
    min_size=1,
)


@given(
    st.lists(
        st.builds(
            made,
            st.none() | st.text(),
            _TAGS,
            st.lists(st.sampled_from(list(_VALUES)), unique=True).flatmap(
                lambda names: st.fixed_dictionaries({name: _VALUES[name] for name in names})
            ),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_texts_of_materializations_are_those_that_dagster_makes(events: Sequence[EventLogEntry]) -> None:
    texts = EventTexts()
    for one in events:
        assert texts.text(one) == serialize_value(one)


@pytest.mark.parametrize(
    "other",
    [
        made("2024-03-01", {}, {"rows": 1}),
        made("2024-03-01", {"a": "b"}, {"place": dg.MetadataValue.path("x")}),
        made("2024-03-01", {"a": "b"}, {"rows": 1}, description="by hand"),
    ],
)
def test_materializations_that_are_no_plain_case_are_left_to_dagster(other: EventLogEntry) -> None:
    assert EventTexts().text(made("2024-03-01", {"a": "b"}, {"rows": 1})) is not None
    assert EventTexts().text(other) is None
