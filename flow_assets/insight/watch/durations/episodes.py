"""From when to when a dataset is slow: one episode is one alert."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from flow_assets.insight.watch.durations.judged import JudgedCall

_BACK_CALLS = 2
"""So many calls in a row near the former level end a lasting episode."""

_GREAT_LEVEL = 2.0
"""Of an episode that is slower than this, one call near the former level is enough."""

_RECENT = 5
_RECENT_FOR_LASTING = 21
"""A change of code so many calls ago is taken for the cause; it takes longer until it is seen that all are slower."""


@dataclass(frozen=True)
class Episode:
    """Slow calls of a dataset that have one cause.

    Attributes:
        calls: the slow ones, the oldest first; others may lie between them if it is lasting.
        changed_from: the last call of other code, if that was changed shortly before the first; else None.
        is_lasting: whether calls after the first were slow, too, be it that they count as usual by now.
        is_over: whether later calls were as they had been before.
    """

    calls: tuple[JudgedCall, ...]
    changed_from: JudgedCall | None
    is_lasting: bool
    is_over: bool


def find_episodes(judged: Iterable[JudgedCall]) -> list[Episode]:
    """All that there were, the oldest first; the last may not be over."""
    return list(_episodes(tuple(judged)))


def _episodes(judged: Sequence[JudgedCall]) -> Iterator[Episode]:
    slow: list[int] = []
    back, is_lasting = 0, False
    for number, one in enumerate(judged):
        if not slow:
            slow, back, is_lasting = [number] if one.is_slow else [], 0, False
        elif one.is_slow or _is_near(one, judged[slow[0]], 1 / 2):
            slow += [number] if one.is_slow else []
            back, is_lasting = 0, True
        else:
            first = judged[slow[0]]
            back += 1
            is_plain = first.level >= _GREAT_LEVEL and not _is_near(one, first, 1 / 4)
            if not is_lasting or is_plain or back >= _BACK_CALLS:
                yield _episode(judged, slow, is_lasting=is_lasting, is_over=True)
                slow = []
    if slow:
        yield _episode(judged, slow, is_lasting=is_lasting, is_over=False)


def _episode(judged: Sequence[JudgedCall], slow: Sequence[int], *, is_lasting: bool, is_over: bool) -> Episode:
    calls = tuple(judged[number] for number in slow)
    recent = _RECENT_FOR_LASTING if is_lasting else _RECENT
    code = calls[0].call.code_fingerprint
    earlier = reversed(judged[max(slow[0] - recent, 0) : slow[0]])
    changed_from = next((one for one in earlier if one.call.code_fingerprint != code), None)
    return Episode(calls, changed_from, is_lasting, is_over)


def _is_near(one: JudgedCall, first: JudgedCall, part: float) -> bool:
    """Whether a call is more than `part` of the way up, on a scale of logarithms, from the level before `first`.

    What is expected of it may be the new level already: that is undone by how far the level has moved since.
    """
    moved = one.usual_seconds / first.usual_seconds if one.usual_seconds and first.usual_seconds else 1.0
    return one.ratio * moved >= math.pow(max(first.level, 1.0), part)
