"""The text of constants made with numpy, pandas and pyarrow: type, shape or labels, and every value.

None of them is imported here: a value of theirs can only exist once they are.
"""

import sys
from collections.abc import Callable
from typing import Any

from flow_assets.memo.fingerprint.values import Encoder, Rule, digest_text, type_name


def _array(encoder: Encoder, value: Any) -> str:
    if value.dtype.hasobject:
        return f"{_class(encoder, value)}({value.shape}, {encoder.at('.flat', value.ravel().tolist())})"
    mask = f", mask={encoder.at('.mask', value.mask)}" if hasattr(value, "mask") else ""
    plain = sys.modules["numpy"].ascontiguousarray(value)
    content = repr(value.tolist()) if value.size <= 20 and value.dtype.kind in "biufS" else digest_text(plain.tobytes())
    return f"{_class(encoder, value)}({_dtype_text(value.dtype)}, {value.shape}, {content}{mask})"


def _scalar(encoder: Encoder, value: Any) -> str:
    return f"{_class(encoder, value)}({_dtype_text(value.dtype)}, {value.tobytes().hex()})"


def _dtype(encoder: Encoder, value: Any) -> str:
    return f"{_class(encoder, value)}({_dtype_text(value)})"


def _dtype_text(value: Any) -> str:
    return repr(value.descr) if value.names else f"{value.str} {value.metadata or ''}".strip()


def _series(encoder: Encoder, value: Any) -> str:
    """A pandas Series or Index: its name, dtype, labels and values."""
    labels = encoder.at(".index", value.index) if hasattr(value, "index") else getattr(value, "freqstr", None)
    names = encoder.at(".names", list(value.names) if hasattr(value, "names") else [value.name])
    dtype = encoder.at(".dtype", value.dtype)
    values = encoder.items(value.tolist())
    return f"{_class(encoder, value)}({names}, {dtype}, [{values}], {labels}{_attrs(encoder, value)})"


def _frame(encoder: Encoder, value: Any) -> str:
    columns = encoder.at(".columns", value.columns)
    series = ", ".join(encoder.at(f".iloc[{n}]", value.iloc[:, n].array) for n in range(value.shape[1]))
    return (
        f"{_class(encoder, value)}({columns}, {encoder.at('.index', value.index)}, [{series}]{_attrs(encoder, value)})"
    )


def _attrs(encoder: Encoder, value: Any) -> str:
    attributes = getattr(value, "attrs", None)
    return f", {encoder.at('.attrs', attributes)}" if attributes else ""


def _extension_array(encoder: Encoder, value: Any) -> str:
    return f"{_class(encoder, value)}({encoder.at('.dtype', value.dtype)}, [{encoder.items(value.tolist())}])"


def _timestamp(encoder: Encoder, value: Any) -> str:
    zone = encoder.at(".tz", getattr(value, "tz", None))
    return f"{_class(encoder, value)}({getattr(value, '_value', None)}, {getattr(value, 'unit', None)}, {zone})"


def _arrow_text(encoder: Encoder, value: Any) -> str:
    """A type, field or schema: Arrow's own serialization, which holds nullability and metadata."""
    arrow = sys.modules["pyarrow"]
    as_schema = value
    if not isinstance(value, arrow.Schema):
        as_schema = arrow.schema([value if isinstance(value, arrow.Field) else arrow.field("", value)])
    return f"{_class(encoder, value)}({value!s}, {digest_text(as_schema.serialize().to_pybytes())})"


def _arrow_values(encoder: Encoder, value: Any) -> str:
    kind = encoder.at(".type", value.type)
    values = value.to_pylist() if hasattr(value, "to_pylist") else [value.as_py()]
    return f"{_class(encoder, value)}({kind}, [{encoder.items(values)}])"


def _arrow_table(encoder: Encoder, value: Any) -> str:
    columns = encoder.items([column.to_pylist() for column in value.columns])
    return f"{_class(encoder, value)}({encoder.at('.schema', value.schema)}, {columns})"


def _duckdb_type(encoder: Encoder, value: Any) -> str:
    return f"{_class(encoder, value)}({value})"


def _class(encoder: Encoder, value: Any) -> str:
    return encoder.code(type(value), type_name(value))


_RULES: tuple[tuple[str, tuple[str, ...], Rule], ...] = (
    ("numpy", ("ndarray",), _array),
    ("numpy", ("generic",), _scalar),
    ("numpy", ("dtype",), _dtype),
    ("pandas", ("Series", "Index"), _series),
    ("pandas", ("DataFrame",), _frame),
    ("pandas", ("Timestamp", "Timedelta"), _timestamp),
    ("pandas.api.extensions", ("ExtensionArray",), _extension_array),
    ("pyarrow", ("DataType", "Field", "Schema"), _arrow_text),
    ("pyarrow", ("Array", "ChunkedArray", "Scalar"), _arrow_values),
    ("pyarrow", ("Table", "RecordBatch"), _arrow_table),
    ("_duckdb._sqltypes", ("DuckDBPyType",), _duckdb_type),
)


def _is_a(module: str, names: tuple[str, ...]) -> Callable[[Any], bool]:
    def matches(value: Any) -> bool:
        loaded = sys.modules.get(module)
        return any(isinstance(value, getattr(loaded, name, ())) for name in names)

    return matches


RULES = [(_is_a(module, names), rule) for module, names, rule in _RULES]
