"""Lines of JSON are read as strictly as CSV."""

import bz2
import gzip
import json
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flow_assets import landed
from flow_assets.declaration import ColumnDeclaration
from flow_assets.engines import read_landed
from flow_assets.errors import LandedFileError

TYPES = {"name": pa.string(), "count": pa.int64(), "share": pa.float64(), "is_new": pa.bool_(), "day": pa.date32()}
COLUMNS = [ColumnDeclaration(name, kind, True, "A column") for name, kind in TYPES.items()]
ROW = '{"name": "a", "count": 1, "share": 0.50, "is_new": true, "day": "2024-01-01"}'
NULLS = '{"day": null, "name": null, "count": null, "share": null, "is_new": null}'
NESTED = "[" * 800 + "]" * 800
"""What the decoder still bears."""


def read(data: bytes | str, name: str = "e.jsonl", **options: Any) -> list[dict[str, Any]]:
    content = data.encode() if isinstance(data, str) else data
    return read_landed(content, landed(name, **options), f"/in/{name}", COLUMNS).to_pylist()


FIRST = {"name": "a", "count": "1", "share": "0.50", "is_new": "true", "day": "2024-01-01", "line_number": 1}


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("e.jsonl", bytes),
        ("e.ndjson", bytes),
        ("e.jsonl.gz", gzip.compress),
        ("e.ndjson.gz", gzip.compress),
        ("e.jsonl.bz2", bz2.compress),
        ("e.ndjson.bz2", bz2.compress),
    ],
)
def test_values_come_as_they_were_written(name: str, pack: Any) -> None:
    rows = read(pack(f"\ufeff{ROW}\r\n{NULLS}\n".encode()), name)
    assert rows == [FIRST, dict.fromkeys(TYPES) | {"line_number": 2}]


@pytest.mark.parametrize("number", ["-0", "1e3", "12345678901234567890123", "0.1000", "1" * 5000])
def test_no_digit_of_a_number_is_lost(number: str) -> None:
    assert read(ROW.replace("1,", f"{number},", 1) + "\n")[0]["count"] == number


@pytest.mark.parametrize(
    ("value", "text"),
    [('{"b": [1, 2.50, "é"],  "a": null}', '{"b":[1,2.50,"é"],"a":null}'), ("[ ]", "[]"), ('"{}"', "{}"), ('""', "")],
)
def test_what_is_nested_is_kept_as_text_in_a_string_column(value: str, text: str) -> None:
    assert read(ROW.replace('"a"', value) + "\n")[0]["name"] == text


@given(st.lists(st.none() | st.text(st.characters(codec="utf-8"))))
def test_texts_come_back(texts: list[str | None]) -> None:
    lines = "".join(json.dumps(json.loads(ROW) | {"name": text}) + "\n" for text in texts)
    assert [row["name"] for row in read(lines, allow_empty=True)] == texts


def test_a_file_without_lines_may_be_declared_a_delivery() -> None:
    assert read("", allow_empty=True) == []
    assert read(gzip.compress(b""), "e.jsonl.gz", allow_empty=True) == []
    with pytest.raises(LandedFileError, match="is empty"):
        read(b"", "e.jsonl.gz", allow_empty=True)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("", "is empty"),
        (ROW, "ends in the middle of a line; it is truncated"),
        (f"{ROW}\n{ROW[:20]}", "ends in the middle of a line; it is truncated"),
        (f"{ROW}\n{ROW[:20]}\n", "is damaged: line 2 is no JSON"),
        (f"{ROW}\n\n{ROW}\n", "is damaged: line 2 is empty"),
        (f"{ROW}{ROW}\n", "is damaged: line 1 is no JSON"),
        (f"[{ROW}]\n", "is damaged: line 1 holds no JSON object"),
        ("null\n", "is damaged: line 1 holds no JSON object"),
        ("[" * 100_000 + "\n", "is damaged: line 1 is no JSON"),
        (f"{ROW}\n" + ROW.replace('"a"', NESTED) + "\n", "is damaged: line 2 is nested too deep"),
        (ROW.replace("0.50", NESTED) + "\n", "is damaged: line 1 is nested too deep"),
        (ROW.replace("0.50", "NaN") + "\n", "is damaged: line 1 is no JSON (NaN is no JSON number)"),
        (ROW.replace('"a"', '"\\ud800"') + "\n", "is damaged: line 1, field `name` holds half a surrogate pair"),
        (ROW.replace('"name": "a"', '"name": "a", "name": "b"') + "\n", "is damaged: line 1 has a field twice"),
        (f'{ROW}\n{{"name": "a"}}\n', "lacks the field `count`, `day`, `is_new`, `share` in line 2"),
        (ROW.replace("}", ', "sku": 1}') + "\n", "has the field `sku` in line 1, which its dataset does not declare"),
        (ROW.replace('"count"', '"Count"') + "\n", "lacks the field `count` in line 1"),
        (f"{ROW}\n".encode() + b'{"name": "caf\xe9"}\n', "is not UTF-8: line 2 holds the byte 0xe9"),
        (f"{NULLS}\n" + ROW.replace("1,", '"1",', 1) + "\n", 'holds a text in line 2, field `count`: "1"'),
        (ROW.replace('"a"', "7") + "\n", "holds a number in line 1, field `name`: 7; its dataset declares string"),
        (ROW.replace("true", "1") + "\n", "holds a number in line 1, field `is_new`: 1; its dataset declares bool"),
        (ROW.replace("0.50", "true") + "\n", "holds a truth value in line 1, field `share`: true"),
        (ROW.replace("1,", "{},", 1) + "\n", "holds an object in line 1, field `count`: {}"),
        (ROW.replace('"2024-01-01"', "[1]") + "\n", "holds a list in line 1, field `day`: [1]; its dataset declares"),
    ],
)
def test_a_bad_file_is_told_with_its_line(data: str | bytes, said: str) -> None:
    with pytest.raises(LandedFileError) as error:
        read(data)
    assert str(error.value).startswith(f"/in/e.jsonl {said}")
    assert str(error.value).endswith("Land the file again, whole and as its dataset declares it.")
