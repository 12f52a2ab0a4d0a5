"""A range bucket is the same in Arrow, Python and DuckDB, and every row lies in exactly one."""

import datetime as dt
import re
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flow_assets import range_buckets
from flow_assets.errors import ComputeError, DefinitionError
from flow_assets.lake import (
    PartitionFile,
    bucket_expression_sql,
    bucket_numbers,
    bucket_of,
    encode_partition,
    read_bucket,
)
from flow_assets.lake.objects import ObjectStore

PAGE = (Path(__file__).parents[2] / "docs" / "buckets.md").read_text(encoding="utf-8")
DUCKDB = duckdb.connect()
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5)
INTEGERS = st.integers(-(2**63), 2**63 - 1)
KINDS = [
    (pa.int64(), INTEGERS),
    (pa.int16(), st.integers(-(2**15), 2**15 - 1)),
    (pa.date32(), st.dates()),
    (pa.string(), TEXT),
]


def duckdb_numbers(keys: pa.Array, expression: str) -> list[int]:
    rows = DUCKDB.from_arrow(pa.table({"n": pa.array(range(len(keys))), "x": keys}))
    return [number for (number,) in rows.query("rows", f"select {expression} from rows order by n").fetchall()]


@pytest.mark.parametrize(("kind", "values"), KINDS, ids=str)
@given(st.data())
def test_every_row_lies_in_one_bucket_and_in_the_same_in_every_engine(kind: Any, values: Any, data: Any) -> None:
    borders = sorted(data.draw(st.sets(values, min_size=1, max_size=6)))
    keys = data.draw(st.lists(st.none() | values | st.sampled_from(borders), max_size=20))
    buckets = range_buckets("x", borders)
    numbers = bucket_numbers(pa.array(keys, kind), buckets)
    assert numbers.dtype == np.int32
    assert numbers.tolist() == [bucket_of(key, buckets) for key in keys]
    assert numbers.tolist() == duckdb_numbers(pa.array(keys, kind), bucket_expression_sql("x", buckets))
    for key, number in zip(keys, numbers.tolist(), strict=True):
        if key is None:
            assert number == buckets.null_bucket == len(borders) + 1
        else:
            lower, upper = [None, *borders][number], [*borders, None][number]
            assert lower is None or lower <= key
            assert upper is None or key < upper


def test_the_documented_example_is_right() -> None:
    buckets = range_buckets("age_years", [18, 30, 45, 65])
    assert "17 lies in bucket 0, 18 in bucket 1, 65 in bucket 4" in PAGE
    assert [bucket_of(age, buckets) for age in (17, 18, 65, None)] == [0, 1, 4, 5]
    found = re.search(r"In DuckDB, for two\s+borders:\n\n```sql\n(.*)\n```", PAGE)
    assert found
    ages = pa.array([None, -1, 17, 18, 29, 30, 99], pa.int32())
    two = range_buckets("x", [18, 30])
    assert duckdb_numbers(ages, found[1]) == bucket_numbers(ages, two).tolist() == [3, 0, 0, 1, 1, 2, 2]


def test_storage_of_the_keys_does_not_matter() -> None:
    buckets = range_buckets("x", ["b", "ä"])
    keys = pa.array(["a", None, "z", "ß", "ä"])
    forms = [keys, keys.cast(pa.large_string()), keys.cast(pa.string_view()), keys.dictionary_encode()]
    assert [bucket_numbers(form, buckets).tolist() for form in forms] == [[0, 3, 1, 1, 2]] * len(forms)
    assert bucket_numbers(pa.chunked_array([keys[:2], keys[2:]]), buckets).tolist() == [0, 3, 1, 1, 2]
    assert bucket_numbers(pa.nulls(2), buckets).tolist() == [3, 3]


@pytest.mark.parametrize("value", [True, 1.5, "a", dt.date(2013, 1, 1), dt.datetime(2013, 1, 1)], ids=repr)
def test_a_key_of_another_type_is_refused(value: Any) -> None:
    with pytest.raises(DefinitionError, match=r"range_buckets\('x', \[1, 2\]\)"):
        bucket_of(value, range_buckets("x", [1, 2]))
    with pytest.raises(DefinitionError, match=r"has borders of type int, but the column is of type"):
        bucket_numbers(pa.array([value]), range_buckets("x", [1, 2]))


def test_a_date_that_python_cannot_hold_is_refused() -> None:
    with pytest.raises(ComputeError, match="years 1 to 9999"):
        bucket_numbers(pa.array([3_000_000], pa.int32()).cast(pa.date32()), range_buckets("x", [dt.date(2013, 1, 1)]))


def test_a_bucket_much_larger_than_the_others_has_files_of_its_own(tmp_path: Path) -> None:
    ages = [5, 20, None, 70] * 3 + [35] * 40_000
    table = pa.table({"n": pa.array(range(len(ages)), pa.int64()), "age_years": pa.array(ages, pa.int32())})
    buckets = range_buckets("age_years", [18, 30, 45, 65])
    encoded = encode_partition(table, buckets, bucket_file_bytes=100_000)
    assert [{span.bucket for span in file.buckets} for file in encoded] == [{0, 1, 4, 5}, {2}]
    store = ObjectStore(tmp_path)
    files = []
    for file in encoded:
        blob = store.put_blob(file.data)
        files.append((store.local_path(blob.hash), PartitionFile(blob.hash, blob.size, file.rows, file.buckets)))
    counts = [len(read_bucket(files, bucket)) for bucket in range(6)]
    assert counts == [3, 3, 40_000, 0, 3, 3]
    assert read_bucket(files, 1)["age_years"].to_pylist() == [20, 20, 20]
