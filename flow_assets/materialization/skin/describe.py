"""What Dagster is told of a dataset, and of a partition as it ends, under the keys that its UI knows.

The open-source UI shows a column's lineage nowhere and takes it from no event but the latest, so it is told once with
the dataset, and in each column's description as well.
"""

import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import dagster as dg
from pydantic import BaseModel

from flow_assets.declaration import ColumnDeclaration, Dataset, Frame, Lookback, Rule, Severity
from flow_assets.declaration.constraints import NotNull, Unique
from flow_assets.errors import FlowError
from flow_assets.ledger import Kpi
from flow_assets.materialization.lineage import ColumnSource, column_lineage
from flow_assets.materialization.outcomes import Outcome, Status
from flow_assets.materialization.project import Project
from flow_assets.materialization.skin.asset_checks import in_short
from flow_assets.materialization.skin.markdown import table
from flow_assets.materialization.skin.provenance import Provenance
from flow_assets.texts import shortened

_KINDS = {Frame.DUCKDB: "duckdb", Frame.PANDAS: "pandas", Frame.ARROW: "arrow"}
_KEY_LENGTH = 12
_WORDS_LENGTH = 300


@dataclass(frozen=True)
class Particulars:
    """What has to be found out about a dataset.

    Attributes:
        code_version: the fingerprint of its code, which Dagster compares with that of each materialization.
        reads: its inputs, and which partitions of each a partition reads, in words.
        config: its config as it is set now.
        lineage: column to the columns of its inputs that it is made from, where that is certain.
    """

    code_version: str | None = None
    reads: Mapping[str, str] = field(default_factory=dict)
    config: BaseModel | None = None
    lineage: Mapping[str, Sequence[ColumnSource]] = field(default_factory=dict)


def particulars(project: Project, name: str) -> Particulars:
    """Find out about the dataset called `name`; a dataset that cannot be made now loads without, and fails when run."""
    dataset = project.graph.get(name)
    reads = {
        name: in_words(mapping) if project.graph.get(name).partitions else "all of it"
        for name, mapping in dataset.ins.items()
    }
    try:
        recipe = project.recipe(dataset)
    except FlowError:
        return Particulars(reads=reads)
    return Particulars(recipe.code.digest, reads, recipe.config, column_lineage(dataset, project.graph, recipe.config))


def asset_spec(
    dataset: Dataset, deps: Sequence[dg.AssetDep], partitions_def: dg.PartitionsDefinition | None, told: Particulars
) -> dg.AssetSpec:
    """The dataset as Dagster sees it."""
    return dg.AssetSpec(
        dataset.name,
        deps=deps,
        group_name=dataset.layer,
        description=dataset.description,
        owners=list(dataset.owners),
        partitions_def=partitions_def,
        code_version=told.code_version,
        kinds=_kinds(dataset),
        tags=_tags(dataset),
        metadata=_metadata(dataset, told),
        skippable=True,
    )


def event(outcome: Outcome, provenance: Provenance) -> dg.AssetMaterialization | dg.AssetObservation:
    """What Dagster records of a partition that ended: a materialization if it is what it should be now."""
    partition = outcome.partition or None
    metadata: dict[str, Any] = {"status": outcome.status.value, "reason": outcome.reason}
    if not outcome.status.is_published:
        return dg.AssetObservation(outcome.dataset, partition=partition, metadata=metadata)
    metadata |= {
        "dagster/partition_row_count": outcome.rows,
        "bytes": outcome.bytes,
        "seconds": round(float(outcome.seconds), 4),
        "reused": int(outcome.status is Status.REUSED),
        **(_numbers(outcome.kpi) if outcome.kpi else {}),
        "key": (outcome.key or "")[:_KEY_LENGTH],
    }
    if outcome.preview:
        metadata["preview"] = dg.MetadataValue.md(outcome.preview)
    tags = {"dagster/data_version": outcome.content_hash or "", "dagster/code_version": outcome.code_fingerprint or ""}
    tags |= provenance.tags(outcome.partition)
    return dg.AssetMaterialization(outcome.dataset, partition=partition, metadata=metadata, tags=tags)


def _numbers(kpi: Kpi) -> dict[str, float]:
    """What the UI draws over partitions and over time; the wall seconds are there as `seconds`."""
    return {
        "cpu_seconds": round(kpi.cpu_seconds, 4),
        "peak_memory_bytes": kpi.peak_memory_bytes,
        "rows_in": kpi.rows_in,
        "bytes_in": kpi.bytes_in,
        **{f"{phase}_seconds": round(seconds, 4) for phase, seconds in kpi.phases.items()},
    }


def _kinds(dataset: Dataset) -> set[str]:
    """What it is computed with, and the format it reads; the UI has an icon for each of these."""
    formats = {dataset.source.format.split(".")[1]} if dataset.source else set()
    return {_KINDS[frame] for frame in dataset.frames.values()} | formats


