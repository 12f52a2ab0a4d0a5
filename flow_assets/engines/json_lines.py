"""Lines of JSON to columns of text, as strictly as CSV: one object a line, with exactly the declared fields."""

import json
from collections.abc import Collection, Sequence
from typing import Any, NoReturn

import pyarrow as pa

from flow_assets.declaration import ColumnDeclaration
from flow_assets.errors import LandedFileError


class _Number(str):
    """A number as it was written: a float would lose digits of it."""

    __slots__ = ()


class _Fields(list[tuple[str, Any]]):
    """An object's fields in their order, repeated ones too."""

    __slots__ = ()


_CONSTANTS = {True: "true", False: "false", None: "null"}
_quoted = json.encoder.encode_basestring
_NAMES = {str: "a text", _Number: "a number", bool: "a truth value", _Fields: "an object", list: "a list"}


def read_json_lines(text: str, columns: Sequence[ColumnDeclaration]) -> pa.Table:
    """One row a line; each column as text, with null as null.

    Texts, numbers and truth values come as they were written; an object or a list, which only a column declared as a
    string may hold, as compact JSON.

    Raises:
        LandedFileError: a line is no JSON object, lacks a field, has one that is not declared, or a value of another
            type than its column's. The message lacks the file.
    """
    names = [column.name for column in columns]
    lines = text.removeprefix("\ufeff").split("\n")[:-1]
    rows = [_row(line, names, number) for number, line in enumerate(lines, start=1)]
    cells = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    return pa.table([_column(*each) for each in zip(columns, cells, strict=True)], names=names)


def _row(line: str, names: list[str], number: int) -> list[Any]:
    try:
        fields = _DECODER.decode(line)
    except (ValueError, RecursionError) as error:
        what = f"is no JSON ({error})" if line.strip() else "is empty"
        raise LandedFileError(f"is damaged: line {number} {what}") from error
    if type(fields) is not _Fields:
        raise LandedFileError(f"is damaged: line {number} holds no JSON object")
    if [name for name, _ in fields] == names:  # the usual case, three times as fast
        return [value for _, value in fields]
    row = dict(fields)
    if len(row) != len(fields):
        raise LandedFileError(f"is damaged: line {number} has a field twice")
    if row.keys() != set(names):
        _complain(row.keys(), names, number)
    return [row[name] for name in names]


def _complain(found: Collection[str], names: Collection[str], number: int) -> NoReturn:
    if missing := sorted(set(names) - set(found)):
        listed = ", ".join(f"`{name}`" for name in missing)
        raise LandedFileError(f"lacks the field {listed} in line {number}; no value is written as null")
    listed = ", ".join(f"`{name}`" for name in sorted(set(found) - set(names)))
    raise LandedFileError(f"has the field {listed} in line {number}, which its dataset does not declare")


def _column(declared: ColumnDeclaration, cells: Sequence[Any]) -> pa.Array:
    allowed = _allowed(declared.type)
    found = {*map(type, cells)}
    if not found <= {*allowed, type(None)}:
        number, cell = next((n, c) for n, c in enumerate(cells, 1) if c is not None and type(c) not in allowed)
        raise LandedFileError(
            f"holds {_NAMES[type(cell)]} in line {number}, field `{declared.name}`: {_text(cell, number)[:40]}; its "
            f"dataset declares {declared.type}, which is {_NAMES[allowed[0]]}"
        )
    is_text = found <= {str, _Number, type(None)}
    texts = cells if is_text else [c if c is None or type(c) is str else _text(c, n) for n, c in enumerate(cells, 1)]
    try:
        return pa.array(texts, pa.string())
    except UnicodeEncodeError as error:
        number = next(n for n, text in enumerate(texts, 1) if text == error.object)
        raise LandedFileError(
            f"is damaged: line {number}, field `{declared.name}` holds half a surrogate pair, which is no character"
        ) from error


def _allowed(kind: pa.DataType) -> tuple[type, ...]:
    if pa.types.is_boolean(kind):
        return (bool,)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return (_Number,)
    return (str, _Fields, list) if pa.types.is_string(kind) else (str,)


def _text(value: Any, number: int) -> str:
    """A value of line `number` as compact JSON."""
    try:
        return _json(value)
    except RecursionError as error:  # the decoder bears deeper nesting
        raise LandedFileError(f"is damaged: line {number} is nested too deep") from error


def _json(value: Any) -> str:
    """A value as compact JSON, its numbers as they were written."""
    if isinstance(value, _Number):
        return str(value)
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, _Fields):
        return "{" + ",".join([f"{_quoted(name)}:{_json(of_name)}" for name, of_name in value]) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_json, value)) + "]"
    return _CONSTANTS[value]


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON number")


_DECODER = json.JSONDecoder(object_pairs_hook=_Fields, parse_float=_Number, parse_int=_Number, parse_constant=_refuse)
