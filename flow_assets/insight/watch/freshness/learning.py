"""Models of arrivals, learned once from the same arrivals: most looks find nothing new to learn."""

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo


class ArrivalModel(Protocol):
    """What learns when partitions come; see `flow_assets.insight.baseline.ArrivalBaseline`."""

    def learn(self, seconds: float | None, *, at: datetime) -> None:
        """What ended at `at` came so many seconds later, or never."""

    def limit(self, *, at: datetime) -> float | None:
        """After how many seconds it is late; None while nothing is known."""

    def expects(self, *, at: datetime) -> bool:
        """Whether what ended at `at` comes at all."""


NewModel = Callable[[str], ArrivalModel]
"""Makes a model that knows nothing yet, for an IANA time zone; the same at each look, since models are kept by it."""

Seen = tuple[tuple[float, float | None], ...]
"""When periods ended, Unix time, in order; and how many seconds later each partition came, None if never."""


@lru_cache(maxsize=1024)
def learned(new_model: NewModel, timezone: str, seen: Seen) -> ArrivalModel:
    """The model that has learned `seen`; it is shared, so ask it and teach it nothing."""
    model, zone = new_model(timezone), ZoneInfo(timezone)
    for ended_at, seconds in seen:
        model.learn(seconds, at=datetime.fromtimestamp(ended_at, zone))
    return model
