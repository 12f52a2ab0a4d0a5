"""A dataset: one function, its schema, and everything that is declared about it."""

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa
from pydantic import BaseModel

from flow_assets.declaration.buckets import Buckets
from flow_assets.declaration.constraints import References, Scope, Unique
from flow_assets.declaration.dataset_arguments import require_kinds
from flow_assets.declaration.deadlines import Deadline, as_deadline, deadline_misfit
from flow_assets.declaration.fit import lenience
from flow_assets.declaration.inputs import Input, Lookback, SamePartition
from flow_assets.declaration.partition_fit import partition_misfit
from flow_assets.declaration.partitions import Partitions
from flow_assets.declaration.rules import Rule, unique
from flow_assets.declaration.schema import DatasetSchema, names_of_several
from flow_assets.declaration.signature import Frame, Signature, listed
from flow_assets.declaration.sources import Landed
from flow_assets.declaration.time_partitions import HourlyPartitions, TimePartitions
from flow_assets.errors import DefinitionError, sentence


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """What is declared of one dataset; see `dataset` for the meaning of each field.

    Attributes:
        ins: every input dataset by name, with the partitions of it that are read.
        frames: parameter name to the kind of frame it takes.
        config: name of the parameter that takes the config, and its pydantic model.
        context: name of the parameter that takes the `PartitionContext`.
        description: the docstring of the module in which the dataset is declared.
        layer: the last name of the package in which that module lies.
    """

    name: str
    function: Callable[..., Any]
    schema: type[DatasetSchema]
    sort_by: tuple[str, ...]
    partitions: Partitions | None
    partition_column: str | None
    ins: Mapping[str, Input]
    source: Landed | None
    frames: Mapping[str, Frame]
    config: tuple[str, type[BaseModel]] | None
    context: str | None
    buckets: Buckets | None
    set_based: bool
    code_version: str | None
    depends_on: tuple[Any, ...]
    ignore: tuple[Any, ...]
    owners: tuple[str, ...]
    deadline: Deadline | None
    description: str
    layer: str
    location: str

    def __repr__(self) -> str:
        return f"Dataset({self.name!r})"

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """Every rule of its schema, and that `sort_by` identifies a row, if the schema does not say so itself."""
        declared = self.schema.all_rules()
        has_key = any(isinstance(r.constraint, Unique) and set(r.columns) == set(self.sort_by) for r in declared)
        return declared if has_key else (*declared, unique(*self.sort_by, name="key_is_unique"))

    @cached_property
    def refers(self) -> tuple[str, ...]:
        """The datasets that its rules refer to and that it does not read; they come before it in the graph."""
        return tuple(sorted({c.dataset for c in _references(self.schema)} - set(self.ins)))


def dataset(  # noqa: PLR0913
    *,
    schema: type[DatasetSchema],
    sort_by: list[str],
    partitions: Partitions | None = None,
    partition_column: str | None = None,
    ins: Mapping[str, Input] | None = None,
    source: Landed | None = None,
    buckets: Buckets | None = None,
    set_based: bool = False,
    code_version: str | None = None,
    depends_on: tuple[Any, ...] = (),
    ignore: tuple[Any, ...] = (),
    owners: tuple[str, ...] = (),
    deadline: str | Deadline | None = None,
) -> Callable[[Callable[..., Any]], Dataset]:
    """Declare a dataset by the function that computes it.

    The function takes frames and returns a frame. Each parameter names an input dataset, and its annotation chooses the
    kind of frame: `duckdb.DuckDBPyRelation` (lazy), `pandas.DataFrame` or `pyarrow.Table`. A parameter annotated with
    `PartitionContext` takes the partitions asked for, one annotated with a pydantic model takes the config.

    Args:
        schema: the columns of the result.
        sort_by: columns that order the rows and, together, identify one.
        partitions: the dataset's partitions; none by default.
        partition_column: column whose value is the partition's key in every row, or the beginning of its hour or month;
            checked where given.
        ins: how the partitions of an input are read, where it is not the same partition.
        source: the landed files that the one frame parameter reads, instead of input datasets.
        buckets: how the rows of a partition are divided.
        set_based: compute many partitions in one call; the result is split by `partition_column`.
        code_version: stands for the function's code instead of its fingerprint; raise it with each change.
        depends_on: further objects whose code or value the result depends on.
        ignore: objects the function refers to whose content does not matter.
        owners: e-mail addresses or `team:name`.
        deadline: when a partition should be there once its period has ended: a length of time such as `6 hours`, or
            `by("08:00")`; without partitions, how old what is published may become. It enters no key.

    Raises:
        DefinitionError: the declaration contradicts itself.
    """
    given = {"partitions": partitions, "source": source, "buckets": buckets, "owners": owners, "schema": schema}

    def declare(function: Callable[..., Any]) -> Dataset:
        signature = Signature.of(function)
        require_kinds(signature.location, {**given, "sort_by": sort_by, "ins": ins, "deadline": deadline})
        _require_ins_are_frames(set(ins or ()), signature, source)
        module = sys.modules[function.__module__]
        declared = Dataset(
            name=function.__name__,
            function=function,
            schema=schema,
            sort_by=tuple(sort_by),
            partitions=partitions,
            partition_column=partition_column,
            ins={} if source else _inputs(signature, ins or {}, schema),
            source=source,
            frames=signature.frames,
            config=signature.config,
            context=signature.context,
            buckets=buckets,
            set_based=set_based,
            code_version=code_version,
            depends_on=tuple(depends_on),
            ignore=tuple(ignore),
            owners=tuple(owners),
            deadline=as_deadline(deadline),
            description=inspect.cleandoc(module.__doc__ or function.__doc__ or ""),
            layer=function.__module__.split(".")[-2] if "." in function.__module__ else function.__module__,
            location=signature.location,
        )
        _validate(declared)
        return declared

    return declare


