import re

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flow_assets.checks.patterns import glob_of

PARTS = st.sampled_from(["A", "z", "7", "_", "-", r"\-", " ", r"\.", ":", r"\d", "[A-C]", "[a-c0-2_]", "[xyz]"])
TIMES = st.sampled_from(["", "", "{0}", "{1}", "{3}"])
PATTERNS = st.lists(st.tuples(PARTS, TIMES).map("".join), min_size=1, max_size=5).map("".join)
TEXTS = st.text(alphabet="ABCDabcxz0127_-. :é*?[]\\\n", max_size=8)


@settings(max_examples=150, deadline=None)
@given(pattern=PATTERNS, texts=st.lists(TEXTS, max_size=4), data=st.data())
def test_a_glob_matches_what_the_whole_pattern_matches(pattern: str, texts: list[str], data: st.DataObject) -> None:
    texts = [*texts, data.draw(st.from_regex(re.compile(pattern, re.ASCII), fullmatch=True))]
    glob = glob_of(pattern)
    assert glob is not None
    relation = duckdb.sql(
        "SELECT x GLOB $glob FROM (SELECT unnest($texts) AS x)", params={"glob": glob, "texts": texts}
    )
    expected = [re.fullmatch(pattern, text, re.ASCII) is not None for text in texts]
    assert [row[0] for row in relation.fetchall()] == expected


@pytest.mark.parametrize(
    "pattern",
    [
        "a|b",
        "a*",
        "a+",
        "a?",
        "(a)",
        "(?i)a",
        "[^a]",
        "[a",
        "[é]",
        "é",
        ".",
        r"\w",
        r"\D",
        "a{1,2}",
        "^a",
        "[a-]",
        r"[\d]",
        "[",
        "*",
        "?",
        "\\",
    ],
)
def test_what_glob_cannot_say_stays_a_pattern(pattern: str) -> None:
    assert glob_of(pattern) is None


def test_shapes() -> None:
    assert glob_of(r"[A-Z]{2}-\d{3}") == "[A-Z][A-Z]-[0-9][0-9][0-9]"
    assert glob_of(r"N\.1") == "N.1"
    assert glob_of("") == ""
