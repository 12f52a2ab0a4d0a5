"""Makes KPIs of what making partitions of one dataset took."""

from dataclasses import dataclass, field

from flow_assets.ledger import Kpi
from flow_assets.materialization.stopwatch import Cost, Stopwatch, peak_memory_bytes
from flow_assets.memo.key import Recipe


@dataclass(frozen=True)
class Volume:
    """How much was read or written."""

    rows: int = 0
    bytes: int = 0


@dataclass(frozen=True)
class Meter:
    """The stopwatch of one dataset's partitions, and what they have in common."""

    recipe: Recipe
    stopwatch: Stopwatch = field(default_factory=Stopwatch)

    @property
    def engine(self) -> str:
        """The kinds of frame that the function takes: `duckdb`, `pandas`, `arrow`, or several with a plus between."""
        return "+".join(sorted({frame.name.lower() for frame in self.recipe.dataset.frames.values()}))

    def since(self, start: Cost, shares: int = 1) -> Cost:
        """What it took since the reading `start`, in equal shares."""
        return self.stopwatch.read().since(start, shares)

    def kpi(
        self, cost: Cost, read: Volume = Volume(), written: Volume = Volume(), *, shares: int = 1, error: str = ""
    ) -> Kpi:
        """The KPIs of one partition.

        Args:
            cost: what it took.
            read: of its inputs, or of its landed file.
            written: into the store.
            shares: over how many partitions of a set-based call the cost was shared out.
            error: why it was not published, in a word or two that can be counted.
        """
        return Kpi(
            code_fingerprint=self.recipe.code.digest,
            wall_seconds=cost.wall,
            cpu_seconds=cost.cpu,
            peak_memory_bytes=peak_memory_bytes(),
            rows_in=read.rows,
            rows_out=written.rows,
            bytes_in=read.bytes,
            bytes_out=written.bytes,
            partitions_in_call=shares,
            engine=self.engine,
            phases=cost.phases,
            error=error,
        )
