"""The texts of materializations and passed checks in Dagster's event log, made from the text of one before.

Dagster goes through every field of an event to make JSON of it, which takes five or six times as long as all that
differs from one partition to the next. What is made here is the same text, character by character.
"""

import json
from collections.abc import Callable, Hashable, Mapping
from typing import Any

import dagster as dg
from dagster._core.events.log import EventLogEntry
from dagster._serdes import serialize_value

_NUMBERS: Mapping[type, str] = {dg.IntMetadataValue: "value", dg.FloatMetadataValue: "value"}
_PLAIN: Mapping[type, str] = {**_NUMBERS, dg.TextMetadataValue: "text", dg.MarkdownMetadataValue: "md_str"}
"""Kinds of metadata to the field that holds their value, in Python and in JSON."""


class EventTexts:
    """Texts of one batch of events, as far as they are plain cases."""

    def __init__(self) -> None:
        self._known: dict[Hashable, dict[str, Any]] = {}

    def text(self, event: EventLogEntry) -> str | None:
        """The text of `event`; None if it is no plain case, for which Dagster's own way is left."""
        happened = event.dagster_event
        if happened is None or happened.event_type_value not in _KINDS:
            return None
        kind = happened.event_type_value
        said: Any = happened.event_specific_data
        find_alike, change = _KINDS[kind]
        alike = find_alike(said)
        if alike is None:
            return None
        key = (kind, event.run_id, event.step_key, event.level, *alike)
        if key not in self._known:
            self._known[key] = json.loads(serialize_value(event))
        packed = self._known[key]
        packed["timestamp"], packed["user_message"] = event.timestamp, event.user_message
        of_event = packed["dagster_event"]
        of_event["message"], of_event["pid"] = happened.message, happened.pid
        change(of_event["event_specific_data"], said)
        return json.dumps(packed)


def _kinds(metadata: Mapping[str, Any], plain: Mapping[type, str]) -> tuple[tuple[str, type], ...] | None:
    kinds = tuple((name, type(value)) for name, value in metadata.items())
    return kinds if all(kind in plain for _, kind in kinds) else None


def _alike_evaluations(evaluation: Any) -> tuple[Hashable, ...] | None:
    """What evaluations must have in common to differ only in what `_change_evaluation` changes."""
    if not evaluation.passed or evaluation.description is not None or not evaluation.target_materialization_data:
        return None
    kinds = _kinds(evaluation.metadata, _NUMBERS)
    alike = (evaluation.asset_key, evaluation.check_name, kinds, evaluation.severity, evaluation.blocking)
    return None if kinds is None else alike


def _change_evaluation(told: dict[str, Any], evaluation: Any) -> None:
    told["partition"] = evaluation.partition
    for name, number in evaluation.metadata.items():
        told["metadata"][name]["value"] = number.value
    target = evaluation.target_materialization_data
    told["target_materialization_data"] |= {
        "run_id": target.run_id,
        "storage_id": target.storage_id,
        "timestamp": target.timestamp,
    }


def _alike_materializations(said: Any) -> tuple[Hashable, ...] | None:
    """What materializations must have in common to differ only in what `_change_materialization` changes."""
    made = said.materialization
    kinds = _kinds(made.metadata, _PLAIN)
    if kinds is None or said.asset_lineage or made.description is not None or not made.tags:
        return None
    return (made.asset_key, kinds)


def _change_materialization(told: dict[str, Any], said: Any) -> None:
    made, packed = said.materialization, told["materialization"]
    packed["partition"], packed["tags"] = made.partition, dict(sorted(made.tags.items()))
    for entry, value in zip(packed["metadata_entries"], made.metadata.values(), strict=True):
        field = _PLAIN[type(value)]
        entry["entry_data"][field] = getattr(value, field)


_KINDS: Mapping[str, tuple[Callable[[Any], tuple[Hashable, ...] | None], Callable[[dict[str, Any], Any], None]]] = {
    dg.DagsterEventType.ASSET_CHECK_EVALUATION.value: (_alike_evaluations, _change_evaluation),
    dg.DagsterEventType.ASSET_MATERIALIZATION.value: (_alike_materializations, _change_materialization),
}
