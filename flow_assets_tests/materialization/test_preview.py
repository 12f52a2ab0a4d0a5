import math
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from flow_assets.materialization.preview import PREVIEW_COLUMNS, PREVIEW_ROWS, cell, preview
from flow_assets_tests.sandbox import DAYS, Sandbox


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "*null*"),
        ("*null*", "\\*null\\*"),
        ("", '""'),
        ("two\nlines", "two⏎lines"),
        ("a\r\nb\tc\x00", "a ⏎b c\N{REPLACEMENT CHARACTER}"),
        ("a|b", "a\\|b"),
        ("tail_number", "tail_number"),
        ("_a_ __b", "\\_a\\_ \\_\\_b"),
        ("`x` [y](z) ~~w~~ $1$", "\\`x\\` \\[y\\](z) \\~\\~w\\~\\~ \\$1\\$"),
        ("<b>&amp;", "&lt;b&gt;&amp;amp;"),
        ("\\|", "\\\\\\|"),
        ("x" * 28, "x" * 28),
        ("x" * 29, "x" * 27 + "…"),
        ("|" * 40, "\\|" * 27 + "…"),
        (True, "true"),
        (0, "0"),
        (-3, "-3"),
        (2**70, str(2**70)),
        (0.1 + 0.2, "0.3"),
        (1e300, "1e+300"),
        (math.nan, "NaN"),
        (-math.inf, "-inf"),
        (b"\x00\xff", "0x00ff"),
        (b"", "0x"),
        (b"123456789", "0x3132333435363738…"),
        (date(2013, 1, 1), "2013-01-01"),
        (Decimal("1.50"), "1.50"),
        ("Zürich ✈", "Zürich ✈"),
    ],
    ids=repr,
)
def test_a_cell_shows_the_value_and_nothing_in_it_is_markup(value: Any, shown: str) -> None:
    assert cell(value) == shown


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        (pa.timestamp("us", "UTC"), datetime(2013, 1, 1, 10, 15, tzinfo=UTC), "2013-01-01 10:15:00Z"),
        (pa.timestamp("us", "America/New_York"), datetime(2013, 1, 1, 10, 15, tzinfo=UTC), "2013-01-01 10:15:00Z"),
        (pa.timestamp("us", "UTC"), datetime(1969, 12, 31, 23, 59, 59, 500_000, UTC), "1969-12-31 23:59:59.500000Z"),
        (pa.timestamp("s"), datetime(2013, 1, 1), "2013-01-01 00:00:00"),
        (pa.timestamp("ns"), datetime(2013, 1, 1, 0, 0, 0, 1), "2013-01-01 00:00:00.000001"),
        (pa.timestamp("us", "UTC"), None, "*null*"),
        (pa.timestamp("s", "UTC"), 10**15, f"{10**15}/1 sZ"),
    ],
    ids=str,
)
def test_an_instant_is_shown_in_utc(kind: pa.DataType, value: Any, shown: str) -> None:
    assert preview(pa.table({"t": pa.array([value], kind)})).splitlines()[2] == f"|{shown}|"


@pytest.mark.parametrize(("text", "columns"), [("x", PREVIEW_COLUMNS), ("x" * 1000, 6), ("|" * 1000, 3)])
def test_only_the_first_rows_and_columns_are_shown_and_the_rest_is_counted(text: str, columns: int) -> None:
    wide = pa.table({f"c{number}": pa.array([text] * 90) for number in range(50)})
    head, _, *rows = preview(wide).splitlines()
    assert head.count("|") == columns + 1
    assert rows[PREVIEW_ROWS:] == ["", f"{50 - columns} more columns"]
    assert len(preview(wide)) < 1000


def test_the_first_column_is_shown_however_long_its_name_is() -> None:
    assert preview(pa.table({"n" * 2000: [1], "m": [2]})).startswith(f"|{'n' * 2000}|\n|-|\n|1|\n")


def test_every_line_of_a_table_has_as_many_cells() -> None:
    table = pa.table({"a|b": ["x|y", "\n", None], "c\n": [1, 2, 3]})
    shown = preview(table).replace("\\|", "").splitlines()
    assert [line.count("|") for line in shown] == [3] * 5


def test_a_table_without_rows_has_its_header() -> None:
    assert preview(pa.schema([("a", pa.int32())]).empty_table()) == "|a|\n|-|"


def test_a_preview_does_not_depend_on_chunks() -> None:
    table = pa.table({"n": [1, 2, 3], "t": pa.array([1, None, 3], pa.timestamp("us", "UTC"))})
    chunked = pa.concat_tables([table.slice(0, 1), table.slice(1, 0), table.slice(1)])
    assert preview(chunked) == preview(table)


def test_a_record_keeps_the_preview_and_neither_key_nor_content_know_of_it(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def published() -> list[tuple[str, str]]:
        with sandbox.project() as project:
            return [(h.key, h.content_hash) for _, h in sorted(project.holdings.current("readings").items())]

    sandbox.run("readings")
    before = published()
    with sandbox.project() as project:
        record = project.store.get_record(before[0][0])
    assert record
    assert record.preview.splitlines() == [
        "|day|meter|deciwatts|",
        "|-|-|-|",
        *(f"|{DAYS[0]}|{meter}|{watts}|" for meter, watts in (("a", "10"), ("b", "20"), ("c", "*null*"))),
    ]
    monkeypatch.setattr("flow_assets.materialization.write.preview", lambda table: "another")
    sandbox.run("readings", force=["readings"])
    assert published() == before
