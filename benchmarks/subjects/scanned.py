"""One scan of the sales in one Parquet file: bare DuckDB's, or ours.

    python -m benchmarks.subjects.scanned FILE bare|rules|quantiles

`bare` asks DuckDB for count, nulls, least, greatest, mean and standard deviation of each column, as far as it has them.
`rules` counts the rows that break each of 11 rules, and gathers the states of a profile; `quantiles` gathers the
sketches of quantiles as well. Whether keys are unique is looked at as it is for a computed partition: the file is
sorted by its key, so that the key's column is read and neighbours are compared; that is part of the time.

Prints JSON: seconds from opening the file to the last result, and how many rows break each rule.
"""

import json
import sys
import time
from pathlib import Path

import duckdb
import pyarrow.parquet

from benchmarks.subjects.sales import (
    CATEGORIES,
    CODE,
    CODE_LENGTH,
    DUE,
    FREE,
    HIGHEST_AMOUNT,
    PLACEHOLDERS,
    PRICES,
    SCHEMA,
)
from flow_assets import in_range, isin, not_null, notin, row_rule, str_length, str_matches
from flow_assets.checks.compile import broken_count
from flow_assets.checks.sampling import ENOUGH
from flow_assets.checks.scan import scan_relation
from flow_assets.checks.states import complete, encode, state_expressions
from flow_assets.checks.unique import repeated_sorted
from flow_assets.declaration import ColumnDeclaration

KEY = "number"
RULES = [
    in_range(0.0, HIGHEST_AMOUNT).on("amount"),
    in_range(*PRICES).on("price"),
    in_range(*DUE).on("due_on"),
    isin(CATEGORIES).on("category"),
    notin(PLACEHOLDERS).on("code"),
    str_matches(CODE).on("code"),
    str_length(CODE_LENGTH, CODE_LENGTH).on("code"),
    not_null().on("amount"),
    not_null().on("code"),
    row_rule(FREE, name="only_members_pay_nothing"),
]
"""And `unique` on `KEY`."""


def bare(connection: duckdb.DuckDBPyConnection, path: Path) -> dict[str, int]:
    """What people ask of columns first."""
    asked = []
    for field in SCHEMA:
        asked += [f"count({field.name})", f"count(*) - count({field.name})"]
        asked += [f"min({field.name})", f"max({field.name})"] if field.name != "is_member" else []
    for number in ("number", "price", "amount"):
        finite = "FILTER (isfinite(amount))" if number == "amount" else ""  # without it DuckDB fails at a NaN
        asked += [f"avg({number}) {finite}", f"stddev_samp({number}) {finite}"]
    connection.read_parquet(str(path)).aggregate(", ".join(asked)).fetchall()
    return {}


def ours(connection: duckdb.DuckDBPyConnection, path: Path, *, with_quantiles: bool) -> dict[str, int]:
    """How many rows break each rule; the states are gathered and encoded."""
    types = {field.name: field.type for field in SCHEMA}
    columns = [ColumnDeclaration(name, type_, True, name) for name, type_ in types.items()]
    counts = [(f"rule_{number}", str(broken_count(rule, types))) for number, rule in enumerate(RULES)]
    expected = {"category": CATEGORIES}
    sales = connection.read_parquet(str(path), file_row_number=with_quantiles)
    # A share as `sampling.with_sample` draws it of rows that are in memory.
    share = pyarrow.parquet.read_metadata(path).num_rows // ENOUGH if with_quantiles else 0
    sampled = f"hash(file_row_number) % {share} = 0" if share else None
    states = state_expressions(columns, expected, with_quantiles=with_quantiles, only_expected=True, sampled=sampled)
    found = scan_relation(sales, [*counts, *states])
    encode(complete(found, columns, expected, lambda _, others: scan_relation(sales, others)), columns)
    failed = {rule.name: int(found[alias][0].as_py()) for rule, (alias, _) in zip(RULES, counts, strict=True)}
    keys = sales.select(KEY).to_arrow_table()
    return {**failed, f"{KEY}_unique": int(repeated_sorted(keys, [KEY]).sum())}


def main(path: Path, way: str) -> None:
    """Scan once, after the imports."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        start = time.perf_counter()
        failed = bare(connection, path) if way == "bare" else ours(connection, path, with_quantiles=way == "quantiles")
        seconds = time.perf_counter() - start
    print(json.dumps({"seconds": seconds, "failed": failed}))  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
