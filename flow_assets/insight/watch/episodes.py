"""From when to when a dataset is slow: one episode is one alert."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from flow_assets.insight.watch.judged import JudgedCall

_BACK_CALLS = 2
"""So many calls in a row near the former level end a lasting episode."""


@dataclass(frozen=True)
class Episode:
    """Slow calls of a dataset that have one cause.

    Attributes:
        calls: the slow ones, the oldest first; others may lie between them if it is lasting.
        before: the call before the first; None if it is not known.
        is_lasting: whether the level has shifted, so that calls count as usual again although they are slow.
        is_over: whether later calls were as they had been before.
    """

    calls: tuple[JudgedCall, ...]
    before: JudgedCall | None
    is_lasting: bool
    is_over: bool

    @property
    def is_since_change(self) -> bool:
        """Whether it began with the first call after a change of code."""
        first = self.calls[0].call
        return self.before is not None and self.before.call.code_fingerprint != first.code_fingerprint


def find_episodes(judged: Iterable[JudgedCall]) -> list[Episode]:
    """All that there were, the oldest first; the last may not be over."""
    return list(_episodes(judged))


def _episodes(judged: Iterable[JudgedCall]) -> Iterator[Episode]:
    slow: list[JudgedCall] = []
    before: JudgedCall | None = None
    previous: JudgedCall | None = None
    back = 0
    for one in judged:
        if one.is_slow:
            before = before if slow else previous
            slow.append(one)
            back = 0
        elif slow:
            shift = next((late for late in reversed(slow) if late.is_shift), None)
            back = back + 1 if shift is None or _is_back(one, shift) else 0
            if shift is None or back >= _BACK_CALLS:
                yield Episode(tuple(slow), before, shift is not None, is_over=True)
                slow = []
        previous = one
    if slow:
        yield Episode(tuple(slow), before, any(late.is_shift for late in slow), is_over=False)


def _is_back(one: JudgedCall, shift: JudgedCall) -> bool:
    """Whether a call, of which the new level is expected, is nearer to the level before the shift."""
    return one.ratio < 1 / math.sqrt(max(shift.ratio, 1.0))
