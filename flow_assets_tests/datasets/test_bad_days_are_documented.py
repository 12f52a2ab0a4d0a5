"""docs/quality-of-flights.md tells of bad days what is tested of them."""

import re
from pathlib import Path

from flow_assets_tests.datasets.bad_days import AIRPORTS, BAD_DAYS

DOCUMENT = (Path(__file__).parents[2] / "docs" / "quality-of-flights.md").read_text()
MADE_OF_NO_FILE = {"a join that doubles rows", "a feature told too early: weather, or an arrival"}
"""What code would do wrong, and no landed file can."""


def documented() -> dict[str, tuple[str, list[str], str, str]]:
    """Story to dataset, rules, dimensions and what follows, as the table has them."""
    (rows,) = re.findall(r"\| what went wrong .*?\n\|[-| ]+\n((?:\|.*\n)+)", DOCUMENT)
    found = {}
    for row in rows.splitlines():
        story, caught_by, dimensions, held = (cell.strip() for cell in row.strip("|").split("|"))
        dataset, *rules = re.findall("`(.*?)`", caught_by)
        found[story] = dataset, rules, dimensions, held
    return found


def test_the_table_tells_of_the_tested_days_and_no_others() -> None:
    tested = {bad.story for bad in BAD_DAYS} | set(AIRPORTS)
    assert set(documented()) == tested | MADE_OF_NO_FILE


def test_each_is_caught_as_the_table_says() -> None:
    table = documented()
    for bad in BAD_DAYS:
        dataset, rules, dimensions, held = table[bad.story]
        said = (bad.dataset, bad.caught_by, ", ".join(bad.dimensions), bad.is_blocked)
        assert said == (dataset, tuple(rules), dimensions, "warn" not in held)
    for story, (_, rules, dimensions) in AIRPORTS.items():
        assert table[story] == ("raw_airports", [*rules], ", ".join(dimensions), "held")
