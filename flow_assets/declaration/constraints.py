"""What can be demanded of rows; plain values. What is demanded of a partition is in `partition_constraints`.

Names are pandera's where it has one. A constraint knows no column by itself, unless it is about several: a rule says
which column it is put on.
"""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from functools import partial
from typing import Any, ClassVar

from typing_extensions import override


class Scope(StrEnum):
    """What a constraint looks at: one row after the other, a whole partition, or also the partitions before it."""

    ROW = "row"
    PARTITION = "partition"
    HISTORY = "history"


@dataclass(frozen=True)
class Constraint:
    """What must hold; its subclasses say what.

    Attributes:
        scope: what it looks at.
        dimension: the kind of quality that it is about.
        is_counted: whether it may be broken a little; else it holds or it does not.
    """

    scope: ClassVar[Scope] = Scope.ROW
    dimension: ClassVar[str] = "validity"
    is_counted: ClassVar[bool] = True

    def text(self, columns: tuple[str, ...]) -> str:
        """It in words, of these columns."""
        raise NotImplementedError

    @property
    def declaration(self) -> list[Any]:
        """Its kind and arguments, for a fingerprint and for JSON."""
        return [type(self).__name__, {f.name: _plain(getattr(self, f.name)) for f in fields(self)}]


@dataclass(frozen=True)
class NotNull(Constraint):
    """No value is null; a NaN is a value."""

    dimension: ClassVar[str] = "completeness"

    @override
    def text(self, columns: tuple[str, ...]) -> str:
        return f"{columns[0]} is not null"


@dataclass(frozen=True)
class Compare(Constraint):
    """A value is on one side of a bound; null passes.

    Attributes:
        operator: `ge`, `gt`, `le`, `lt`, `eq` or `ne`.
    """

    operator: str
    value: Any

    @override
    def text(self, columns: tuple[str, ...]) -> str:
        return f"{columns[0]} {OPERATORS[self.operator]} {self.value}"


OPERATORS = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<", "eq": "=", "ne": "<>"}


@dataclass(frozen=True)
class InRange(Constraint):
    """A value lies between two bounds; null passes."""

    min_value: Any
    max_value: Any
    include_min: bool = True
    include_max: bool = True

    @override
    def text(self, columns: tuple[str, ...]) -> str:
        low, high = ("<=" if include else "<" for include in (self.include_min, self.include_max))
        return f"{self.min_value} {low} {columns[0]} {high} {self.max_value}"


@dataclass(frozen=True)
class IsIn(Constraint):
    """A value is one of a set, or with `forbidden` none of it; null passes."""

    values: tuple[Any, ...]
    forbidden: bool = False

    @property
    @override
    def declaration(self) -> list[Any]:
        """Its kind and arguments; neither the order of the values nor how often they are named decides anything."""
        kind, arguments = super().declaration
        values = {json.dumps(value): value for value in arguments["values"]}
        return [kind, {**arguments, "values": [values[text] for text in sorted(values)]}]

    @override
    def text(self, columns: tuple[str, ...]) -> str:
        return f"{columns[0]} is {'none' if self.forbidden else 'one'} of {', '.join(map(str, self.values))}"


@dataclass(frozen=True)
class StrMatches(Constraint):
    """A text matches a regular expression; null passes.

    Attributes:
        mode: `matches` (from the start, as `re.match`), `contains`, `startswith` or `endswith`; the last two take the
            text as it is.
    """

    pattern: str
    mode: str = "matches"

    @override
    def text(self, columns: tuple[str, ...]) -> str:
        verb = {"matches": "matches", "contains": "contains", "startswith": "starts with", "endswith": "ends with"}
        return f"{columns[0]} {verb[self.mode]} {self.pattern}"


@dataclass(frozen=True)
class StrLength(Constraint):
    """A text has so many characters (code points); null passes."""

    min_value: int | None = None
    max_value: int | None = None

    @override
    def text(self, columns: tuple[str, ...]) -> str:
        bounds = [f"at least {self.min_value}"] if self.min_value is not None else []
        bounds += [f"at most {self.max_value}"] if self.max_value is not None else []
        return f"{columns[0]} has {' and '.join(bounds)} characters"


@dataclass(frozen=True)
class Unique(Constraint):
    """The columns together identify a row of the partition, exactly; nulls are equal. All of equal rows fail."""

    dimension: ClassVar[str] = "uniqueness"

    @override
    def text(self, columns: tuple[str, ...]) -> str:
        return f"{', '.join(columns)} {'is' if len(columns) == 1 else 'are'} unique"


@dataclass(frozen=True)
class RowExpression(Constraint):
    """A SQL expression over the row's columns holds; null passes, as in SQL's own CHECK."""

    dimension: ClassVar[str] = "consistency"
    sql: str

    @override
    def text(self, columns: tuple[str, ...]) -> str:
        return self.sql


@dataclass(frozen=True)
class PythonCheck(Constraint):
    """A Python function of a column or of the frame says which rows pass; runs through pandera, slower than SQL.

    Attributes:
        function: takes a pandas Series (of the one column) or a DataFrame, and returns truth values, one a row or one.
        element_wise: the function takes one value.
    """

    dimension: ClassVar[str] = "consistency"
    function: Callable[..., Any]
    element_wise: bool = False

    @override
    def text(self, columns: tuple[str, ...]) -> str:
        return f"{_name(self.function)}({', '.join(columns) or 'rows'}), in Python"


@dataclass(frozen=True)
class References(Constraint):
    """The columns' values are a key in another dataset's matching partition (all of it, if partitioned otherwise).

    A row passes where one of the columns is null. Where the other has no such partition, no key is there.

    Attributes:
        on: column here to column there.
    """

    dimension: ClassVar[str] = "consistency"
    dataset: str
    on: tuple[tuple[str, str], ...]

    @override
    def text(self, columns: tuple[str, ...]) -> str:
        return f"{', '.join(here for here, _ in self.on)} in {self.dataset}.{', '.join(there for _, there in self.on)}"


def _plain(value: Any) -> Any:
    """A value as JSON, with its type where JSON would lose it."""
    if isinstance(value, bool | int | float | str) or value is None:
        is_json = not isinstance(value, float) or math.isfinite(value)
        return value if is_json else [type(value).__name__, str(value)]
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if callable(value):
        return _name(value)
    return [type(value).__name__, str(value)]


def _name(function: Callable[..., Any]) -> str:
    while isinstance(function, partial):
        function = function.func
    return getattr(function, "__qualname__", "function").rpartition(".<locals>.")[2]
