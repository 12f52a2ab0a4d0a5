"""Meters with rules: one that quarantines, one that blocks and one that warns; and days that break them."""

from pathlib import Path

from flow_assets_tests.sandbox import Sandbox

HEAD = "meter,watts,note\n"
STRANGE = HEAD + "a,1,\nb,2,\nz,3,\ny,4,\n"
"""Two meters that nobody knows: their rows are set apart."""
EXCESSIVE = HEAD + "a,900,\nb,2,\n"
"""A reading beyond all bounds: the day is blocked."""
GAPPY = HEAD + "a,1,\nb,,\nc,,\n"
"""Two readings are missing: a warning. On any other day one is, which is tolerated."""

_RULES = {
    "meter: String = column(": 'meter: String = column(rules=[isin(["a", "b", "c"], quarantine=True)], description=',
    "deciwatts: Int64 = column(": (
        "deciwatts: Int64 = column(rules=[in_range(0, 1000), "
        'not_null(severity="warn", tolerance=1, dimension="accuracy")], description='
    ),
    "hash_buckets\n": "hash_buckets\nfrom flow_assets import in_range, isin, not_null\n",
}


def ruled(root: Path) -> Sandbox:
    """A sandbox of which nothing has landed; `readings` have rules."""
    made = Sandbox(root)
    for old, new in _RULES.items():
        made.edit("readings.py", old, new)
    return made
