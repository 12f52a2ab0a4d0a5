"""What a column's type is called in messages: as people declare it, and not as Arrow does."""

from collections.abc import Mapping

import pyarrow as pa

_NAMES: Mapping[pa.DataType, str] = {
    pa.bool_(): "Bool",
    pa.int16(): "Int16",
    pa.int32(): "Int32",
    pa.int64(): "Int64",
    pa.float64(): "Float64",
    pa.string(): "String",
    pa.date32(): "Date",
    pa.timestamp("us", "UTC"): "TimestampUtc",
}


def type_name(kind: pa.DataType) -> str:
    """The name by which a type is imported from `flow_assets`; Arrow's own for others."""
    return _NAMES.get(kind, str(kind))
