"""Rules on rows as pandera's checks, and pandera's checks as rules: a schema says each once, in either way.

What a pandera schema is declared with by pandera's own means becomes rules with the options' defaults. Rules become
checks, so that `YourSchema.validate(frame)` asks what is asked of a partition. A rule that refers to another dataset
or looks at more than rows cannot be asked of a frame alone, and is not.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

import pandas as pd
import pandera.pandas as pa
import pyarrow as arrow
from pandera.api.base.model_components import BaseCheckInfo
from pandera.api.function_dispatch import Dispatcher

from flow_assets.declaration import rules as ways
from flow_assets.declaration.answers import answer_of, passes_where_missing
from flow_assets.declaration.constraints import (
    Compare,
    Constraint,
    InRange,
    IsIn,
    NotNull,
    PythonCheck,
    RowExpression,
    StrLength,
    StrMatches,
    Unique,
)
from flow_assets.declaration.rules import Options, Rule, Severity
from flow_assets.errors import DefinitionError

_COMPARISONS: Mapping[str, Callable[..., Any]] = {
    "ge": pa.Check.greater_than_or_equal_to,
    "gt": pa.Check.greater_than,
    "le": pa.Check.less_than_or_equal_to,
    "lt": pa.Check.less_than,
    "eq": pa.Check.equal_to,
    "ne": pa.Check.not_equal_to,
}
_TEXTS: Mapping[str, Callable[..., Any]] = {
    "matches": pa.Check.str_matches,
    "contains": pa.Check.str_contains,
    "startswith": pa.Check.str_startswith,
    "endswith": pa.Check.str_endswith,
}


def rule_of(check: Any, where: str, column: str | None = None) -> Rule:
    """A check that is declared by pandera's own means, as a rule.

    Args:
        check: a builtin check, or a function of a column or of the frame.
        where: the schema and the column, for an error.
        column: what it is put on; None for the frame.

    Raises:
        DefinitionError: it is asked otherwise than of each value or row, or is not known.
    """
    problem = _unsupported(check)
    if problem:
        raise DefinitionError(f"{where}: pandera's check {check.name} {problem}.")
    options = Options(description=check.description or "", severity="warn" if check.raise_warning else "error")
    if _is_builtin(check):
        rule = _BUILTIN[check._check_fn.__name__](check._check_kwargs, options)
        return rule.on(column) if column else rule
    options["name"] = check.name
    function = _function(check)
    rule = replace(
        ways.python_rule(function, **options),
        constraint=PythonCheck(function, check.element_wise),
        name=f"{column}_{check.name}" if column else check.name,
    )
    return rule.on(column) if column else rule


def _is_builtin(check: Any) -> bool:
    return isinstance(check._check_fn, Dispatcher)


def _unsupported(check: Any) -> str | None:
    if type(check) is not pa.Check:
        return f"is a {type(check).__name__}, which says nothing of single rows; use `partition_query`"
    if check.groupby is not None:
        return "groups rows; use `partition_query`"
    if not check.ignore_na:
        return "is asked of nulls too; say that with `nullable=False` or `not_null`"
    if _is_builtin(check) and check._check_fn.__name__ not in _BUILTIN:
        return "is not supported; use a rule of `flow_assets`, such as `partition_query` or `python_rule`"
    if not _is_builtin(check) and check.name == "<lambda>":
        return "has no name; give it one: `name=...`"
    return None


def _function(check: Any) -> Callable[..., Any]:
    """The function as its user wrote it, with the class and the arguments that pandera gives it."""
    function = check._check_fn
    adapted = inspect.getclosurevars(function).nonlocals if inspect.isfunction(function) else {}
    if isinstance(info := adapted.get("self"), BaseCheckInfo):
        function = partial(info.check_fn, adapted["model_cls"])
    return partial(function, **check._check_kwargs) if check._check_kwargs else function


def _comparison(way: Callable[..., Rule], argument: str) -> Callable[[Mapping[str, Any], Options], Rule]:
    return lambda given, options: way(given[argument], **options)


def _in_range(given: Mapping[str, Any], options: Options) -> Rule:
    bounds = (given["min_value"], given["max_value"])
    return ways.in_range(*bounds, given["include_min"], given["include_max"], **options)


def _str_length(given: Mapping[str, Any], options: Options) -> Rule:
    exact = given.get("exact_value")
    low, high = (given.get("min_value"), given.get("max_value")) if exact is None else (exact, exact)
    return ways.str_length(low, high, **options)


def _set(way: Callable[..., Rule], argument: str) -> Callable[[Mapping[str, Any], Options], Rule]:
    """The values in one order, which pandera's set has not from run to run."""
    return lambda given, options: way(sorted(given[argument], key=lambda v: (type(v).__name__, v)), **options)


_BUILTIN: Mapping[str, Callable[[Mapping[str, Any], Options], Rule]] = {
    "equal_to": _comparison(ways.eq, "value"),
    "not_equal_to": _comparison(ways.ne, "value"),
    "greater_than": _comparison(ways.gt, "min_value"),
    "greater_than_or_equal_to": _comparison(ways.ge, "min_value"),
    "less_than": _comparison(ways.lt, "max_value"),
    "less_than_or_equal_to": _comparison(ways.le, "max_value"),
    "in_range": _in_range,
    "isin": _set(ways.isin, "allowed_values"),
    "notin": _set(ways.notin, "forbidden_values"),
    "str_matches": _comparison(ways.str_matches, "pattern"),
    "str_contains": _comparison(ways.str_contains, "pattern"),
    "str_startswith": _comparison(ways.str_startswith, "string"),
    "str_endswith": _comparison(ways.str_endswith, "string"),
    "str_length": _str_length,
}


