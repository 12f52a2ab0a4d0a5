"""What a watch looks at."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from flow_assets.insight.watch.orchestration import Orchestration
from flow_assets.ledger.findings import Finding
from flow_assets.ledger.measurements import Measurements
from flow_assets.materialization.project import Project


@dataclass(frozen=True)
class Situation:
    """The deployment at one moment.

    Attributes:
        project: its settings, datasets, store and ledger.
        now: the moment, in UTC. Watches never ask the clock themselves.
        orchestration: what Dagster says.
    """

    project: Project
    now: datetime
    orchestration: Orchestration = field(default_factory=Orchestration)

    @property
    def measurements(self) -> Measurements:
        """The KPIs."""
        return Measurements(self.project.engine, self.project.settings.environment)


Watch = Callable[[Situation], Sequence[Finding]]
"""Everything that is off, each cause once, as far as one watch can tell."""
