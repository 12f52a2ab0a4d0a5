"""What a run writes into the ledger: publications with what they cost, what was found of them, failures and blocks."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Kpi:
    """What making one partition cost; sizes in bytes, times in seconds.

    Attributes:
        peak_memory_bytes: the most that the process had held until then.
        partitions_in_call: over how many partitions of one set-based call the cost was shared out.
        engine: kinds of frame that it was computed with: `duckdb`, `pandas`, `arrow`.
        phases: phase to the wall seconds that went into it, as far as they were told apart.
        error: why it was not published: the class of an error, or the names of the rules it breaks.
    """

    code_fingerprint: str
    wall_seconds: float
    cpu_seconds: float
    peak_memory_bytes: int
    rows_in: int
    rows_out: int
    bytes_in: int
    bytes_out: int
    partitions_in_call: int
    engine: str = ""
    phases: Mapping[str, float] = field(default_factory=dict)
    error: str = ""


@dataclass(frozen=True)
class Publication:
    """A new current version of one partition.

    Attributes:
        change: `computed` or `restored`.
        reason: why, in words.
    """

    dataset: str
    partition: str
    change: str
    reason: str
    key: str
    content_hash: str
    source_hash: str | None
    blobs: str
    rows: int
    bytes: int
    kpi: Kpi | None = None
    judgement: "Judgement | None" = None


@dataclass(frozen=True)
class Failure:
    """Why a partition could not be made.

    Attributes:
        key: under which it was tried; where rules may help, with the digest of these.
        is_retryable: whether the cause lies outside the data and the code (a full disk), so that it is tried again
            although its key has not changed.
    """

    dataset: str
    partition: str
    key: str
    error: str
    message: str
    is_retryable: bool
    kpi: Kpi | None = field(default=None, compare=False)


@dataclass(frozen=True)
class HistoryEntry:
    """One change of one partition; `at` is UTC, ISO 8601."""

    change: str
    reason: str
    key: str
    content_hash: str
    rows: int
    at: str
    run_id: str


@dataclass(frozen=True)
class Judgement:
    """What was found of one version of a partition, and by which rules.

    Attributes:
        rules: digest of all rules that it was judged by.
        referred: the contents that its rules refer to; empty where they refer to none.
        rows: rows looked at, those that left for the quarantine among them.
        results: how each rule fared, as JSON.
        errors: rules that are broken beyond what they tolerate and keep a partition from being published.
        warnings: those that do not.
        quarantine: reference of the file of rows that left; empty if none did.
        quarantined: how many rows left.
        states: of its columns' profile, encoded.
        key: under which it was made. Versions of one content differ in the rows that left for the quarantine.
    """

    dataset: str
    partition: str
    content_hash: str
    rules: str
    referred: str
    rows: int
    results: str
    errors: int
    warnings: int
    quarantine: str = ""
    quarantined: int = 0
    states: bytes = b""
    key: str = ""


@dataclass(frozen=True)
class Block:
    """A version of a partition that breaks its rules: kept, and not published.

    Attributes:
        record: what would be its record in the store, as JSON.
        blobs: its files in the store, as those of a publication.
        reason: which rules it breaks, in words.
    """

    dataset: str
    partition: str
    key: str
    record: str
    blobs: str
    source_hash: str | None
    reason: str
    judgement: Judgement
    kpi: Kpi | None = None
