"""The texts of passed checks in Dagster's event log, made from the text of one before.

Dagster goes through every field of an event to make JSON of it, which for an evaluation takes six times as long as all
that differs from one partition to the next. What is made here is the same text, character by character.
"""

import json
from typing import Any

import dagster as dg
from dagster._core.events.log import EventLogEntry
from dagster._serdes import serialize_value


class CheckTexts:
    """Texts of evaluations that passed, of one batch of events."""

    def __init__(self) -> None:
        self._known: dict[Any, dict[str, Any]] = {}

    def text(self, event: EventLogEntry) -> str | None:
        """The text of `event`; None if it is no plain case, for which Dagster's own way is left."""
        happened = event.dagster_event
        if happened is None or happened.event_type_value != dg.DagsterEventType.ASSET_CHECK_EVALUATION.value:
            return None
        evaluation: Any = happened.event_specific_data
        if not evaluation.passed or evaluation.description is not None or not evaluation.target_materialization_data:
            return None
        kinds = tuple((name, type(value)) for name, value in evaluation.metadata.items())
        if any(kind not in _NUMBERS for _, kind in kinds):
            return None
        alike = (event.run_id, event.step_key, event.level, evaluation.asset_key, evaluation.check_name, kinds)
        key = (*alike, evaluation.severity, evaluation.blocking)
        if key not in self._known:
            self._known[key] = json.loads(serialize_value(event))
        return json.dumps(_changed(self._known[key], event, evaluation))


_NUMBERS = (dg.IntMetadataValue, dg.FloatMetadataValue)


def _changed(packed: dict[str, Any], event: EventLogEntry, evaluation: Any) -> dict[str, Any]:
    """`packed`, with all that one evaluation of a check may have unlike another."""
    packed["timestamp"] = event.timestamp
    packed["user_message"] = event.user_message
    happened = packed["dagster_event"]
    happened["message"], happened["pid"] = event.dagster_event.message, event.dagster_event.pid  # type: ignore[union-attr]
    told = happened["event_specific_data"]
    told["partition"] = evaluation.partition
    for name, number in evaluation.metadata.items():
        told["metadata"][name]["value"] = number.value
    target = evaluation.target_materialization_data
    told["target_materialization_data"] |= {
        "run_id": target.run_id,
        "storage_id": target.storage_id,
        "timestamp": target.timestamp,
    }
    return packed
