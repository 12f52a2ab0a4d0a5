import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from flow_assets.cli.profile_data import _plain, _short
from flow_assets_tests.forked import flow
from flow_assets_tests.sandbox import DAYS, Sandbox


def test_people_see_a_line_for_each_column_and_how_it_was_made(computed: Sandbox) -> None:
    lines = flow(computed, "profile-data", "readings").stdout.splitlines()
    assert lines[0].strip() == f"readings {DAYS[0]} .. {DAYS[4]} (5 partitions): 15 rows"
    header = ["column", "type", "nulls", "NaN", "distinct", "mean", "deviation", "least"]
    assert lines[1].split() == [*header, "5%", "25%", "50%", "75%", "95%", "greatest"]
    assert [line.split()[0] for line in lines[2:5]] == ["day", "meter", "deciwatts"]
    assert lines[2].split()[:6] == ["day", "date32[day]", "·", "·", "~5", "·"]
    assert lines[4].split()[:8] == ["deciwatts", "int64", "5", "(33.3%)", "·", "~8", "45", "28.38"]
    assert lines[4].split()[-1] == "100"
    assert re.fullmatch(r"5 partitions merged in \d+ ms; no row was read\.", lines[-1])


def test_a_range_and_a_dataset_without_partitions(computed: Sandbox) -> None:
    shown = flow(computed, "profile-data", "readings", "--partitions", f"{DAYS[1]}..{DAYS[2]}").stdout
    assert shown.startswith(f"readings {DAYS[1]} .. {DAYS[2]} (2 partitions): 6 rows")
    shown = flow(computed, "profile-data", "meters_seen").stdout
    assert shown.startswith("meters_seen: 3 rows")


def test_the_json_holds_every_figure(computed: Sandbox) -> None:
    found = json.loads(flow(computed, "profile-data", "readings", "--partitions", DAYS[1], "--json").stdout)
    assert found.pop("merge_seconds") > 0
    assert found.pop("reread") == 0
    day, meter, deciwatts = found.pop("columns")
    assert found == {"dataset": "readings", "partitions": [DAYS[1]], "absent": [], "rows": 3}
    assert (day["minimum"], day["quantiles"]["0.5"]) == (DAYS[1], DAYS[1])
    assert (meter["minimum"], meter["quantiles"], meter["mean"]) == ("a", {}, None)
    figures = ("rows", "count", "nulls", "minimum", "maximum", "total", "mean", "approx_distinct")
    assert [deciwatts[name] for name in figures] == [3, 2, 1, 20, 40, 60, 30.0, 2]
    assert list(deciwatts["quantiles"]) == ["0.05", "0.25", "0.5", "0.75", "0.95"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["readinks"], "There is no dataset 'readinks'. Did you mean 'readings'?"),
        (["readings", "--partitions", "2024-04-01"], "readings has no partition 2024-04-01"),
        (["meters_seen", "--partitions", "2024-03-01"], "meters_seen has no partitions; leave --partitions out."),
        (["readings"], "Nothing of readings is published; make it with: flow run readings"),
    ],
)
def test_what_does_not_exist_is_one_sentence(sandbox: Sandbox, arguments: list[str], said: str) -> None:
    done = flow(sandbox, "profile-data", *arguments)
    assert (done.code, done.stdout) == (2, "")
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "·"),
        (1234567, "1,234,567"),
        (12.0, "12"),
        (0.123456, "0.1235"),
        (12345.678, "12,345.7"),
        (1e200, "1e+200"),
        (float("-inf"), "-inf"),
        (Decimal("1234.50"), "1,234.5"),
        (datetime(2024, 3, 1, 5, 6, 7, 8, UTC), "2024-03-01 05:06:07Z"),
        ("x" * 40, "x" * 31 + "…"),
    ],
)
def test_numbers_are_readable(value: Any, shown: str) -> None:
    assert _short(value) == shown


@pytest.mark.parametrize(
    ("value", "plain"),
    [(float("inf"), "inf"), (Decimal("0.10"), "0.10"), (datetime(2024, 3, 1, tzinfo=UTC), "2024-03-01T00:00:00Z")],
)
def test_json_has_what_it_cannot_hold_as_text(value: Any, plain: str) -> None:
    assert _plain(value) == plain
