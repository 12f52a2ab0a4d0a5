"""Events of many partitions, stored together.

Dagster stores what a step yields one by one. Its own outputs over a range it hands over in batches: in the same way, so
does this. Where the event log knows no batches, they are stored one by one all the same.
"""

import logging
import os
import time
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import dagster as dg
from dagster._core.events import DagsterEvent, DagsterEventBatchMetadata
from dagster._core.events.log import EventLogEntry
from dagster._core.execution.context.system import StepExecutionContext

from flow_assets.materialization.skin.event_log import BatchedEventLog
from flow_assets.materialization.skin.interrupts import uninterrupted

AssetEvent = dg.AssetMaterialization | dg.AssetObservation


def store_together(context: dg.AssetExecutionContext, events: Sequence[AssetEvent]) -> list[dg.DagsterEvent]:
    """Store `events` of the step as one batch, and return what the step must yield for them."""
    batch_id, last = str(uuid4()), len(events) - 1
    step = context.get_step_execution_context()
    with uninterrupted():  # or the first half would wait for its end forever
        return [_store(step, event, DagsterEventBatchMetadata(batch_id, n == last)) for n, event in enumerate(events)]


def _store(step: Any, event: AssetEvent, batch: DagsterEventBatchMetadata) -> dg.DagsterEvent:
    if isinstance(event, dg.AssetMaterialization):
        return dg.DagsterEvent.asset_materialization(step, event, batch)
    return dg.DagsterEvent.asset_observation(step, event, batch)


def store_evaluations(context: dg.AssetExecutionContext, evaluations: Sequence[dg.AssetCheckEvaluation]) -> None:
    """Store `evaluations` as one batch; nothing has to be yielded for them.

    There are several for each partition: they pass by Dagster's loggers and its executor, where each costs more than in
    the event log.
    """
    batch_id, last = str(uuid4()), len(evaluations) - 1
    step = context.get_step_execution_context()
    with uninterrupted():
        for number, evaluation in enumerate(evaluations):
            batch = DagsterEventBatchMetadata(batch_id, number == last)
            context.instance.handle_new_event(_entry(step, evaluation), batch_metadata=batch)


def forget_unevaluated(context: dg.AssetExecutionContext, checks: Sequence[dg.AssetCheckKey]) -> None:
    """Have it forgotten that this run was to evaluate `checks` of partitions of which it has nothing to tell.

    Only our event log can; in Dagster's own they show as failed, or as skipped if the run succeeds.
    """
    log = context.instance.event_log_storage
    if isinstance(log, BatchedEventLog):
        log.forget_planned_checks(context.run.run_id, checks)


def _entry(step: StepExecutionContext, evaluation: dg.AssetCheckEvaluation) -> EventLogEntry:
    """What comes of an evaluation that a step yields."""
    name = f"'{evaluation.check_name}' on '{evaluation.asset_key.to_user_string()}'"
    ended = "passed." if evaluation.passed else "did not pass."
    reason = "" if evaluation.description is None else f" Description: '{evaluation.description}'"
    message = f"Asset check {name} {ended}{reason}"
    event = DagsterEvent(
        event_type_value=dg.DagsterEventType.ASSET_CHECK_EVALUATION.value,
        job_name=step.job_name,
        step_handle=step.step.handle,
        node_handle=step.step.node_handle,
        step_kind_value=step.step.kind.value,
        logging_tags=step.event_tags,
        event_specific_data=evaluation,
        message=message,
        pid=os.getpid(),
    )
    return EventLogEntry(  # type: ignore[no-untyped-call]
        error_info=None,
        level=logging.DEBUG,
        user_message=message,
        run_id=step.run_id,
        timestamp=time.time(),
        step_key=step.step.key,
        job_name=step.job_name,
        dagster_event=event,
    )