def with_rules(schema: pa.DataFrameSchema, rules: Sequence[Rule]) -> pa.DataFrameSchema:
    """A pandera schema that asks `rules` instead of its own checks, as far as a frame alone can answer them."""
    asked: dict[str, list[Any]] = {name: [] for name in schema.columns}
    of_frame: list[Any] = []
    for rule in rules:
        if type(rule.constraint) in _OF_FRAME:
            of_frame.append(check_of(rule))
        elif type(rule.constraint) in _OF_COLUMN:
            is_asked_already = isinstance(rule.constraint, NotNull) and not schema.columns[rule.columns[0]].nullable
            (of_frame if not rule.columns else asked[rule.columns[0]]).extend(
                [] if is_asked_already else [check_of(rule)]
            )
    made = schema.update_columns({name: {"checks": checks} for name, checks in asked.items()})
    made.checks = of_frame
    made.coerce = True  # a frame of pandas' own types is one of the same values in Arrow's
    return made


def check_of(rule: Rule) -> Any:
    """A rule on rows as pandera's check of its column, or of the frame; what is tolerated passes there too."""
    said: dict[str, Any] = {
        "name": rule.name,
        "error": rule.name,  # of its text pandera's messages would leave out what follows a `>`
        "description": rule.description or rule.text,
        "raise_warning": rule.severity is Severity.WARN,
    }
    make = {**_OF_COLUMN, **_OF_FRAME}[type(rule.constraint)]
    check = make(rule, said)
    return pa.Check(partial(_tolerant, check, rule), ignore_na=False, **said) if rule.tolerance else check


def _tolerant(check: Any, rule: Rule, rows: pd.Series | pd.DataFrame) -> Any:
    answer = check(rows).check_output
    if not isinstance(answer, pd.Series):
        return answer
    passes = passes_where_missing(answer).reindex(rows.index, fill_value=True)
    return True if rule.tolerates(int((~passes).sum()), len(passes)) else passes


def _compare(rule: Rule, said: Mapping[str, Any]) -> Any:
    constraint = _constraint(rule, Compare)
    return _COMPARISONS[constraint.operator](constraint.value, **said)


def _range(rule: Rule, said: Mapping[str, Any]) -> Any:
    constraint = _constraint(rule, InRange)
    bounds = (constraint.min_value, constraint.max_value, constraint.include_min, constraint.include_max)
    return pa.Check.in_range(*bounds, **said)


def _is_in(rule: Rule, said: Mapping[str, Any]) -> Any:
    constraint = _constraint(rule, IsIn)
    return (pa.Check.notin if constraint.forbidden else pa.Check.isin)(list(constraint.values), **said)


def _matches(rule: Rule, said: Mapping[str, Any]) -> Any:
    constraint = _constraint(rule, StrMatches)
    return _TEXTS[constraint.mode](constraint.pattern, **said)


def _length(rule: Rule, said: Mapping[str, Any]) -> Any:
    constraint = _constraint(rule, StrLength)
    return pa.Check.str_length(min_value=constraint.min_value, max_value=constraint.max_value, **said)


def _not_null(rule: Rule, said: Mapping[str, Any]) -> Any:
    del rule
    return pa.Check(pd.Series.notna, ignore_na=False, **said)


def _python(rule: Rule, said: Mapping[str, Any]) -> Any:
    constraint = _constraint(rule, PythonCheck)
    return pa.Check(partial(answer_of, rule.name, constraint), element_wise=constraint.element_wise, **said)


def _unique(rule: Rule, said: Mapping[str, Any]) -> Any:
    return pa.Check(partial(_is_unrepeated, list(rule.columns)), ignore_na=False, **said)


def _is_unrepeated(columns: list[str], frame: pd.DataFrame) -> pd.Series:
    key = frame[columns]
    floats = {name: key[name] + 0.0 for name in columns if pd.api.types.is_float_dtype(key[name].dtype)}
    return ~key.assign(**floats).duplicated(keep=False)  # pandas takes -0.0 for another number than 0.0


def _expression(rule: Rule, said: Mapping[str, Any]) -> Any:
    return pa.Check(partial(_holds, _constraint(rule, RowExpression).sql), ignore_na=False, **said)


def _holds(sql: str, frame: pd.DataFrame) -> pd.Series:
    import duckdb  # who only declares and plans never needs it here

    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.register("rows", arrow.Table.from_pandas(frame, preserve_index=False))
        answers = connection.sql(f"SELECT coalesce(({sql}\n), true) FROM rows").to_arrow_table().column(0)
    return pd.Series(answers.to_numpy(), index=frame.index)


_Kind = TypeVar("_Kind", bound=Constraint)


def _constraint(rule: Rule, kind: type[_Kind]) -> _Kind:
    assert isinstance(rule.constraint, kind)
    return rule.constraint


_OF_COLUMN: Mapping[type[Constraint], Callable[[Rule, Mapping[str, Any]], Any]] = {
    NotNull: _not_null,
    Compare: _compare,
    InRange: _range,
    IsIn: _is_in,
    StrMatches: _matches,
    StrLength: _length,
    PythonCheck: _python,
}
_OF_FRAME: Mapping[type[Constraint], Callable[[Rule, Mapping[str, Any]], Any]] = {
    Unique: _unique,
    RowExpression: _expression,
}
