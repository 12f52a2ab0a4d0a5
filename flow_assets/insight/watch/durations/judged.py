"""The calls of a dataset, each judged by those before it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from statistics import median

from flow_assets.insight.watch.budget import read_budget
from flow_assets.insight.watch.durations.calls import Call, recent_calls
from flow_assets.insight.watch.durations.expectations import Expectation, MakeExpectation
from flow_assets.insight.watch.memory import place_of, remembered, stamp
from flow_assets.materialization.project import Project

LEAST_EXCESS_SECONDS = 1.0
"""What is slower by less bothers nobody."""

LEAST_RATIO = 1.1
"""Nor what is slower by less than a tenth."""

_LEVEL = 4

JUDGED_CALLS = 30
"""Of each dataset, the last that are judged at each look; those before are only learned from."""


@dataclass(frozen=True)
class JudgedCall:
    """A call and what was expected of it before it was known.

    Attributes:
        p_value: how likely one at least so slow was.
        expected_seconds: how long it should have taken; None while nothing was known.
        limit_seconds: from where on it counts as slow, if by a second at least; None likewise, and long ago.
        usual_seconds: how long a call of usual size should have taken then: the level, without sizes and seasons.
        level: how many times as long as expected it took, or as the last few did in the middle if that is more.
        is_slow: whether it was slower than expected, by so much that people care, and too rarely so for chance.
    """

    call: Call
    p_value: float
    expected_seconds: float | None
    limit_seconds: float | None
    usual_seconds: float | None
    level: float
    is_slow: bool

    @property
    def ratio(self) -> float:
        """How many times as long as expected it took; 1 while nothing was known."""
        return self.call.seconds / self.expected_seconds if self.expected_seconds else 1.0


Judged = dict[str, tuple[JudgedCall, ...]]
"""Dataset to its judged calls, the oldest first."""


def judge_calls(project: Project, now: datetime, make: MakeExpectation) -> Judged:
    """The last calls of each dataset, judged; anew only for datasets of which there are new ones."""
    rate = read_budget(project, now).rate
    question = (stamp(project, now), now.date(), rate, make)
    return remembered(("judged", *place_of(project)), question, lambda: _judge_all(project, now, make, rate))


def _judge_all(project: Project, now: datetime, make: MakeExpectation, rate: float) -> Judged:
    def of(name: str, calls: Sequence[Call]) -> tuple[JudgedCall, ...]:
        place = ("judged", *place_of(project), name)
        return remembered(place, (calls, rate, make), lambda: judge(calls, make(rate), JUDGED_CALLS))

    return {name: of(name, calls) for name, calls in recent_calls(project, now).items()}


def judge(calls: Sequence[Call], expectation: Expectation, last: int | None = None) -> tuple[JudgedCall, ...]:
    """The `last` of `calls` (default: all), each judged by those before it and then learned from.

    What was slow is learned from, too: a baseline is robust against single ones, and if all are slow from some time on
    that is how it is now.
    """
    unjudged = 0 if last is None else max(len(calls) - last, 0)
    usual = median(map(size_of, calls)) if calls else 1.0
    judged: list[JudgedCall] = []
    for number, call in enumerate(calls):
        if number >= unjudged:
            one = _judge_call(call, expectation, usual, [one.ratio for one in judged[-_LEVEL:]])
            judged.append(one if number < len(calls) - JUDGED_CALLS else _with_limit(one, expectation))
        learn_call(expectation, call)
    return tuple(judged)


def size_of(call: Call) -> float:
    """What durations are compared by: rows read, at least one."""
    return float(max(call.rows, 1))


def learn_call(expectation: Expectation, call: Call) -> None:
    """Take a call into account."""
    expectation.learn(call.seconds, size=size_of(call), regime=call.code_fingerprint, at=call.at)


def is_noticeable(ratio: float, expected: float) -> bool:
    """Whether people care for something that took `ratio` times the `expected` seconds."""
    return expected * (ratio - 1) >= LEAST_EXCESS_SECONDS and ratio >= LEAST_RATIO


def _judge_call(call: Call, expectation: Expectation, usual_size: float, before: Sequence[float]) -> JudgedCall:
    size, regime, at = size_of(call), call.code_fingerprint, call.at
    verdict = expectation.judge(call.seconds, size=size, regime=regime, at=at)
    expected = verdict.expected_seconds
    if not expected:
        return JudgedCall(call, verdict.p_value, None, None, None, 1.0, is_slow=False)
    usual = expectation.judge(call.seconds, size=usual_size, regime=regime).expected_seconds
    ratio = call.seconds / expected
    level = max(ratio, median([*before, ratio]))  # the one that tips the scales need not be the slowest
    is_slow = verdict.anomalous and is_noticeable(level, expected)
    return JudgedCall(call, verdict.p_value, expected, None, usual, level, is_slow)


def _with_limit(one: JudgedCall, expectation: Expectation) -> JudgedCall:
    """With the limit, which takes long to find and is only shown."""
    call = one.call
    limit = expectation.limit(size=size_of(call), regime=call.code_fingerprint, at=call.at)
    return replace(one, limit_seconds=limit)
