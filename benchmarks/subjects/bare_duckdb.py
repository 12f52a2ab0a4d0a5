"""The floor: the thirteen datasets of all landed days, computed and written by day with DuckDB and nothing else.

    python -m benchmarks.subjects.bare_duckdb LANDING OUT

Each dataset is one query over all days at once, then one partitioned write: a Parquet file a partition, in no
particular order. Nothing is hashed, checked, sorted, bucketed, remembered or explained, and it does not know Dagster.
"""

import os
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import duckdb
import pyarrow as pa

from benchmarks.subjects import queries
from benchmarks.subjects.landed import read_csv, read_planes


def compute_and_write(landing: Path, out: Path) -> None:
    """Read what lies in `landing`, and write each dataset into a folder of its name below `out`."""
    out.mkdir(parents=True)
    with duckdb.connect() as connection, ThreadPoolExecutor(os.cpu_count()) as threads:
        connection.execute("SET TimeZone = 'UTC'; SET preserve_insertion_order = false")
        writes = []

        def write(name: str, key: str, query: str) -> None:
            writes.append(threads.submit(_write, connection.cursor(), f"({query})", out / name, key))

        for name, (pattern, types) in _DAILY_FILES.items():
            tables = list(threads.map(partial(read_csv, types=types), sorted(landing.glob(pattern))))
            connection.from_arrow(pa.concat_tables(tables)).create(name)
            write(name, "date", f"SELECT *, make_date(year, month, day) AS date FROM {name}")
        for name, table in _small(landing).items():
            connection.from_arrow(table).create(name)
            connection.execute(f"COPY {name} TO '{out / name}.parquet'")
        connection.execute("CREATE TABLE days AS SELECT DISTINCT make_date(year, month, day) AS day FROM raw_flights")
        for name, (query, key) in queries.DAILY.items():
            connection.execute(f"CREATE TABLE {name} AS {query}")
            write(name, key, f"FROM {name}")
        write("carrier_history", "carrier", queries.CARRIER_HISTORY)
        for written in writes:
            written.result()


_DAILY_FILES = {
    "raw_flights": ("flights/*.csv.gz", queries.FLIGHTS),
    "raw_weather": ("weather/*.csv.bz2", queries.WEATHER),
}


def _small(landing: Path) -> Mapping[str, pa.Table]:
    return {
        "raw_planes": read_planes(landing / "planes.parquet"),
        "raw_airports": read_csv(landing / "airports.csv"),
        "raw_airlines": read_csv(landing / "airlines.csv"),
    }


def _write(connection: duckdb.DuckDBPyConnection, source: str, folder: Path, key: str) -> None:
    """One Parquet file for each value of `key`, which is kept as a column too."""
    with connection:
        connection.execute(
            f"COPY {source} TO '{folder}' (FORMAT parquet, PARTITION_BY ({key}), WRITE_PARTITION_COLUMNS true)"
        )


if __name__ == "__main__":
    compute_and_write(Path(sys.argv[1]), Path(sys.argv[2]))
