"""The columns of tables that a column of a query's result is worded with, as sqlglot reads the query."""

import logging
from collections.abc import Iterator, Mapping, Sequence

from sqlglot import exp, parse
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, build_scope

_DIALECT = "duckdb"
_BEYOND = (exp.Pivot, exp.Columns, exp.Exists, exp.PositionalColumn)
"""What this does not follow anywhere in a query."""

logging.getLogger("sqlglot").setLevel(logging.CRITICAL)  # what it cannot read is nobody's concern when definitions load


class _UncertainError(Exception):
    """A column might come from anywhere."""


class Resolver:
    """Resolves the columns of one query, made by `of`.

    Attributes:
        columns: the names of the result's columns, in lower case, as DuckDB does not tell cases apart.
    """

    def __init__(self, root: Scope, tables: Mapping[str, Sequence[str]]) -> None:
        self.columns = _names(root)
        self._root = root
        self._scopes = {id(scope.expression): scope for scope in root.traverse()}
        self._tables = {name.lower(): {c.lower(): (name, c) for c in columns} for name, columns in tables.items()}
        self._known: dict[tuple[int, int], set[tuple[str, str]]] = {}
        self._at: set[tuple[int, int]] = set()

    @classmethod
    def of(cls, sql: str, tables: Mapping[str, Sequence[str]]) -> "Resolver | None":
        """A resolver of `sql` over `tables` (name to columns); None if it is no query that can be followed."""
        schema: dict[str, object] = {name: dict.fromkeys(columns, "unknown") for name, columns in tables.items()}
        try:
            (query,) = parse(sql, dialect=_DIALECT)
            if not isinstance(query, exp.Query) or any(map(_is_beyond, query.walk())):
                return None
            qualified = qualify(
                query, schema=schema, dialect=_DIALECT, validate_qualify_columns=False, quote_identifiers=False
            )
            root = build_scope(qualified)
        except (SqlglotError, ValueError, RecursionError):
            return None
        return cls(root, tables) if root else None

    def sources(self, number: int) -> set[tuple[str, str]]:
        """The (table, column) pairs that column `number` of the result is worded with; none if that is not certain."""
        try:
            return self._output(self._root, number)
        except _UncertainError:
            return set()

    def _output(self, scope: Scope, number: int) -> set[tuple[str, str]]:
        """What column `number` of a subquery's result is worded with."""
        at = (id(scope), number)
        if at in self._at:
            raise _UncertainError("it is worded with itself")
        if at not in self._known:
            self._at.add(at)
            try:
                self._known[at] = set(self._of_output(scope, number))
            finally:
                self._at.discard(at)
        return self._known[at]

    def _of_output(self, scope: Scope, number: int) -> Iterator[tuple[str, str]]:
        query = scope.expression
        if isinstance(query, exp.SetOperation) and not query.args.get("by_name"):
            for branch in scope.set_operation_scopes:
                yield from self._output(branch, number)
        elif isinstance(query, exp.Select):
            yield from self._worded(query.selects[number], scope)
        else:
            raise _UncertainError(type(query).__name__)

    def _worded(self, expression: exp.Expr, scope: Scope) -> Iterator[tuple[str, str]]:
        """What an expression is worded with; of a subquery in it, what its own columns are."""
        if isinstance(expression, exp.Column):
            yield from self._column(expression, scope)
            return
        if isinstance(expression, exp.Select | exp.SetOperation):
            inner = self._scopes.get(id(expression))
            if inner is None:
                raise _UncertainError("a subquery")
            for number in range(len(expression.selects)):
                yield from self._output(inner, number)
            return
        if isinstance(expression, exp.Star) and not isinstance(expression.parent, exp.Count):
            raise _UncertainError("*")
        if isinstance(expression, exp.Window) and expression.alias:
            yield from self._worded(_named_window(expression.alias, scope), scope)
        for part in expression.iter_expressions():
            yield from self._worded(part, scope)

    def _column(self, column: exp.Column, scope: Scope) -> set[tuple[str, str]]:
        source = _source(column, scope)
        if isinstance(source, Scope):
            names = _names(source)
            if names.count(column.name.lower()) != 1 or "*" in names:
                raise _UncertainError(column.name)
            return self._output(source, names.index(column.name.lower()))
        known = self._tables.get(source.name.lower(), {}) if isinstance(source.this, exp.Identifier) else {}
        if source.db or column.name.lower() not in known:
            raise _UncertainError(column.name)
        return {known[column.name.lower()]}


def _names(scope: Scope) -> list[str]:
    query = scope.expression
    return [name.lower() for name in query.named_selects] if isinstance(query, exp.Query) else []


def _is_beyond(part: exp.Expr) -> bool:
    is_natural = isinstance(part, exp.Join) and str(part.args.get("method", "")).upper() == "NATURAL"
    is_recursive = isinstance(part, exp.With) and bool(part.args.get("recursive"))
    is_renamed = isinstance(part, exp.TableAlias) and bool(part.columns) and isinstance(part.parent, exp.Table)
    return is_natural or is_recursive or is_renamed or isinstance(part, _BEYOND)


def _source(column: exp.Column, scope: Scope | None) -> exp.Table | Scope:
    """The table or subquery a column belongs to, also where it is one of the query around."""
    while scope and column.table and not column.args.get("db"):
        source = scope.sources.get(column.table)
        if isinstance(source, exp.Table | Scope):
            return source
        scope = scope.parent
    raise _UncertainError(column.name)


def _named_window(name: str, scope: Scope) -> exp.Expr:
    windows: list[exp.Expr] = scope.expression.args.get("windows") or []
    for window in windows:
        if window.name.lower() == name.lower():
            return window
    raise _UncertainError(name)
