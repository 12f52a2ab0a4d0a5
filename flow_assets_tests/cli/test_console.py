from io import StringIO

import pytest
from rich.console import Console

from flow_assets.cli.console import cause_text, keys_text, print_table, table

EVERY = ("01", "02", "03", "04", "05", "06")


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ([], ""),
        ([""], ""),
        (["03"], "03"),
        (["03", "04"], "03 .. 04 (2 partitions)"),
        (["03", "04", "05"], "03 .. 05 (3 partitions)"),
        (list(EVERY), "01 .. 06 (6 partitions)"),
        (["03", "05"], "03, 05"),
        (["01", "02", "04"], "01, 02, 04"),
        (["01", "02", "03", "05"], "01, 02, ... 05 (4 partitions)"),
        (["99", "01"], "99, 01"),
    ],
)
def test_dots_stand_only_where_nothing_is_left_out(keys: list[str], text: str) -> None:
    assert keys_text(keys, EVERY) == text


@pytest.mark.parametrize(
    ("reason", "other", "is_alike"),
    [
        ("a (validity): x: 1 of 3 rows break it", "a (validity): x: 2 of 3 rows break it", True),
        ("a (validity): x: 1", "breaks its rules, is kept and not published: a (validity): x: 2", True),
        ("a (validity): x: 1; b (accuracy): 7 rows", "a (validity): x: 1", False),
        ("required input d 01 failed", "required input d 02 failed", True),
        ("required input d 01 failed", "required input d 02 is blocked", False),
    ],
)
def test_reasons_are_alike_by_their_cause(reason: str, other: str, is_alike: bool) -> None:
    assert (cause_text(reason, "01") == cause_text(other, "02")) is is_alike


TITLES = ("readings 2024-03-01 breaks: watts_in_range and meter_not_null", "trends is late")


def printed(width: int, *, is_terminal: bool) -> list[str]:
    """The lines of a table with a long text in its last column."""
    file = StringIO()
    console = Console(file=file, width=width, force_terminal=is_terminal, color_system=None, highlight=False)
    shown = table("Alerts", "number", "title", texts=("title",), folded="title")
    for number, title in enumerate(TITLES):
        shown.add_row(str(number), title)
    print_table(console, shown)
    assert console.width == width
    return file.getvalue().splitlines()


def test_where_nobody_looks_a_row_is_a_line_that_no_blanks_end() -> None:
    rows = [f"{number}       {title}" for number, title in enumerate(TITLES)]
    assert printed(100_000, is_terminal=False) == ["Alerts", "number  title", *rows]


@pytest.mark.parametrize("width", [50, 32, 10])
def test_on_a_terminal_a_long_text_is_folded_between_words_under_its_heading(width: int) -> None:
    lines = printed(width, is_terminal=True)
    assert {len(line) for line in lines} <= set(range(max(width, 32) + 1))
    assert [line[:8].strip() for line in lines if line[:8].strip()] == ["Alerts", "number", "0", "1"]
    assert " ".join(line[8:].strip() for line in lines[2:]) == " ".join(TITLES)
