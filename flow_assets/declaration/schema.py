"""The columns of a dataset, declared once as a pandera model."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any

import pandas as pd
import pandera.pandas as pa
import pyarrow as arrow
from typing_extensions import override

from flow_assets.declaration.constraints import NotNull
from flow_assets.declaration.fit import misfit
from flow_assets.declaration.pandera_checks import rule_of, with_rules
from flow_assets.declaration.rules import Rule, not_null
from flow_assets.declaration.twins import odd_twins
from flow_assets.errors import DefinitionError, sentence

Bool = Annotated[pd.ArrowDtype, arrow.bool_()]
Int16 = Annotated[pd.ArrowDtype, arrow.int16()]
Int32 = Annotated[pd.ArrowDtype, arrow.int32()]
Int64 = Annotated[pd.ArrowDtype, arrow.int64()]
Float64 = Annotated[pd.ArrowDtype, arrow.float64()]
String = Annotated[pd.ArrowDtype, arrow.string()]
Date = Annotated[pd.ArrowDtype, arrow.date32()]
TimestampUtc = Annotated[pd.ArrowDtype, arrow.timestamp("us", "UTC")]


@dataclass(frozen=True)
class ColumnDeclaration:
    """One column: its Arrow type, whether it may be null, and what it means.

    Attributes:
        digits: decimals to which values are rounded before they are hashed and written, so that results do not depend
            on the order of floating-point sums; None keeps them as they are.
        rules: what its values must be, besides not being null.
    """

    name: str
    type: arrow.DataType
    nullable: bool
    description: str
    unit: str | None = None
    digits: int | None = None
    rules: tuple[Rule, ...] = ()


def column(
    description: str,
    *,
    unit: str | None = None,
    nullable: bool = False,
    digits: int | None = None,
    rules: Sequence[Rule] = (),
) -> Any:  # pandera's own Field returns Any, for the class body to type-check
    """Describe a column of a `DatasetSchema`.

    Args:
        description: what it means.
        unit: what its numbers count.
        nullable: whether it may be null.
        digits: decimals to which values are rounded; see `ColumnDeclaration`.
        rules: what its values must be, made by the functions of `flow_assets.declaration.rules`.

    Example:
        `origin: String = column("Airport of departure", rules=[isin(["EWR", "JFK", "LGA"])])`
    """
    metadata = {"unit": unit, "digits": digits, "rules": as_rules(rules, "column(..., rules=[...])")}
    return pa.Field(nullable=nullable, description=description, metadata=metadata)


def as_rules(given: Any, where: str) -> tuple[Rule, ...]:
    """The rules in a list that people wrote.

    Raises:
        DefinitionError: it is no list, or something in it is no rule.
    """
    if isinstance(given, Rule):
        raise DefinitionError(f"{where} takes a list of rules; put {given.known_as} in one: [...].")
    if isinstance(given, str) or not isinstance(given, Iterable):
        forgotten = " Has `return` been forgotten?" if given is None else ""
        raise DefinitionError(f"{where} takes a list of rules, such as [unique()], not {given!r}.{forgotten}")
    found = tuple(given)
    for rule in found:
        if not isinstance(rule, Rule):
            raise DefinitionError(f"{where} has {_no_rule(rule)}.")
    return found


def _no_rule(given: Any) -> str:
    if not callable(given):
        return f'{given!r}, which is no rule; of SQL one is made by row_rule("...", name="...") in `rules()`'
    name = getattr(given, "__name__", "function")
    if getattr(given, "__module__", "").startswith("flow_assets."):
        return f"{name}, which makes a rule once it is called: {name}(...)"
    return f"{name}, which is a function and no rule; one is made of it by python_rule({name})"


class DatasetSchema(pa.DataFrameModel):
    """Base of every dataset's schema: a pandera `DataFrameModel` with Arrow types and a description for each column.

    What is declared by pandera's own means (`pa.Field(ge=0)`, `@pa.check`, `@pa.dataframe_check`) are rules too.
    """

    @classmethod
    def rules(cls) -> Sequence[Rule]:
        """What must hold of rows across columns, of the partition, or beside those before; to be overridden."""
        return ()

    @classmethod
    @override
    def to_schema(cls) -> pa.DataFrameSchema:
        """The pandera schema with every rule that can be asked of a frame alone; `validate` uses it."""
        return with_rules(cls.__schema__, cls.all_rules())

    @classmethod
    def columns(cls) -> tuple[ColumnDeclaration, ...]:
        """The declared columns, in order.

        Raises:
            DefinitionError: a column has no Arrow type or no description, or is optional or parsed.
        """
        return _columns(cls)

    @classmethod
    def all_rules(cls) -> tuple[Rule, ...]:
        """Every rule, those of columns first; a column that is not nullable has `not_null` if it is not given.

        Raises:
            DefinitionError: two rules have one name, or a rule names a column that is not there, does not fit its type
                or cannot be asked.
        """
        return _all_rules(cls)

    @classmethod
    def arrow_schema(cls) -> arrow.Schema:
        """The Arrow schema of the data as it is written."""
        return arrow.schema([arrow.field(c.name, c.type, c.nullable) for c in cls.columns()])


def names_of_several(rules: Iterable[Rule]) -> list[str]:
    """The names that more than one rule has, to people who do not mind the case."""
    counts = Counter(rule.name.casefold() for rule in rules)
    return sorted(name for name, count in counts.items() if count > 1)


@cache
def _columns(schema: type[DatasetSchema]) -> tuple[ColumnDeclaration, ...]:
    declared = schema.__schema__
    if declared.unique or declared.index or declared.parsers:
        raise DefinitionError(
            f"{schema.__name__}: an index, parsers and pandera's `unique` are not supported; use columns, `sort_by` "
            "and the rule `unique`."
        )
    return tuple(_declaration(schema.__name__, name, col) for name, col in declared.columns.items())


def _declaration(schema: str, name: str, declared: Any) -> ColumnDeclaration:
    arrow_type = getattr(getattr(declared.dtype, "type", None), "pyarrow_dtype", None)
    metadata = declared.metadata or {}
    if arrow_type is None:
        raise DefinitionError(f"{schema}.{name}: annotate it with an Arrow type, such as `String` or `Int32`.")
    if not declared.description:
        raise DefinitionError(f'{schema}.{name}: say what it means: `column("...")`.')
    if declared.unique or declared.parsers or not declared.required:
        raise DefinitionError(
            f"{schema}.{name}: parsers, optional columns and pandera's `unique` are not supported; use `nullable` and "
            "the rule `unique`."
        )
    return ColumnDeclaration(
        name,
        arrow_type,
        declared.nullable,
        declared.description,
        metadata.get("unit"),
        metadata.get("digits"),
        (
            *(rule_of(check, f"{schema}.{name}", name) for check in declared.checks),
            *(rule.on(name) for rule in metadata.get("rules", ())),
        ),
    )


@cache
def _all_rules(schema: type[DatasetSchema]) -> tuple[Rule, ...]:
    found: list[Rule] = []
    for column in schema.columns():
        is_given = any(isinstance(rule.constraint, NotNull) for rule in column.rules)
        found += [not_null().on(column.name)] if not (column.nullable or is_given) else []
        found += column.rules
    found += [rule_of(check, schema.__name__) for check in schema.__schema__.checks]
    found += as_rules(schema.rules(), f"{schema.__name__}.rules()")
    types = {column.name: column.type for column in schema.columns()}
    for rule in found:
        if problem := misfit(rule, types):
            raise DefinitionError(f"{schema.__name__}: rule {rule.known_as}: {sentence(problem)}")
    if twice := names_of_several(found):
        raise DefinitionError(f"{schema.__name__}: several rules are called {', '.join(twice)}; give each its `name`.")
    if twins := odd_twins(found):
        leaving, other = (rule.name for rule in twins)
        raise DefinitionError(
            f"{schema.__name__}: rules {leaving} and {other} demand the same, and the rows that break it leave by the "
            f"first. Declare it once: a rule that quarantines has a `severity` and a `tolerance` too."
        )
    return tuple(found)
