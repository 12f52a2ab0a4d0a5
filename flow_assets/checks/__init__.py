"""What must hold of a dataset's rows?

For now: that a result is what its schema declares (columns, types, nullability), that its rows are identified by
`sort_by`, and that they belong to their partition.
"""

from flow_assets.checks.conform import CONFORM_VERSION, Violation, conform, find_violations

__all__ = ["CONFORM_VERSION", "Violation", "conform", "find_violations"]
