"""Rules on a partition as a whole, and on it beside those before it; `rules` says what they have in common."""

from collections.abc import Iterable
from math import inf
from typing import Any, Unpack

from flow_assets.declaration.arguments import given_name, require_counts, require_number, require_texts, several
from flow_assets.declaration.durations import duration
from flow_assets.declaration.partition_constraints import (
    CompleteSequence,
    Fresh,
    NoDrift,
    PartitionQuery,
    RowCount,
    RowCountHistory,
)
from flow_assets.declaration.rules import Options, Rule, make_rule
from flow_assets.errors import DefinitionError


def row_count(min_value: int | None = None, max_value: int | None = None, **options: Unpack[Options]) -> Rule:
    """The partition has so many rows."""
    if min_value is None and max_value is None:
        raise DefinitionError("row_count() demands nothing; give min_value, max_value or both.")
    require_counts("row_count(...)", min_value=min_value, max_value=max_value)
    if max_value is not None and max_value < (min_value or 0):
        raise DefinitionError(f"row_count({min_value}, {max_value}) holds for no partition; give the smaller first.")
    return make_rule(RowCount(min_value, max_value), "row_count", options)


def row_count_like_before(
    min_ratio: float = 0.5,
    max_ratio: float = 2.0,
    partitions: int = 28,
    at_least: int | None = None,
    **options: Unpack[Options],
) -> Rule:
    """The number of rows is like that of the partitions before: at most `partitions`, `at_least` 7 (or all) of them.

    A difference that chance alone may make among so few rows does not break it.
    """
    require_number("row_count_like_before(...)", min_ratio=min_ratio, max_ratio=max_ratio)
    if not 0 <= min_ratio < max_ratio:
        raise DefinitionError(f"row_count_like_before({min_ratio}, {max_ratio}) holds for nothing; say as in (0.5, 2).")
    constraint = RowCountHistory(min_ratio, max_ratio, partitions, _at_least(partitions, at_least))
    return make_rule(constraint, "row_count_like_before", options)


def complete_sequence(
    column: str, every: str, by: str | None = None, groups: Iterable[Any] = (), **options: Unpack[Options]
) -> Rule:
    """`column` has every step of the partition's time range, for each value of `by`: `groups`, or those that are found.

    Steps are counted from the beginning of the range, hours as they pass and days on the partitions' clock.

    Args:
        column: of times in UTC, or of dates.
        every: the step, such as `1 hour`, `15 minutes`, `1 day`.
        by: column of what must be complete by itself.
        groups: the values that `by` must have, so that one without any row is missed too.
        options: see `Options`.
    """
    require_texts("complete_sequence(...)", column=column, every=every)
    duration(every)
    given = several(groups) if groups else ()
    wanted = tuple(group for number, group in enumerate(given) if group not in given[:number])
    if wanted and by is None:
        raise DefinitionError(f"complete_sequence({column!r}): `groups` are values of a column; name it with `by`.")
    return make_rule(CompleteSequence(every, by, wanted), f"{column}_complete", options, (column,))


def fresh(column: str, within: str, **options: Unpack[Options]) -> Rule:
    """The newest value of `column` is at most `within` (such as `36 hours`) before the partition's end, or before now.

    A date counts from the end of its day. Days are those of the partitions' clock.
    """
    require_texts("fresh(...)", column=column, within=within)
    duration(within)
    return make_rule(Fresh(within), f"{column}_fresh", options, (column,))


def partition_query(sql: str, **options: Unpack[Options]) -> Rule:
    """A SQL query over the partition, which it calls `rows`, returns nothing; what is tolerated, the query says.

    Example:
        `partition_query("SELECT origin FROM rows GROUP BY origin HAVING count(*) < 50", name="airports_are_busy")`
    """
    require_texts("partition_query(...)", sql=sql)
    return make_rule(PartitionQuery(sql), given_name("partition_query", options), options)


def no_drift(
    measure: str, threshold: float, partitions: int = 28, at_least: int | None = None, **options: Unpack[Options]
) -> Rule:
    """The column is distributed as in the partitions before.

    Args:
        measure: `psi` of numbers or categories, `ks` of numbers, `category_shares` or `null_rate`.
        threshold: what the measure must not exceed: it allows for days that differ for good reasons. For what follows a
            timetable 0.1 is a lot; for what varies from day to day try 0.5 for `psi`, 0.3 for `ks`. What chance alone
            does in few rows is allowed for besides, so that a partition of a dozen rows hardly ever drifts.
        partitions: how many are compared with.
        at_least: with fewer before it, a partition is not judged; 7 by default, or `partitions` if that is less.
        options: see `Options`.
    """
    require_texts("no_drift(...)", measure=measure)
    if measure not in MEASURES:
        raise DefinitionError(f"no_drift: {measure!r} is no measure; take one of {', '.join(MEASURES)}.")
    require_number(f"no_drift({measure!r}, ...)", threshold=threshold)
    if not 0 < threshold < MEASURES[measure]:
        most = "" if MEASURES[measure] == inf else f" and below {MEASURES[measure]}, which it never exceeds"
        raise DefinitionError(f"no_drift({measure!r}): the threshold {threshold!r} must be above 0{most}.")
    constraint = NoDrift(measure, threshold, partitions, _at_least(partitions, at_least))
    return make_rule(constraint, f"{{column}}_{measure}", options)


MEASURES = {"psi": inf, "ks": 1, "category_shares": 1, "null_rate": 1}
"""What can be measured, and how great it can become."""


def _at_least(partitions: int, at_least: int | None) -> int:
    require_counts("A rule against history", partitions=partitions, at_least=at_least)
    fewest = min(7, partitions) if at_least is None else at_least
    if partitions < 1 or fewest < 1:
        raise DefinitionError(f"{fewest} of {partitions} partitions are no history; compare with one or more.")
    if fewest > partitions:
        raise DefinitionError(
            f"at_least={fewest} is more than the {partitions} partitions that are compared with, so no partition would "
            f"ever be judged; make `at_least` {partitions} or less, or `partitions` {fewest} or more."
        )
    return fewest
