"""The content hash of each type, as committed: a change of it must raise its version."""

import datetime as dt
import math
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flow_assets.memo.content import CONTENT_HASH_VERSION, content_hash

UTC = dt.UTC
MOMENT = dt.datetime(2013, 5, 5, 12, 30, 15, 250_000)

# Type, values, expected digest. The digests were computed with version 1.
GOLDEN: dict[str, tuple[pa.DataType, list[Any], str]] = {
    "bool": (pa.bool_(), [True, None, False], "68c76d8c150a84a4543c3aab2ee2948053192214ebd4d247a65abee3e01b6291"),
    "int8": (pa.int8(), [1, None, -1], "af9b8d78eb939ffcfce6ac7ca2534570192647c0fbff16d90a8aaa4de5721d3e"),
    "int16": (pa.int16(), [1, None, -1], "b7aa96c57725ac34c1210167ef246c377b51f06ecaeda6fa202e8f3573341d5b"),
    "int32": (pa.int32(), [1, None, -1], "b2bb91ee730264fac877a33e788ae7c8e26dc5f0cbfddc148b283a29e40535a3"),
    "int64": (pa.int64(), [1, None, -1], "e490aba364f8b06c882e6cf6d30571c35979c53779828492b9518fcf925317b1"),
    "uint8": (pa.uint8(), [1, None, 255], "895d6754d2cba453f3772ad67842f370b5f37dce8a449374efec4d20685cb263"),
    "uint16": (pa.uint16(), [1, None, 255], "45480186b4b826fe246cfdccb9afa192497cb4493a28b4c4fbef6985f52339f3"),
    "uint32": (pa.uint32(), [1, None, 255], "c46f12f9d605b2d956cfa8902463a5ae006408d55c905e6072fa3e4cd182138e"),
    "uint64": (pa.uint64(), [1, None, 255], "b5d9047598afbde1015f6f79b7e475b950c4964417531f8651f699709181fb61"),
    "float32": (
        pa.float32(),
        [1.5, None, -0.0, math.nan, math.inf],
        "eec79a4ea040768ac02dae0083eea0484d7c9b21a8caa0f193a9fdf1ab8b4710",
    ),
    "float64": (
        pa.float64(),
        [1.5, None, -0.0, math.nan, math.inf],
        "fd098f36b42957fe1efc8c3342c22aa1114da051e5560f17dd5c5a74953caada",
    ),
    "decimal128": (
        pa.decimal128(9, 2),
        [Decimal("1.50"), None, Decimal("-2.00")],
        "75dae4304d3add67eb0fd0091c5f6454d58f72e41ea3d4b2ab07bfad06e1a0e9",
    ),
    "decimal256": (
        pa.decimal256(50, 2),
        [Decimal("1.50"), None, Decimal("-2.00")],
        "2f6b1e3d7b9a4a1e49a5d10f80cb7f8c48a54924dfed20ed60b039e015e84ed3",
    ),
    "string": (
        pa.string(),
        ["JFK", None, "", "Zürich 🛫"],
        "3734bcc6c4386ce90c1e530f668515c140913d5124cebd888e08cc2e3b50fcf7",
    ),
    "binary": (
        pa.binary(),
        [b"JFK", None, b"", b"\xff\x00"],
        "35d0cf3313b402a0ef441090a58c75f73c5ba77df2b026628266d71bafe07117",
    ),
    "date32": (
        pa.date32(),
        [dt.date(2013, 5, 5), None, dt.date(1969, 12, 31)],
        "ad6fb220c3fa87d4638d3876ec283bd90afa95d994b1f1719e6c8afc5c9de020",
    ),
    "timestamp_us_utc": (
        pa.timestamp("us", "UTC"),
        [MOMENT.replace(tzinfo=UTC), None],
        "4b1fc30707e14ace712d51314ec486155df89e8d7137dfe17b83e69d8d53c627",
    ),
    "timestamp_ns": (
        pa.timestamp("ns"),
        [MOMENT, None],
        "a760681a990ddec79339cd4b38004c1501bd1a3092f63dc5d7693982e36a2ab5",
    ),
    "time32": (
        pa.time32("s"),
        [dt.time(12, 30, 15), None],
        "5682813af36d6f2cd9c01ce5b3ca13ade8e4af0705bd47e79652971e05e3bced",
    ),
    "time64": (
        pa.time64("us"),
        [dt.time(12, 30, 15, 7), None],
        "31b7d4970b3e8daa9e992f185dbff4050e449fc9d733bb2299770222daf8bbae",
    ),
    "duration": (
        pa.duration("us"),
        [dt.timedelta(minutes=-3), None],
        "ae9d1f440f6a4920e91e5aa8779c50359b2b378094d479943b68e88b929e4a88",
    ),
    "null": (pa.null(), [None, None], "58482cee58c8e2f1db8e696158f1a52f4c9cba52ad7777abfce20453ecff973a"),
    "list": (
        pa.list_(pa.string()),
        [["a", None], None, [], ["b", "c"]],
        "b4b5ddf0b2e6c846d746149316d564c9f0693001814cc858f8c8387cb44890c1",
    ),
    "struct": (
        pa.struct([("x", pa.int32()), ("y", pa.string())]),
        [{"x": 1, "y": "a"}, None, {"x": None, "y": ""}],
        "68d3d3cf157e7ce7831e9727bee79b2139bd07fce6fa56c31e54e01ae5be0128",
    ),
    "nested": (
        pa.list_(pa.struct([("at", pa.timestamp("us", "UTC")), ("ratios", pa.list_(pa.float64()))])),
        [[{"at": MOMENT.replace(tzinfo=UTC), "ratios": [0.5, None]}, None], None, []],
        "5379bf3f84641c6ef5ca06b4fb04e06d8523dce3dae0cca023a58964dc3c9630",
    ),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_digests_of_each_type_are_those_of_the_committed_version(name: str) -> None:
    type_, values, expected = GOLDEN[name]
    actual = content_hash(pa.table({"a": pa.array(values, type_)}))
    assert (CONTENT_HASH_VERSION, actual) == (1, expected), (
        f"The content hash of {name} has changed, so every stored key would silently mean something else: raise "
        f"CONTENT_HASH_VERSION in flow_assets/memo/content.py, and put the new version and {actual!r} into this file."
    )


def test_a_parquet_file_holds_the_same_content(tmp_path: Path) -> None:
    columns = {name: pa.array(values[:2], type_) for name, (type_, values, _) in GOLDEN.items()}
    del columns["time32"]  # Parquet has no seconds
    table = pa.table(columns)
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=1)
    assert content_hash(pq.read_table(tmp_path / "a.parquet")) == content_hash(table)
