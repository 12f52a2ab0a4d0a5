"""The sales of one Parquet file, validated by pandera alone: the 11 rules as its users write them.

    python -m benchmarks.subjects.pandera_validation FILE

Prints JSON: seconds from opening the file to the last failure, and how many rows break each rule. Knows nothing of this
project. Columns have Arrow's types, and validation is lazy: all rules are asked.
"""

import json
import sys
import time
from pathlib import Path

import pandas as pd
import pandera.pandas as pa
import pyarrow.parquet

from benchmarks.subjects.sales import (
    CATEGORIES,
    CODE,
    CODE_LENGTH,
    DUE,
    HIGHEST_AMOUNT,
    PLACEHOLDERS,
    PRICES,
    SCHEMA,
)


def _schema() -> pa.DataFrameSchema:
    checks = {
        "amount": [pa.Check.in_range(0.0, HIGHEST_AMOUNT, error="amount_in_range")],
        "category": [pa.Check.isin(CATEGORIES, error="category_isin")],
        "code": [
            pa.Check.notin(PLACEHOLDERS, error="code_notin"),
            pa.Check.str_matches(CODE, error="code_matches"),
            pa.Check.str_length(CODE_LENGTH, CODE_LENGTH, error="code_length"),
        ],
        "due_on": [pa.Check.in_range(*DUE, error="due_on_in_range")],
        "price": [pa.Check.in_range(*PRICES, error="price_in_range")],
    }
    columns = {
        field.name: pa.Column(
            pd.ArrowDtype(field.type), checks.get(field.name, []), nullable=field.name not in ("amount", "code")
        )
        for field in SCHEMA
    }
    is_unique = pa.Check(lambda frame: ~frame["number"].duplicated(keep=False), name="number_unique")
    return pa.DataFrameSchema(columns, checks=[pa.Check(_is_paid, name="only_members_pay_nothing"), is_unique])


def _is_paid(frame: pd.DataFrame) -> pd.Series:
    return (frame["is_member"] | (frame["price"] > 0)).fillna(True)


def main(path: Path) -> None:
    """Read, validate, and count."""
    start = time.perf_counter()
    frame = pyarrow.parquet.read_table(path).to_pandas(types_mapper=pd.ArrowDtype)
    failed: dict[str, int] = {}
    try:
        _schema().validate(frame, lazy=True)
    except pa.errors.SchemaErrors as error:
        cases = error.failure_cases
        is_null = cases["check"] == "not_nullable"
        named = cases["check"].where(~is_null, cases["column"].astype("string") + "_not_null")
        failed = cases.groupby(named)["index"].nunique().to_dict()
    seconds = time.perf_counter() - start
    print(json.dumps({"seconds": seconds, "failed": failed}))  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]))
