"""What came of checking one partition, and what follows from it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from flow_assets.declaration import Dimension, Rule, Severity

_LONGEST_TEXT = 80
_NAMED = re.compile(rf"(?:^|; )([^;]+?) \((?:{'|'.join(Dimension)})\)(?=: )")


@dataclass(frozen=True)
class RuleResult:
    """How one rule fared in one partition; it says nothing of severity or tolerance.

    Attributes:
        failed: rows that break it; for a rule on the partition, what is missing or 1, of `total`.
        total: rows, or what was expected, or 1.
        detail: what was measured, in words, such as `psi 0.31`; empty where the counts say all.
        compared_with: the partitions before it, the first and the last, for a rule against history.
        is_evaluated: False where a rule against history had none.
    """

    failed: int
    total: int
    detail: str = ""
    compared_with: tuple[str, ...] = ()
    is_evaluated: bool = True

    def to_json(self) -> list[Any]:
        """Its counts, and the rest where it says something."""
        whole = [self.failed, self.total, self.detail, list(self.compared_with), self.is_evaluated]
        return whole[:2] if whole[2:] == ["", [], True] else whole

    @classmethod
    def from_json(cls, fields: Sequence[Any]) -> Self:
        """What `to_json` wrote."""
        failed, total, *rest = fields
        detail, compared_with, is_evaluated = rest or ("", (), True)
        return cls(failed, total, detail, tuple(compared_with), is_evaluated)


@dataclass(frozen=True)
class Verdict:
    """What follows from an inspection under the rules as they are.

    Attributes:
        errors: broken rules that keep the partition from being published.
        warnings: broken rules that do not.
    """

    errors: tuple[Rule, ...] = ()
    warnings: tuple[Rule, ...] = ()


def judge(rules: Sequence[tuple[Rule, str]], results: Mapping[str, RuleResult]) -> Verdict:
    """What follows from `results` for `rules`, each with its digest."""
    broken = [
        rule
        for rule, digest in rules
        if digest in results and not rule.tolerates(results[digest].failed, results[digest].total)
    ]
    errors = tuple(rule for rule in broken if rule.severity is Severity.ERROR)
    return Verdict(errors, tuple(rule for rule in broken if rule.severity is Severity.WARN))


@dataclass(frozen=True)
class Finding:
    """How one rule fared in one partition, under its severity and tolerance: what people are told.

    Attributes:
        sample: a few failing rows in Markdown; empty where none were kept.
    """

    rule: Rule
    result: RuleResult
    sample: str = ""

    @property
    def is_passed(self) -> bool:
        """Whether no more is broken than is tolerated."""
        return self.rule.tolerates(self.result.failed, self.result.total)

    @property
    def measured(self) -> str:
        """What was found, in words."""
        return self.result.detail or f"{self.result.failed} of {self.result.total} rows break it"


def reason_of(rule: Rule, measured: str) -> str:
    """A broken rule in one line: its name, why it must hold, or what if that is short, and what was measured."""
    text = " ".join((rule.description or rule.text).split())
    told = text.rstrip(".") if rule.description or len(text) <= _LONGEST_TEXT else ""
    return ": ".join(filter(None, (f"{rule.name} ({rule.dimension})", told, measured)))


def rules_named(reason: str) -> tuple[str, ...]:
    """The names of the rules of which `reason` is made: texts of `reason_of` with semicolons between them."""
    return tuple(_NAMED.findall(reason))
