import pytest

from flow_assets.cli.console import cause_text, keys_text

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
