"""Thirteen trivial functions in a chain, with two windows over days: the graph that every memoizer is given.

A parameter names the function that it reads, of the same day; `n3_before` is `n3` of the day before, and `n7_window`
are those of `n7` of the 28 days before.
"""

CALLS: list[int] = []
"""An entry for each call that was not answered from memory."""

WINDOW = 28


def n0(day: int) -> int:  # noqa: D103
    return _computed(day)


def n1(n0: int) -> int:  # noqa: D103
    return _computed(n0 + 1)


def n2(n1: int) -> int:  # noqa: D103
    return _computed(n1 + 2)


def n3(n2: int) -> int:  # noqa: D103
    return _computed(n2 + 3)


def n4(n3: int, n3_before: int) -> int:  # noqa: D103
    return _computed(n3 + n3_before)


def n5(n4: int) -> int:  # noqa: D103
    return _computed(n4 + 5)


def n6(n5: int) -> int:  # noqa: D103
    return _computed(n5 + 6)


def n7(n6: int) -> int:  # noqa: D103
    return _computed(n6 + 7)


def n8(n7_window: list[int]) -> int:  # noqa: D103
    return _computed(sum(n7_window))


def n9(n8: int) -> int:  # noqa: D103
    return _computed(n8 + 9)


def n10(n9: int) -> int:  # noqa: D103
    return _computed(n9 + 10)


def n11(n10: int) -> int:  # noqa: D103
    return _computed(n10 + 11)


def n12(n11: int) -> int:  # noqa: D103
    return _computed(n11 + 12)


def _computed(value: int) -> int:
    CALLS.append(value)
    return value
