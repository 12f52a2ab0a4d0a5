"""Rows of asset checks in Dagster's event log, stored many at a time: the same that Dagster stores one by one.

Dagster keeps a row for each run, check and partition: planned when the run is made, overwritten when it is evaluated.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, NamedTuple

from dagster import AssetCheckKey, DagsterEventType
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus as Status
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable as Table
from sqlalchemy import Connection, bindparam, or_, select


class Indexed(NamedTuple):
    """An event of a check, its number in the index, and its text as it is stored."""

    event: EventLogEntry
    number: int
    text: str


OneByOne = Callable[[EventLogEntry, int], None]
_Key = tuple[str, str, str | None]
"""Asset, check and partition."""


def store_checks(
    index: Connection, events: Iterable[Indexed], one_by_one: Callable[[EventLogEntry, int], None]
) -> None:
    """Store `events` in their order.

    Args:
        index: a transaction on the file with the table.
        events: all of them of checks.
        one_by_one: Dagster's own way, for what is no plain case.
    """
    for kind, group in groupby(events, lambda indexed: (indexed.event.run_id, indexed.event.dagster_event_type)):
        several = list(group)
        if kind[1] is DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED:
            index.execute(Table.insert(), [row for indexed in several for row in _planned(indexed)])
        elif not (kind[0] and _update(index, kind[0], several)):
            for indexed in several:
                one_by_one(indexed.event, indexed.number)


def forget_planned(index: Connection, run_id: str, checks: Iterable[AssetCheckKey]) -> None:
    """Delete the rows of `checks` that were planned for a run and are not evaluated.

    Args:
        index: a transaction on the file with the table.
        run_id: of the run.
        checks: of any assets.
    """
    statement = Table.delete().where(
        Table.c.asset_key == bindparam("asset"),
        Table.c.check_name == bindparam("name"),
        Table.c.run_id == run_id,
        Table.c.execution_status == Status.PLANNED.value,
    )
    if keys := [{"asset": key.asset_key.to_string(), "name": key.name} for key in checks]:
        index.execute(statement, keys)


def _planned(indexed: Indexed) -> list[dict[str, Any]]:
    planned: Any = indexed.event.get_dagster_event().event_specific_data
    partitions = planned.partitions_subset.get_partition_keys() if planned.partitions_subset else [None]
    of_all = {
        "asset_key": planned.asset_key.to_string(),
        "check_name": planned.check_name,
        "run_id": indexed.event.run_id,
        "execution_status": Status.PLANNED.value,
        **_of_event(indexed),
    }
    return [{**of_all, "partition": partition} for partition in partitions]


def _update(index: Connection, run_id: str, events: Sequence[Indexed]) -> bool:
    """Overwrite the rows that were planned and add those that were not; returns False, having done nothing, if a check
    has several rows or events.
    """
    values = {_key(indexed): _evaluated(indexed) for indexed in events}
    found = _find(index, run_id, values)
    if len(values) < len(events) or len({key for _, key in found}) < len(found):
        return False
    planned = {key: number for number, key in found}
    if planned:
        statement = Table.update().where(Table.c.id == bindparam("number"))
        names = next(iter(values.values()))
        statement = statement.values({name: bindparam(name) for name in names})
        index.execute(statement, [{**values[key], "number": number} for key, number in planned.items()])
    if new := [key for key in values if key not in planned]:
        identity = ("asset_key", "check_name", "partition")
        index.execute(
            Table.insert(), [{**values[key], **dict(zip(identity, key, strict=True)), "run_id": run_id} for key in new]
        )
    return True


def _find(index: Connection, run_id: str, keys: Collection[_Key]) -> list[tuple[int, _Key]]:
    """Number and key of the rows of a run that have one of the keys."""
    assets, names, partitions = (set(column) for column in zip(*keys, strict=True))
    is_among = Table.c.partition.in_(partitions - {None})
    query = select(Table.c.id, Table.c.asset_key, Table.c.check_name, Table.c.partition).where(
        Table.c.asset_key.in_(assets),
        Table.c.check_name.in_(names),
        Table.c.run_id == run_id,
        or_(is_among, Table.c.partition.is_(None)) if None in partitions else is_among,
    )
    rows = [(row[0], (row[1], row[2], row[3])) for row in index.execute(query)]
    return [(number, key) for number, key in rows if key in keys]


def _key(indexed: Indexed) -> _Key:
    evaluation: Any = indexed.event.get_dagster_event().event_specific_data
    return evaluation.asset_key.to_string(), evaluation.check_name, evaluation.partition


def _evaluated(indexed: Indexed) -> dict[str, Any]:
    evaluation: Any = indexed.event.get_dagster_event().event_specific_data
    target = evaluation.target_materialization_data
    return {
        "execution_status": (Status.SUCCEEDED if evaluation.passed else Status.FAILED).value,
        "materialization_event_storage_id": target.storage_id if target else None,
        **_of_event(indexed),
    }


def _of_event(indexed: Indexed) -> dict[str, Any]:
    stored_at = datetime.fromtimestamp(indexed.event.timestamp, UTC).replace(tzinfo=None)
    return {
        "evaluation_event": indexed.text,
        "evaluation_event_timestamp": stored_at,
        "evaluation_event_storage_id": indexed.number,
    }
