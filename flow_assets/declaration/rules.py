"""Rules: a constraint, what kind of quality it is about, and what follows where it is broken.

Each function here makes a rule on rows and takes, besides the constraint's own arguments, the same options: see
`Options`. Those on partitions are in `partition_rules`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Self, TypedDict, Unpack

from flow_assets.declaration.arguments import (
    given_name,
    one_of,
    require_function,
    require_known,
    require_mapping,
    require_named,
    require_order,
    require_texts,
    several,
)
from flow_assets.declaration.constraints import (
    Compare,
    Constraint,
    InRange,
    IsIn,
    NotNull,
    PythonCheck,
    References,
    RowExpression,
    Scope,
    StrLength,
    StrMatches,
    Unique,
)
from flow_assets.declaration.tolerance import tolerates
from flow_assets.errors import DefinitionError


class Dimension(StrEnum):
    """The kinds of data quality."""

    COMPLETENESS = "completeness"
    ACCURACY = "accuracy"
    CONSISTENCY = "consistency"
    UNIQUENESS = "uniqueness"
    VALIDITY = "validity"
    TIMELINESS = "timeliness"


class Severity(StrEnum):
    """What follows where more is broken than is tolerated: a warning, or that the partition is not published."""

    WARN = "warn"
    ERROR = "error"


class Options(TypedDict, total=False):
    """What can be said of any rule.

    Attributes:
        name: by which it is known in the dataset; made of the constraint and its columns by default.
        dimension: `completeness`, `accuracy`, `consistency`, `uniqueness`, `validity` or `timeliness`.
        severity: `error` (the default; `warn` for a rule that quarantines or looks at history) or `warn`.
        tolerance: how much may be broken: a whole number of rows, or a share of them below 1.0. 0 by default.
        quarantine: whether rows that break it leave the dataset, for `quarantine.<dataset>`.
        description: why it must hold, for people.
    """

    name: str
    dimension: str
    severity: str
    tolerance: int | float
    quarantine: bool
    description: str


@dataclass(frozen=True)
class Rule:
    """One rule of one dataset; see `Options` for its fields.

    Attributes:
        columns: the columns it is about; empty for the whole row or partition.
    """

    constraint: Constraint
    columns: tuple[str, ...]
    name: str
    dimension: Dimension
    severity: Severity
    tolerance: int | float = 0
    quarantine: bool = False
    description: str = ""

    def on(self, column: str) -> Self:
        """The rule put on one column."""
        name = self.name.replace(_COLUMN, column)
        return replace(self, columns=self.columns or (column,), name=name)

    @property
    def known_as(self) -> str:
        """Its name, as far as it has one before it is put on a column."""
        return self.name.replace(f"{_COLUMN}_", "")

    @property
    def text(self) -> str:
        """What must hold, in words."""
        return self.constraint.text(self.columns)

    @property
    def scope(self) -> Scope:
        """What it looks at."""
        return self.constraint.scope

    @property
    def declaration(self) -> list[Any]:
        """What decides which rows fail, and nothing of what follows from that."""
        return [*self.constraint.declaration, list(self.columns)]

    def tolerates(self, failed: int, total: int) -> bool:
        """Whether `failed` of `total` is no more than is tolerated."""
        return tolerates(self.tolerance, failed, total)


_COLUMN = "{column}"
_NAME = {"ge": "at_least", "gt": "greater_than", "le": "at_most", "lt": "less_than", "eq": "equal_to", "ne": "not"}


def not_null(**options: Unpack[Options]) -> Rule:
    """No value is null. Without it, a column that is not `nullable` has it as an error."""
    return make_rule(NotNull(), "{column}_not_null", options)


def ge(value: Any, **options: Unpack[Options]) -> Rule:
    """Values are at least `value`."""
    return _compare("ge", value, options)


def gt(value: Any, **options: Unpack[Options]) -> Rule:
    """Values are greater than `value`."""
    return _compare("gt", value, options)


def le(value: Any, **options: Unpack[Options]) -> Rule:
    """Values are at most `value`."""
    return _compare("le", value, options)


def lt(value: Any, **options: Unpack[Options]) -> Rule:
    """Values are less than `value`."""
    return _compare("lt", value, options)


def eq(value: Any, **options: Unpack[Options]) -> Rule:
    """Values equal `value`."""
    return _compare("eq", value, options)


def ne(value: Any, **options: Unpack[Options]) -> Rule:
    """No value equals `value`."""
    return _compare("ne", value, options)


def in_range(
    min_value: Any, max_value: Any, include_min: bool = True, include_max: bool = True, **options: Unpack[Options]
) -> Rule:
    """Values lie between two bounds."""
    require_order(min_value, max_value)
    return make_rule(InRange(min_value, max_value, include_min, include_max), "{column}_in_range", options)


def isin(values: Iterable[Any], **options: Unpack[Options]) -> Rule:
    """Values are among `values`."""
    return make_rule(IsIn(several(values)), "{column}_isin", options)


def notin(values: Iterable[Any], **options: Unpack[Options]) -> Rule:
    """No value is among `values`."""
    return make_rule(IsIn(several(values), forbidden=True), "{column}_notin", options)


def str_matches(pattern: str, **options: Unpack[Options]) -> Rule:
    """Texts match `pattern`, of RE2, from their start; end it with `$` to match all of them."""
    return make_rule(StrMatches(pattern), "{column}_matches", options)


def str_contains(pattern: str, **options: Unpack[Options]) -> Rule:
    """`pattern` matches somewhere in the texts."""
    return make_rule(StrMatches(pattern, "contains"), "{column}_contains", options)


def str_startswith(text: str, **options: Unpack[Options]) -> Rule:
    """Texts start with `text`."""
    return make_rule(StrMatches(text, "startswith"), "{column}_startswith", options)


def str_endswith(text: str, **options: Unpack[Options]) -> Rule:
    """Texts end with `text`."""
    return make_rule(StrMatches(text, "endswith"), "{column}_endswith", options)


def str_length(min_value: int | None = None, max_value: int | None = None, **options: Unpack[Options]) -> Rule:
    """Texts have so many characters."""
    if min_value is None and max_value is None:
        raise DefinitionError("str_length() demands nothing; give min_value, max_value or both.")
    return make_rule(StrLength(min_value, max_value), "{column}_length", options)


def unique(*columns: str, **options: Unpack[Options]) -> Rule:
    """The columns together identify a row within its partition; on a column, without arguments, that column."""
    for name in columns:
        require_texts("unique(...)", column=name)
    return make_rule(Unique(), f"{'_'.join(columns) or _COLUMN}_unique", options, columns)


def row_rule(sql: str, **options: Unpack[Options]) -> Rule:
    """A SQL expression over the columns of a row holds, or is null.

    Example:
        `row_rule("arrival_utc > departure_utc", name="arrives_after_departure")`
    """
    require_texts("row_rule(...)", sql=sql)
    return make_rule(RowExpression(sql), given_name("row_rule", options), options)


def python_rule(function: Callable[..., Any], **options: Unpack[Options]) -> Rule:
    """A Python function says which rows pass: of the column it is put on, or of the frame; slower than SQL."""
    require_function(function, "name" in options)
    return make_rule(PythonCheck(function), getattr(function, "__name__", "python_rule"), options)


def references(dataset: str, on: Mapping[str, str] | None = None, **options: Unpack[Options]) -> Rule:
    """Values are a key of another dataset: `on`, which must be given, names a column here for each there."""
    require_mapping(dataset, on)
    on = on or {}
    name = f"{'_'.join(on)}_in_{dataset}"
    return make_rule(References(dataset, tuple(on.items())), name, options, tuple(on))


def _compare(operator: str, value: Any, options: Options) -> Rule:
    return make_rule(Compare(operator, value), f"{{column}}_{_NAME[operator]}", options)


def make_rule(constraint: Constraint, name: str, options: Options, columns: tuple[str, ...] = ()) -> Rule:
    """A rule with `options`, of which `name` is the default name.

    Raises:
        DefinitionError: the options are none, or do not fit the constraint.
    """
    require_known(options, Options.__annotations__)
    if "name" in options:
        require_named(options["name"])
    quarantine = options.get("quarantine", False)
    is_mild = quarantine or constraint.scope is Scope.HISTORY
    rule = Rule(
        constraint,
        columns,
        options.get("name", name),
        one_of(Dimension, options.get("dimension", constraint.dimension)),
        one_of(Severity, options.get("severity", "warn" if is_mild else "error")),
        options.get("tolerance", 0),
        quarantine,
        options.get("description", ""),
    )
    _require_sense(rule)
    return rule


def _require_sense(rule: Rule) -> None:
    tolerance = rule.tolerance
    is_share = isinstance(tolerance, float) and 0 <= tolerance < 1
    is_number = isinstance(tolerance, int) and not isinstance(tolerance, bool) and tolerance >= 0
    problems = (
        (not (is_share or is_number), f"its tolerance {tolerance!r} is neither a number of rows nor a share below 1.0"),
        (not isinstance(rule.quarantine, bool), f"quarantine={rule.quarantine!r} is neither True nor False"),
        (not isinstance(rule.description, str), f"its description {rule.description!r} is no text"),
        (
            tolerance and not rule.constraint.is_counted,
            "it holds or it does not, so that there is nothing to tolerate; leave `tolerance` out",
        ),
        (rule.quarantine and rule.scope is not Scope.ROW, "only a rule on rows can quarantine them"),
        (
            rule.scope is Scope.HISTORY and rule.severity is Severity.ERROR,
            "a rule against history only warns: what came before may be what is wrong",
        ),
    )
    for is_wrong, problem in problems:
        if is_wrong:
            raise DefinitionError(f"Rule {rule.known_as}: {problem}.")
