"""The last runs, as columns: what is fitted anew is fitted to these."""

from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

LENGTH = 500


class Column(IntEnum):
    """What is kept of a run; NaN where it was not told."""

    LOG_SECONDS = 0
    SIZE = 1
    HOUR = 2
    WEEKDAY = 3
    REGIME = 4
    SEGMENT = 5


@dataclass
class History:
    """The last 500 runs, the oldest first. Rows are appended to a buffer of twice that and moved when it is full."""

    rows: NDArray[np.float64] = field(default_factory=lambda: np.full((2 * LENGTH, len(Column)), np.nan))
    end: int = 0
    kept: int = 0

    def append(self, row: tuple[float, ...]) -> None:
        """Take one more run."""
        if self.end == len(self.rows):
            self.rows[:LENGTH] = self.rows[LENGTH:]
            self.end = LENGTH
        self.rows[self.end] = row
        self.end += 1
        self.kept = min(self.kept + 1, LENGTH)

    @property
    def table(self) -> NDArray[np.float64]:
        """A view of the rows."""
        return self.rows[self.end - self.kept : self.end]

    def column(self, column: Column) -> NDArray[np.float64]:
        """A view of one column."""
        return self.table[:, column]
