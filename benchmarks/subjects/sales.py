"""Ten million made-up sales in one Parquet file, 8 columns of 7 types; a few rows break each of their 11 rules.

    python -m benchmarks.subjects.sales PATH ROWS

The same rows each time, sorted by `number`. Floats are lognormal, codes are random: what is decoded and compared is
not what compresses best.
"""

import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet

SCHEMA = pa.schema(
    {
        "number": pa.int64(),
        "amount": pa.float64(),
        "category": pa.string(),
        "code": pa.string(),
        "sold_at": pa.timestamp("us", "UTC"),
        "due_on": pa.date32(),
        "is_member": pa.bool_(),
        "price": pa.decimal128(10, 2),
    }
)
CATEGORIES = ("books", "food", "garden", "music", "sports", "tools", "toys", "travel")
PLACEHOLDERS = ("AA-00000", "XX-99999", "ZZ-00000")
CODE = r"[A-Z]{2}-\d{5}$"
CODE_LENGTH = 8
HIGHEST_AMOUNT = 100_000.0
PRICES = (Decimal("0.00"), Decimal("9999.99"))
DUE = (date(2013, 1, 1), date(2014, 2, 1))
FREE = "is_member OR price > 0"
"""The rule across columns: only members pay nothing."""

ROW_GROUP = 250_000
_ONE_IN = 50_000
"""How many rows there are for each that breaks a rule, about; nulls and free sales to members are more frequent."""


def write(path: Path, rows: int) -> None:
    """Write the file, a million rows in memory at a time."""
    random = np.random.default_rng(2013)
    with pyarrow.parquet.ParquetWriter(path, SCHEMA) as writer:
        for start in range(0, rows, 1_000_000):
            part = _sales(random, start, min(1_000_000, rows - start))
            writer.write_table(part, row_group_size=ROW_GROUP)


def _sales(random: np.random.Generator, start: int, rows: int) -> pa.Table:
    def some(one_in: int = _ONE_IN) -> npt.NDArray[np.bool_]:
        return random.random(rows) < 1 / one_in

    number = np.arange(start, start + rows)
    number[1:][some()[1:]] -= 1  # as the one before
    amount = random.lognormal(4, 1.5, rows)
    amount[some()] = np.nan
    amount[some()] = -1.0
    seconds = start + np.arange(rows) + random.integers(0, 86_400, rows)
    sold_at = np.datetime64("2013-01-01", "us") + (seconds * 3_000_000).astype("timedelta64[us]")
    due_on = (sold_at.astype("datetime64[D]")) + random.integers(0, 30, rows)
    due_on[some()] = np.datetime64("2031-01-01")
    is_member = random.random(rows) < 0.3
    cents = random.integers(1, 999_999, rows)
    cents[is_member & some(1000)] = 0
    cents[some()] = 0
    cents[some()] *= -1
    names = np.array([*CATEGORIES, "?"])
    category = names[np.where(some(), len(CATEGORIES), random.integers(0, len(CATEGORIES), rows))]
    arrays = [
        pa.array(number),
        pa.array(amount, mask=some(200)),
        pa.array(category).cast(pa.string()),
        _codes(random, rows),
        pa.array(sold_at).cast(SCHEMA.field("sold_at").type),
        pa.array(due_on).cast(pa.date32()),
        pa.array(is_member, mask=some(200)),
        pa.array(cents).cast(pa.decimal128(19, 0)).view(pa.decimal128(19, 2)).cast(SCHEMA.field("price").type),
    ]
    return pa.table(arrays, schema=SCHEMA)


def _codes(random: np.random.Generator, rows: int) -> pa.Array:
    """Codes as `AB-12345`: some in lower case, some cut short, some a placeholder, some missing."""
    letters = np.empty((rows, CODE_LENGTH), dtype=np.uint8)
    letters[:, :2] = random.integers(ord("A"), ord("Z") + 1, (rows, 2))
    letters[:, 2] = ord("-")
    letters[:, 3:] = random.integers(ord("0"), ord("9") + 1, (rows, CODE_LENGTH - 3))
    letters[random.random(rows) < 1 / _ONE_IN, 0] = ord("a")
    letters[random.random(rows) < 1 / _ONE_IN] = np.frombuffer(PLACEHOLDERS[1].encode(), dtype=np.uint8)
    lengths = np.where(random.random(rows) < 1 / _ONE_IN, CODE_LENGTH - 1, CODE_LENGTH)
    kept = letters[np.arange(CODE_LENGTH) < lengths[:, np.newaxis]]
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    codes = pa.StringArray.from_buffers(rows, pa.py_buffer(offsets), pa.py_buffer(kept))
    return pa.compute.if_else(pa.array(random.random(rows) < 1 / _ONE_IN), pa.scalar(None, pa.string()), codes)


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]))
