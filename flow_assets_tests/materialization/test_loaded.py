"""Every form of loaded rows holds the same rows, in the same order."""

import subprocess
import sys
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pytest

from flow_assets.errors import MissingExtraError, SelectionError
from flow_assets_tests.sandbox import DAYS, Sandbox


def as_rows(table: pa.Table) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"name": "raw_readings"},
        {"name": "meters_seen"},
        {"columns": ["deciwatts", "meter"]},
        {"columns": ["meter"], "where": "deciwatts > 20"},
        {"partitions": [DAYS[3], DAYS[1]], "where": "meter <> 'a'"},
        {"where": "false"},
    ],
    ids=str,
)
def test_all_forms_are_equal(finished: Sandbox, options: dict[str, Any]) -> None:
    loaded = finished.load(**options)
    table = loaded.arrow()
    table.validate(full=True)
    assert (table.schema, len(table)) == (loaded.schema, len(loaded))
    assert pa.Table.from_pandas(loaded.pandas(), schema=loaded.schema, preserve_index=False) == table
    assert as_rows(loaded.polars().to_arrow()) == as_rows(table)
    assert loaded.polars().columns == table.column_names
    assert loaded.duckdb().to_arrow_table().cast(loaded.schema) == table
    batches = list(loaded.batches(4))
    assert pa.Table.from_batches(batches, loaded.schema) == table


def test_rows_come_in_the_order_of_the_partitions_and_as_they_are_stored(finished: Sandbox) -> None:
    stored = [row for day in DAYS for row in finished.rows("readings", day)]
    assert as_rows(finished.load().arrow()) == stored
    assert as_rows(finished.load(partitions=DAYS[::-1]).arrow()) == stored
    chosen = finished.load(where="meter <> 'b' OR deciwatts = 40", columns=["day", "deciwatts"]).arrow()
    assert as_rows(chosen) == [
        {"day": r["day"], "deciwatts": r["deciwatts"]} for r in stored if r["meter"] != "b" or r["deciwatts"] == 40
    ]


def test_the_order_does_not_depend_on_threads(sandbox: Sandbox) -> None:
    for day in DAYS[:2]:  # several row groups, which DuckDB reads at once
        lines = "".join(f"m{n:06},{n},\n" for n in range(40_000))
        sandbox.land(day, f"meter,watts,note\n{lines}")
    sandbox.run("readings", partitions=f"{DAYS[0]}..{DAYS[1]}")
    tables = []
    for threads in (1, 2, 7):
        sandbox.options = {"threads": threads}
        loaded = sandbox.load(where="deciwatts % 3 <> 0", partitions=f"{DAYS[0]}..{DAYS[1]}")
        tables.append(loaded.arrow())
        assert pa.Table.from_batches(list(loaded.batches(15_000)), loaded.schema) == tables[-1]
    assert len(tables[0]) == 2 * 26_666
    assert tables[0] == tables[1] == tables[2]


def test_pandas_for_models_has_numpy_types(finished: Sandbox) -> None:
    loaded = finished.load()
    types = {name: kind.kind for name, kind in loaded.pandas(dtypes="numpy").dtypes.items()}
    assert (types["day"], types["deciwatts"]) == ("M", "f")
    assert {type(kind) for kind in loaded.pandas().dtypes} == {pd.ArrowDtype}
    with pytest.raises(SelectionError, match=r"dtypes='float'\): there are arrow, numpy"):
        loaded.pandas(dtypes="float")  # type: ignore[arg-type]


def test_a_relation_works_on_the_connection_given(finished: Sandbox) -> None:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'America/New_York'; CREATE TABLE names AS SELECT 'a' AS meter, 'attic' AS n")
        relation = finished.load().duckdb(connection)
        assert relation.query("r", "SELECT n, count(*) FROM r JOIN names USING (meter) GROUP BY n").fetchall() == [
            ("attic", 5)
        ]
        assert connection.execute("SELECT current_setting('TimeZone')").fetchall() == [("UTC",)]
    assert finished.load().duckdb().aggregate("max(deciwatts)").fetchall() == [(100,)]


def test_without_polars_it_is_said_how_to_get_it(finished: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = finished.load()
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'flow_assets\[polars\]'"):
        loaded.polars()


def test_it_says_what_it_is(finished: Sandbox) -> None:
    loaded = finished.load(partitions=f"{DAYS[0]}..{DAYS[1]}", where="meter =\n 'a'", columns=["day"])
    days = "2024-03-01 .. 2024-03-02 (2 partitions)"
    said = f"readings, version {loaded.version}: {days}, 2 rows where meter = 'a', 1 of 3 columns"
    assert (str(loaded), repr(loaded)) == (said, f"<{said}>")
    assert (loaded.dataset, loaded.partitions, len(loaded)) == ("readings", DAYS[:2], 2)
    assert f"version {loaded.version}: 2024-03-04, 3 rows, 3 of 3 columns" in str(finished.load(partitions=DAYS[3]))
    assert str(finished.load("meters_seen")).endswith(": whole, 3 rows, 2 of 2 columns")


def test_neither_dagster_nor_polars_is_imported(finished: Sandbox) -> None:
    code = "import flow_assets; flow_assets.load('readings').pandas()"
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", code],
        env=finished.environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "pandas" in imported
    assert not {"dagster", "dagster_shared", "dagster_duckdb", "polars", "sklearn", "rich"} & imported


def test_importing_the_package_costs_nothing() -> None:
    code = "import sys, flow_assets; print('pandas' in sys.modules, 'load' in dir(flow_assets) + flow_assets.__all__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == ["False", "True"]
