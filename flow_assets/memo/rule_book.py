"""The rules of a dataset with their digests: what must be looked at again when one of them changes.

A rule's digest stands for which rows fail it. What follows from that, severity and tolerance, is only in the digest of
the whole book: when it changes, partitions are judged anew from what was counted.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flow_assets.declaration import Dataset, Rule, TimePartitions
from flow_assets.declaration.constraints import PythonCheck, References
from flow_assets.declaration.partition_constraints import CompleteSequence, Fresh
from flow_assets.lake.records import canonical_json
from flow_assets.memo.fingerprint import fingerprint

RULES_VERSION = 1
"""Raise it when the same declaration would fail other rows."""

_LENGTH = 16

_TIMED = (CompleteSequence, Fresh)


@dataclass(frozen=True)
class RuleBook:
    """Every rule of one dataset with its digest, in the order of their declaration.

    Two rules may share a digest: a little is tolerated with a warning, more is an error.
    """

    rules: tuple[tuple[Rule, str], ...]

    @classmethod
    def of(cls, dataset: Dataset) -> "RuleBook":
        """The book of `dataset`.

        Raises:
            FingerprintError: the code of a rule in Python refers to something that cannot be fingerprinted.
        """
        clock = _clock(dataset)
        rules = ((rule, [RULES_VERSION, rule.declaration, _code(rule)]) for rule in dataset.rules)
        return cls(
            tuple((r, _digest([*said, *(clock if isinstance(r.constraint, _TIMED) else ())])) for r, said in rules)
        )

    @cached_property
    def digest(self) -> str:
        """Changes with any rule, its name, severity and tolerance included."""
        return _digest([[digest, *_consequences(rule)] for rule, digest in self.rules])

    @cached_property
    def quarantining(self) -> tuple[str, ...]:
        """Digests of the rules that decide which rows stay: they are part of a partition's key."""
        return tuple(sorted({digest for rule, digest in self.rules if rule.quarantine}))

    @cached_property
    def packages(self) -> tuple[str, ...]:
        """The distributions, beside DuckDB's, that decide which rows stay: of rules in Python, and what asks these."""
        functions = [
            rule.constraint.function
            for rule, _ in self.rules
            if rule.quarantine and isinstance(rule.constraint, PythonCheck)
        ]
        packages = {name for function in functions for name in fingerprint(function).packages}
        return tuple(sorted({*packages, "pandas", "pandera"})) if functions else ()

    @cached_property
    def referred(self) -> tuple[str, ...]:
        """The datasets whose keys are referred to."""
        return tuple(sorted({constraint.dataset for constraint in self._references()}))

    def keys_of(self, dataset: str) -> tuple[str, ...]:
        """The columns of another dataset that rules refer to."""
        return tuple(sorted({there for c in self._references() if c.dataset == dataset for _, there in c.on}))

    def to_json(self) -> list[dict[str, Any]]:
        """Everything that can be said of its rules."""
        return [{"digest": digest, **_described(rule)} for rule, digest in self.rules]

    def _references(self) -> Iterator[References]:
        return (rule.constraint for rule, _ in self.rules if isinstance(rule.constraint, References))


def _clock(dataset: Dataset) -> list[list[str]]:
    """What says when a partition begins and ends."""
    partitions = dataset.partitions
    return [[partitions.unit, partitions.timezone]] if isinstance(partitions, TimePartitions) else []


def _code(rule: Rule) -> str:
    return fingerprint(rule.constraint.function).digest if isinstance(rule.constraint, PythonCheck) else ""


def _consequences(rule: Rule) -> list[Any]:
    return [rule.name, rule.dimension, rule.severity, rule.tolerance, isinstance(rule.tolerance, float)]


def _described(rule: Rule) -> dict[str, Any]:
    fields = ("name", "dimension", "severity", "tolerance", "quarantine", "text", "description")
    return {name: getattr(rule, name) for name in fields}


def _digest(value: Any) -> str:
    return hashlib.sha256(canonical_json(value)).hexdigest()[:_LENGTH]
