"""The sandbox's `raw_readings` with rules of four dimensions, and of every severity."""

from flow_assets_tests.sandbox import Sandbox

IMPORT = "from flow_assets import in_range, isin, row_count, row_rule, str_length\n"
RULES = """
    @classmethod
    def rules(cls):
        return [row_count(1, 500), row_rule("watts <> line_number", name="watts_are_no_numbers", severity="warn")]
"""


WATTS = 'in_range(0, 99, tolerance=1, description="old meters")'
NOTE = 'str_length(max_value=50, severity="warn", tolerance=0.1)'
METER = 'isin(["a", "b", "c"], quarantine=True)'


def add_rules(sandbox: Sandbox) -> None:
    """`watts` blocks, with a row tolerated; `note` warns, with a tenth tolerated; a strange `meter` is quarantined."""
    for old, new in (
        ("import pyarrow as pa\n", f"import pyarrow as pa\n{IMPORT}"),
        ("nullable=True)\n    note", f"nullable=True, rules=[{WATTS}])\n    note"),
        ('wrote", nullable=True)', f'wrote", nullable=True, rules=[{NOTE}])'),
        ('column("Name of the meter")', f'column("Name of the meter", rules=[{METER}])'),
        ('column("Line of the file")\n', f'column("Line of the file")\n{RULES}'),
    ):
        sandbox.edit("raw_readings.py", old, new)
