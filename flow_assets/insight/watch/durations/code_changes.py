"""Has a change of a dataset's code made it slower or faster?

The calls since the change are compared with the last ones before it, each by what was expected of its size before the
change. Whether they differ by more than chance is asked by the test of Mann and Whitney ("On a test of whether one of
two random variables is stochastically larger than the other", 1947), which knows nothing of distributions and is not
led astray by single outliers. It is asked a few times, while calls come in; the looks share the rate of false alarms
(Bonferroni), since looking again is another chance to be wrong.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from flow_assets.insight.watch.durations.calls import Call
from flow_assets.insight.watch.durations.expectations import Expectation, MakeExpectation
from flow_assets.insight.watch.durations.judged import LEAST_EXCESS_SECONDS, learn_call, size_of

LOOKS = (3, 5, 8, 13, 21)
"""After so many calls of the new code it is asked."""

LEAST_BEFORE = 5
MOST_BEFORE = 40
OBVIOUS_FACTOR = 10.0
LEAST_CHANGE = 1.2
"""Smaller changes, either way, are not told."""

_COMPARABLE = 2.0
_LEAST_SECONDS = 1e-6


@dataclass(frozen=True)
class CodeChange:
    """A change of code that changed how long a dataset takes.

    Attributes:
        before: fingerprint of the code of the last call before.
        after: that of the calls since.
        ratio: how many times as long as before it takes.
        seconds_before: how long the calls since would have taken before, in the middle.
        seconds_after: how long they took, in the middle.
        p_value: how likely so great a difference is by chance.
        since: when the first call with the new code was published, and in which run.
        found_at: when there were calls enough to tell.
    """

    dataset: str
    before: str
    after: str
    ratio: float
    seconds_before: float
    seconds_after: float
    p_value: float
    since: datetime
    run_id: str
    found_at: datetime

    @property
    def is_regression(self) -> bool:
        """Whether it takes longer."""
        return self.ratio > 1


def split_at_change(calls: Sequence[Call]) -> tuple[Sequence[Call], Sequence[Call]]:
    """The calls before the code was last changed, and those since; none before if it never was."""
    if not calls:
        return (), ()
    now = calls[-1].code_fingerprint
    start = next((n for n in range(len(calls), 0, -1) if calls[n - 1].code_fingerprint != now), 0)
    return calls[:start], calls[start:]


def find_change(calls: Sequence[Call], make: MakeExpectation, rate: float) -> CodeChange | None:
    """What the last change of the code did to the durations; None if that is nothing, or cannot be told yet."""
    before, after = split_at_change(calls)
    if len(before) < LEAST_BEFORE or not after:
        return None
    expectation = make(rate)
    for call in before:
        learn_call(expectation, call)
    regime, recent = before[-1].code_fingerprint, before[-MOST_BEFORE:]
    earlier = [_compared(call, expectation, regime) for call in recent]
    low, high = min(map(size_of, recent)) / _COMPARABLE, max(map(size_of, recent)) * _COMPARABLE
    later = [call for call in after if low <= size_of(call) <= high]
    for look in LOOKS:
        if len(later) < look:
            break
        ratios = [_compared(call, expectation, regime) for call in later[:look]]
        p_value = _p_value(ratios, earlier)
        change = _change(before[-1], later[:look], median(ratios) / median(earlier), p_value)
        if p_value <= rate / len(LOOKS) and _is_worth_telling(change):
            return change
    ratios = [_compared(call, expectation, regime) for call in later]
    return _obvious(before[-1], later, ratios, earlier) or _obvious_by_partition(recent, after)


def _obvious(
    before: Call, later: Sequence[Call], ratios: Sequence[float], earlier: Sequence[float]
) -> CodeChange | None:
    """A change after which every call takes ten times as long as the longest before: no test is needed for that."""
    if not ratios or not min(ratios) >= OBVIOUS_FACTOR * max(earlier):
        return None
    change = _change(before, later[:1], ratios[0] / median(earlier), 1 / (1 + len(earlier)))
    return change if _is_worth_telling(change) else None


def _obvious_by_partition(recent: Sequence[Call], after: Sequence[Call]) -> CodeChange | None:
    """Changed code makes all partitions anew, in a run larger than any before: then what one takes is compared."""
    sizes = [size_of(call) / call.partitions for call in recent]
    low, high = min(sizes) / _COMPARABLE, max(sizes) * _COMPARABLE
    later = [call for call in after if low <= size_of(call) / call.partitions <= high]
    return _obvious(recent[-1], later, [_each(call) for call in later], [_each(call) for call in recent])


def _each(call: Call) -> float:
    return call.seconds / call.partitions


def _p_value(later: Sequence[float], earlier: Sequence[float]) -> float:
    """How likely it is by chance that they differ so much."""
    from scipy.stats import mannwhitneyu  # takes long to import, and is rarely needed

    return float(mannwhitneyu(later, earlier, alternative="two-sided").pvalue)


def _compared(call: Call, expectation: Expectation, regime: str) -> float:
    """How many times as long as expected of the code before the change."""
    verdict = expectation.judge(call.seconds, size=size_of(call), regime=regime, at=call.at)
    expected = verdict.expected_seconds
    return max(call.seconds, _LEAST_SECONDS) / expected if expected else math.nan


def _change(before: Call, after: Sequence[Call], ratio: float, p_value: float) -> CodeChange:
    first, last = after[0], after[-1]
    seconds = median(call.seconds for call in after)
    return CodeChange(
        dataset=first.dataset,
        before=before.code_fingerprint,
        after=first.code_fingerprint,
        ratio=ratio,
        seconds_before=seconds / ratio,
        seconds_after=seconds,
        p_value=p_value,
        since=first.at,
        run_id=first.run_id,
        found_at=last.at,
    )


def _is_worth_telling(change: CodeChange) -> bool:
    is_far = max(change.ratio, 1 / change.ratio) >= LEAST_CHANGE
    return is_far and abs(change.seconds_after - change.seconds_before) >= LEAST_EXCESS_SECONDS
