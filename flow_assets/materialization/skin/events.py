"""Events of many partitions, stored together.

Dagster stores what a step yields one by one. Its own outputs over a range it hands over in batches: in the same way, so
does this. Where the event log knows no batches, they are stored one by one all the same.
"""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import dagster as dg
from dagster._core.events import DagsterEventBatchMetadata

from flow_assets.materialization.skin.interrupts import uninterrupted

AssetEvent = dg.AssetMaterialization | dg.AssetObservation | dg.AssetCheckEvaluation


def store_together(context: dg.AssetExecutionContext, events: Sequence[AssetEvent]) -> list[dg.DagsterEvent]:
    """Store `events` of the step as one batch, and return what the step must yield for them."""
    batch_id, last = str(uuid4()), len(events) - 1
    step = context.get_step_execution_context()
    with uninterrupted():  # or the first half would wait for its end forever
        return [_store(step, event, DagsterEventBatchMetadata(batch_id, n == last)) for n, event in enumerate(events)]


def _store(step: Any, event: AssetEvent, batch: DagsterEventBatchMetadata) -> dg.DagsterEvent:
    if isinstance(event, dg.AssetMaterialization):
        return dg.DagsterEvent.asset_materialization(step, event, batch)
    if isinstance(event, dg.AssetObservation):
        return dg.DagsterEvent.asset_observation(step, event, batch)
    # As `DagsterEvent.asset_check_evaluation` words it, which takes no batch.
    name = f"'{event.check_name}' on '{event.asset_key.to_user_string()}'"
    ended = "passed." if event.passed else "did not pass."
    reason = f" Description: '{event.description}'" if event.description is not None else ""
    kind = dg.DagsterEventType.ASSET_CHECK_EVALUATION
    return dg.DagsterEvent.from_step(kind, step, event, f"Asset check {name} {ended}{reason}", batch)
