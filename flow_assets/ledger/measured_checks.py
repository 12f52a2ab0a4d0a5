"""What checks found of each measured attempt: the row of `kpis` and that of `checks` come from one transaction.

Of both there may be several of one partition in one run, so their times tell which belong together: those of one
transaction are the same. In a ledger of an earlier version, what was published was measured before its check was
written, and what was kept back after.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Self

from sqlalchemy import ColumnElement, Select, and_, case, func, not_, select

from flow_assets.ledger import tables
from flow_assets.ledger.statements import same_partition

_CHECK = tables.checks.c
COUNTS = (
    _CHECK.rules.label("rule_book"),
    _CHECK.warnings.label("rules_warned"),
    _CHECK.errors.label("rules_failed"),
    _CHECK.quarantined.label("rows_quarantined"),
)
"""The columns that `beside_checks` adds: the digest of all rules, and what these found."""


class Checked(NamedTuple):
    """What was found of a version when it was made.

    Attributes:
        passed: rules that hold, or of which no more is broken than they tolerate; those that had nothing to compare
            with are among them. None if it is not known any longer how many rules there were.
        warned: broken rules of severity warn.
        failed: broken rules of severity error.
        quarantined: rows that left.
    """

    passed: int | None
    warned: int
    failed: int
    quarantined: int

    @classmethod
    def of(cls, counts: Sequence[Any], sizes: Mapping[str, int]) -> Self | None:
        """What the columns `COUNTS` of a row say; None of what was not checked.

        Args:
            counts: their values.
            sizes: digest of all rules to how many there are.
        """
        book, warned, failed, quarantined = counts
        if book is None:
            return None
        passed = sizes[book] - warned - failed if book in sizes else None
        return cls(passed, warned, failed, quarantined)


def beside_checks(query: Select[Any]) -> Select[Any]:
    """`query`, of the table `kpis`, with `COUNTS`: nulls for what was not checked, as what failed is."""
    own = tables.checks.c.id == _own_check()
    return query.add_columns(*COUNTS).select_from(tables.kpis.outerjoin(tables.checks, own))


def _own_check() -> ColumnElement[int]:
    """The number of the check of an attempt; the index of a partition's checks leads to the few there are."""
    kpis, checks = tables.kpis, tables.checks.alias("of_partition")
    is_of_run = and_(same_partition(checks, kpis), checks.c.run_id == kpis.c.run_id)
    published = select(func.min(checks.c.id)).where(is_of_run, checks.c.is_published)
    kept = select(func.max(checks.c.id)).where(is_of_run, not_(checks.c.is_published))
    is_at_once = checks.c.at == kpis.c.at

    def own(check: Select[Any], is_of_earlier_version: ColumnElement[bool]) -> ColumnElement[int]:
        in_turn = (check.where(condition) for condition in (is_at_once, is_of_earlier_version))
        return func.coalesce(*(query.correlate(kpis).scalar_subquery() for query in in_turn))

    return case(
        (kpis.c.change == "blocked", own(kept, checks.c.at < kpis.c.at)),
        (kpis.c.change != "failed", own(published, checks.c.at > kpis.c.at)),
    )