def _inputs(signature: Signature, ins: Mapping[str, Input], schema: type[DatasetSchema]) -> dict[str, Input]:
    """What it reads: its frames, and what decides which rows leave it for the quarantine."""
    deciding = [c.dataset for c in _references(schema, is_quarantining=True)]
    return {name: ins.get(name, SamePartition()) for name in (*signature.frames, *deciding)}


def _references(schema: type[DatasetSchema], *, is_quarantining: bool = False) -> list[References]:
    rules = [rule for rule in schema.all_rules() if rule.quarantine or not is_quarantining]
    return [rule.constraint for rule in rules if isinstance(rule.constraint, References)]


def _require_ins_are_frames(ins: set[str], signature: Signature, source: Landed | None) -> None:
    if source and ins:
        raise DefinitionError(f"{signature.location}: a dataset with a `source` reads no datasets; leave out `ins`.")
    if unknown := ins - set(signature.frames):
        raise DefinitionError(
            f"{signature.location}: `ins` names {listed(unknown)}, which is no frame parameter of the function."
        )


def _validate(declared: Dataset) -> None:
    for is_wrong, problem in (
        *_column_problems(declared),
        *_partition_problems(declared),
        *_rule_problems(declared),
    ):
        if is_wrong:
            raise DefinitionError(f"{declared.location}: dataset {declared.name}: {sentence(problem)}")


def _column_problems(declared: Dataset) -> tuple[tuple[bool, str], ...]:
    named = {*declared.sort_by, declared.partition_column, declared.buckets.column if declared.buckets else None}
    missing = {name for name in named if name is not None} - {c.name for c in declared.schema.columns()}
    buckets = declared.buckets
    divided = [buckets.problem(c.type) for c in declared.schema.columns() if buckets and c.name == buckets.column]
    return (
        *((True, problem) for problem in divided if problem),
        (bool(missing), f"{declared.schema.__name__} has no column {listed(missing)}"),
        (not declared.sort_by, "`sort_by` must name the columns that identify a row"),
        (
            declared.set_based and not declared.partition_column,
            "`set_based` needs `partition_column`, by which the result is split",
        ),
    )


def _partition_problems(declared: Dataset) -> tuple[tuple[bool, str], ...]:
    is_partitioned = declared.partitions is not None
    return (
        (declared.partition_column is not None and not is_partitioned, "`partition_column` needs `partitions`"),
        *_lookback_problems(declared),
        _partition_type_problem(declared),
        (
            declared.source is not None and len(declared.frames) != 1,
            "a dataset with a `source` takes exactly one frame: the landed lines",
        ),
        *((True, problem) for problem in [declared.source and declared.source.problem(declared.partitions)] if problem),
        *((True, problem) for problem in [deadline_misfit(declared.deadline, declared.partitions)] if problem),
    )


def _rule_problems(declared: Dataset) -> Iterator[tuple[bool, str]]:
    for name in names_of_several(declared.rules):
        yield True, f"another rule than the one on `sort_by` is called {name}; give it another `name`"
    required = {c.name for c in declared.schema.columns() if not c.nullable}
    columns = {c.name: c.type for c in declared.schema.columns()}
    for rule in declared.rules:
        is_of_rows = rule.scope is Scope.ROW
        problem = None if is_of_rows else partition_misfit(rule, columns, declared.partitions)
        if problem := problem or lenience(rule, required, declared.sort_by):
            yield True, f"rule {rule.known_as}: {problem}"


def _lookback_problems(declared: Dataset) -> Iterator[tuple[bool, str]]:
    unit = declared.partitions.unit if isinstance(declared.partitions, TimePartitions) else None
    for name, mapping in declared.ins.items():
        if isinstance(mapping, Lookback):
            yield (
                unit is None,
                f"{name}: only a dataset with hourly, daily or monthly partitions can look back; "
                "use `all_partitions()`",
            )
            yield (
                unit != mapping.unit,
                f"{name}: lookback({mapping.unit}={mapping.count}) cannot count {type(declared.partitions).__name__}; "
                f"write lookback({unit}=...)",
            )


def _partition_type_problem(declared: Dataset) -> tuple[bool, str]:
    """A partition column that can never hold its partition's key is found before anything is computed."""
    (kind,) = [c.type for c in declared.schema.columns() if c.name == declared.partition_column] or [None]
    if kind is None or pa.types.is_string(kind) or not isinstance(declared.partitions, TimePartitions):
        return False, ""
    if isinstance(declared.partitions, HourlyPartitions):
        return kind != pa.timestamp("us", "UTC"), (
            f"the partition column {declared.partition_column} of hourly partitions must be a `TimestampUtc`, the "
            "beginning of the hour, or a `String`, the key"
        )
    return not pa.types.is_date(kind), (
        f"the partition column {declared.partition_column} must be a `Date`, on which the partition begins, or a "
        "`String`, the key"
    )
