"""Values that a report is made of, so that a test says only what matters to it."""

from typing import Any

from flow_assets.declaration import Dataset, Partitions, find_datasets
from flow_assets.insight.report.states import Cell, PartitionState
from flow_assets.ledger import Holding
from flow_assets.ledger.findings import Alert, AlertSeverity, AlertState, Finding
from flow_assets.ledger.measurements import Measurement, RunMeasurement

SINCE = "2024-06-01T00:00:00.000+00:00"
BEFORE, WITHIN = "2024-05-30T12:00:00.000+00:00", "2024-06-02T12:00:00.000+00:00"


def dataset(partitions: Partitions | None) -> Dataset:
    """A dataset of the demonstration, as if it had other partitions."""
    made = object.__new__(Dataset)
    made.__dict__.update(vars(find_datasets("flow_assets.datasets").get("raw_airlines")), partitions=partitions)
    return made


def cell(label: str, state: PartitionState = PartitionState.FRESH, **fields: Any) -> Cell:
    return Cell(label, state, troubled=int(not state.is_up_to_date), **{"rows": 3, "at": WITHIN, **fields})


def holding(rows: int = 3, published_at: str = WITHIN) -> Holding:
    return Holding("key", "hash", None, "blob 1 x", rows, 100, published_at)


def measurement(partition: str = "", seconds: float = 1.0, **fields: Any) -> Measurement:
    known = {
        **{"dataset": "readings", "partition": partition, "run_id": "run", "at": WITHIN, "change": "computed"},
        **{"code_fingerprint": "code", "wall_seconds": seconds, "cpu_seconds": seconds, "peak_memory_bytes": 1},
        **{"rows_in": 3, "rows_out": 3, "bytes_in": 1, "bytes_out": 1, "partitions_in_call": 1, "engine": ""},
        "phases": {},
    }
    return Measurement(**{**known, **fields})


def run(**fields: Any) -> RunMeasurement:
    known = {
        **{"run_id": "run", "datasets": ("readings",), "partitions": 1, "created_at": WITHIN, "started_at": WITHIN},
        **{"ended_at": WITHIN, "outcomes": {}, "phases": {}, "peak_memory_bytes": None, "error": ""},
    }
    return RunMeasurement(**{**known, **fields})


def alert(number: int, state: AlertState = AlertState.OPEN, resolved_at: float | None = None, **fields: Any) -> Alert:
    known = {"watch": "durations", "identity": str(number), "severity": AlertSeverity.WARNING, "title": "slow"}
    finding = Finding(**{**known, "since": 1e9, "dataset": "readings", **fields})
    return Alert(number, finding, state, opened_at=1e9 + number, seen_at=2e9, resolved_at=resolved_at)
