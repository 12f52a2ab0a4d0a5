"""The rules of a dataset as Dagster's asset checks: one for each dimension that has rules; see docs/adr/0012.

The severity of a check is that of each evaluation: an error where an error rule is broken, else a warning.
"""

import re
from collections.abc import Sequence

import dagster as dg

from flow_assets.declaration import Dataset, Dimension, Rule, Severity
from flow_assets.declaration.tolerance import tolerance_text
from flow_assets.materialization.skin.markdown import table

_HEADER = ("rule", "what must hold", "severity", "tolerated", "failing rows", "why")
_SHORT = 80
"""Characters: much SQL is longer."""


def check_specs(dataset: Dataset, partitions_def: dg.PartitionsDefinition | None) -> list[dg.AssetCheckSpec]:
    """What Dagster checks of a dataset, in the order of `Dimension`; all that it checks is known from its rules."""
    by_dimension = {dimension: [r for r in dataset.rules if r.dimension is dimension] for dimension in Dimension}
    return [
        dg.AssetCheckSpec(
            dimension.value,
            asset=dataset.name,
            description=_description(rules),
            blocking=any(rule.severity is Severity.ERROR for rule in rules),
            metadata={"rules": table(_HEADER, (_row(rule) for rule in rules))},
            partitions_def=partitions_def,
        )
        for dimension, rules in by_dimension.items()
        if rules
    ]


def _description(rules: Sequence[Rule]) -> str:
    """Its rules by name, those first that keep a partition from being published."""
    parts = (("Not published unless", Severity.ERROR), ("A warning unless", Severity.WARN))
    said = ((lead, "; ".join(named(r) for r in rules if r.severity is severity)) for lead, severity in parts)
    return " ".join(f"{lead} {texts}." for lead, texts in said if texts)


def named(rule: Rule) -> str:
    """Its name, with what must hold, or else why, as far as people take that in at a glance."""
    texts = [text for text in (rule.text, rule.description.rstrip(".")) if text and len(text) <= _SHORT]
    told = texts[:1] if texts and not _repeats(rule.name, texts[0]) else []
    told += [f"{tolerance_text(rule.tolerance)} tolerated"] if rule.tolerance else []
    return f"{rule.name} ({'; '.join(told)})" if told else rule.name


def _repeats(name: str, text: str) -> bool:
    """Whether `name` was made of the words of `text`, such as `a_not_null` of `a is not null`."""
    return name == re.sub(r"\W+", "_", re.sub(r" (is|are) ", " ", text))


def in_short(rule: Rule) -> str:
    """What must hold, and how much else is tolerated."""
    return f"{rule.text} ({tolerance_text(rule.tolerance)} tolerated)" if rule.tolerance else rule.text


def _row(rule: Rule) -> tuple[str, ...]:
    fate = "leave for the quarantine" if rule.quarantine else "stay"
    return rule.name, rule.text, rule.severity.value, tolerance_text(rule.tolerance), fate, rule.description
