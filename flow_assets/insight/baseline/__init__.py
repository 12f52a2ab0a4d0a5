"""What is usual? How long a run should take and when a partition should be there, learned from what was.

A baseline is taught what happened, one run after the other, and judges the next. Its one knob is how often it may
raise a false alarm, per judgement. It knows neither the ledger nor Dagster, keeps a bounded memory, and is rebuilt by
teaching it the same history again: nothing of it needs to be stored.

What must not be taught: reused partitions and failed runs. They say nothing of how long the work takes.
"""

from flow_assets.insight.baseline.arrival import ArrivalBaseline
from flow_assets.insight.baseline.duration import DurationBaseline
from flow_assets.insight.baseline.pool import Noise, pooled_priors
from flow_assets.insight.baseline.priors import Priors
from flow_assets.insight.baseline.verdict import Verdict

__all__ = ["ArrivalBaseline", "DurationBaseline", "Noise", "Priors", "Verdict", "pooled_priors"]