def _tags(dataset: Dataset) -> dict[str, str]:
    """What people filter datasets by."""
    return {
        "dagster/storage_kind": "duckdb",
        "flow_assets/layer": dataset.layer,
        "flow_assets/partitions": _first_word(dataset.partitions) if dataset.partitions else "none",
        **({"flow_assets/buckets": _first_word(dataset.buckets)} if dataset.buckets else {}),
        **({"flow_assets/set_based": "true"} if dataset.set_based else {}),
    }


def _metadata(dataset: Dataset, told: Particulars) -> dict[str, Any]:
    settings = [
        (name, repr(getattr(told.config, name))[:_WORDS_LENGTH], info.description or "")
        for name, info in (type(told.config).model_fields if told.config else {}).items()
    ]
    lineage = {column: [dg.TableColumnDep(*s) for s in sources] for column, sources in told.lineage.items()}
    return {
        "dagster/column_schema": _table_schema(dataset, told.lineage),
        "dagster/table_name": f"{dataset.layer}.{dataset.name}",
        "dagster/storage_kind": "duckdb",
        "dagster/code_references": _code_references(dataset.location),
        "key columns": ", ".join(dataset.sort_by),
        **({"dagster/column_lineage": dg.TableColumnLineage(lineage)} if lineage else {}),
        **({"partitions": in_words(dataset.partitions)} if dataset.partitions else {}),
        **({"buckets": in_words(dataset.buckets)} if dataset.buckets else {}),
        **({"source": in_words(dataset.source)} if dataset.source else {}),
        **({"deadline": str(dataset.deadline)} if dataset.deadline else {}),
        **({"reads": table(("dataset", "partitions"), told.reads.items())} if told.reads else {}),
        **({"config": table(("field", "value", "meaning"), settings)} if settings else {}),
    }


def _table_schema(dataset: Dataset, lineage: Mapping[str, Sequence[ColumnSource]]) -> dg.TableSchema:
    columns = [
        dg.TableColumn(
            column.name,
            str(column.type),
            description=_described(column, lineage.get(column.name, ())),
            constraints=_constraints(column, dataset),
        )
        for column in dataset.schema.columns()
    ]
    return dg.TableSchema(columns, dg.TableConstraints([f"key: {', '.join(dataset.sort_by)}"]))


def _described(column: ColumnDeclaration, sources: Sequence[ColumnSource]) -> str:
    origin = ", ".join(f"`{source.dataset}.{source.column}`" for source in sources)
    return f"{column.description}\n\nFrom {origin}" if origin else column.description


def _constraints(column: ColumnDeclaration, dataset: Dataset) -> dg.TableColumnConstraints:
    """Its rules in words; what is unique may be so only within its partition."""
    rules = [rule for rule in dataset.rules if rule.columns == (column.name,)]
    marked = [rule for rule in rules if _is_marked(rule)]
    is_unique = any(isinstance(rule.constraint, Unique) for rule in marked)
    other = [f"unit: {column.unit}"] if column.unit else []
    other += [f"{column.digits} decimals"] if column.digits is not None else []
    other += ["unique in its partition"] if is_unique and dataset.partitions else []
    other += ["key"] if column.name in dataset.sort_by else []
    other += [shortened(in_short(rule), _WORDS_LENGTH) for rule in rules if rule not in marked]
    return dg.TableColumnConstraints(column.nullable, unique=is_unique and dataset.partitions is None, other=other)


def _is_marked(rule: Rule) -> bool:
    """Whether Dagster has a mark for what it says: a column never null, or unique."""
    return isinstance(rule.constraint, NotNull | Unique) and rule.severity is Severity.ERROR and not rule.tolerance


def _code_references(location: str) -> dg.CodeReferencesMetadataValue:
    file, _, line = location.rpartition(":")
    reference = dg.LocalFileCodeReference(file_path=file, line_number=int(line))
    return dg.CodeReferencesMetadataValue(code_references=[reference])


def in_words(declaration: Any) -> str:
    """A declared value in words: what it is, and the fields that were given; cut where it is long."""
    given = [
        (f.name, getattr(declaration, f.name))
        for f in dataclasses.fields(declaration)
        if getattr(declaration, f.name) != f.default
    ]
    if isinstance(declaration, Lookback):
        given = [(declaration.unit, declaration.count), *((n, v) for n, v in given if n not in ("count", "unit"))]
    fields = [f"{name} {', '.join(map(str, v)) if isinstance(v, tuple) else v}" for name, v in given]
    text = ": ".join(filter(None, (_split(declaration).lower(), "; ".join(fields))))
    return shortened(text, _WORDS_LENGTH)


def _first_word(declaration: Any) -> str:
    return _split(declaration).split()[0].lower()


def _split(declaration: Any) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(declaration).__name__)
