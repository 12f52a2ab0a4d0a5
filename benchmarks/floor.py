"""The floor: a bare DuckDB script that computes and writes the same thirteen datasets by day, whole process.

The script is `subjects/bare_duckdb.py`. Before it is measured, all that it wrote is compared with what `flow run` has
published: every row of every dataset must be in both as often, whatever the order. A difference is an error.
"""

import shutil
from pathlib import Path

import duckdb

from benchmarks.measuring import BenchmarkError, Result
from benchmarks.workspace import Workspace


def measure(workspace: Workspace, repeats: int) -> Result:
    """Compare once, then time."""
    result = Result()
    _, out = workspace.floor()
    rows = compare(workspace.computed.data / "warehouse.duckdb", out)
    result.add("rows written, all equal to those of `flow run`", "rows", [sum(rows.values())], f"{len(rows)} datasets")
    files = sum(1 for _ in out.rglob("*.parquet"))
    result.add("files written", "files", [files])
    shutil.rmtree(out)
    samples = []
    for _ in range(repeats):
        sample, out = workspace.floor()
        samples.append(sample)
        shutil.rmtree(out)
    result.add_runs("bare DuckDB script", samples)
    return result


def compare(warehouse: Path, out: Path) -> dict[str, int]:
    """The rows of each dataset, which must be the same in the warehouse and below `out`.

    Raises:
        BenchmarkError: a dataset is missing or has other rows.
    """
    rows = {}
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        views = connection.execute(
            "SELECT table_schema, table_name FROM information_schema.tables "
            "WHERE table_schema IN ('raw', 'partitioned', 'features')"
        ).fetchall()
        for schema, name in views:
            rows[name] = _compare_one(connection, f"{schema}.{name}", out / name)
    written = {path.name.removesuffix(".parquet") for path in out.iterdir()}
    if written != set(rows):
        raise BenchmarkError(f"flow has {sorted(rows)}, the floor {sorted(written)}.")
    return rows


def _compare_one(connection: duckdb.DuckDBPyConnection, view: str, folder: Path) -> int:
    pattern = f"{folder}/*/*.parquet" if folder.is_dir() else f"{folder}.parquet"
    columns = ", ".join(row[0] for row in connection.execute(f"DESCRIBE {view}").fetchall())
    ours = f"SELECT {columns} FROM {view}"
    floor = f"SELECT {columns} FROM read_parquet('{pattern}', hive_partitioning = false)"
    counts = [
        connection.execute(f"SELECT count(*) FROM ({query})").fetchall()[0][0]
        for query in (ours, floor, f"{ours} EXCEPT ALL {floor}", f"{floor} EXCEPT ALL {ours}")
    ]
    if counts[0] != counts[1] or any(counts[2:]) or not counts[0]:
        raise BenchmarkError(
            f"{view}: flow has {counts[0]} rows and the floor {counts[1]}; {counts[2]} and {counts[3]} of them differ."
        )
    return int(counts[0])
