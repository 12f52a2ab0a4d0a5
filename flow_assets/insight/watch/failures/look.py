"""What failed: partitions, runs, ticks of sensors and schedules, daemons; each cause once."""

from collections.abc import Sequence

from flow_assets.insight.watch.failures.failed_partitions import find_failed_partitions
from flow_assets.insight.watch.failures.failed_runs import find_failed_runs
from flow_assets.insight.watch.failures.standing_still import find_standing_still
from flow_assets.insight.watch.situation import Situation
from flow_assets.ledger.findings import Finding


def failures(situation: Situation) -> Sequence[Finding]:
    """Everything that failed and is not mended.

    Partitions of a dataset that failed of the same are one finding, and what is held downstream is said in it. A run is
    found only if no partition explains why it failed, and if nobody tries it again. Of a Dagster that cannot be asked
    nothing is found.
    """
    found = find_failed_partitions(situation)
    if situation.orchestration.is_known:
        found += [*find_failed_runs(situation), *find_standing_still(situation)]
    return found
