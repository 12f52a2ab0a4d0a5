"""How good the data is: scores by dataset, dimension and time, the rules that fared worst, and what is kept back.

What a partition is judged by is its version that is kept back, where there is one, and else the one that is published:
the scores say how good the data is that arrives. How they are made is said in `scores`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from flow_assets.declaration import UNPARTITIONED, Dataset, Dimension, TimePartitions, partition_keys
from flow_assets.errors import SelectionError
from flow_assets.insight.periods import label_of, unit_of
from flow_assets.insight.scores import RuleScore, RuleSets, count, dimension_scores, over_datasets, overall
from flow_assets.insight.spans import since_text
from flow_assets.ledger.judgements import Blocked, Check
from flow_assets.materialization.project import Project
from flow_assets.materialization.selection import choose_keys, select


@dataclass(frozen=True)
class DatasetQuality:
    """How good one dataset is.

    Attributes:
        score: from 0 to 1; None where nothing was checked.
        dimensions: the score of each dimension that it has rules for.
        partitions: how many were checked.
        blocked: partition to the version of it that is kept back.
        broken: published partition to the rules it breaks that were made, or made stricter, since.
        warned: partitions that break a rule of severity warn.
        quarantined: rows that left.
        unknown: partitions that were checked by rules of which nothing is known any longer.
    """

    score: float | None
    dimensions: Mapping[str, float]
    partitions: int
    blocked: Mapping[str, Blocked]
    broken: Mapping[str, Sequence[str]]
    warned: int
    quarantined: int
    unknown: int


@dataclass(frozen=True)
class Quality:
    """How good the data is.

    Attributes:
        score: of all datasets.
        dimensions: the score of each dimension, over the datasets.
        unit: what a period is: `day`, `week`, `month` or `year`; None where no partition is one of time.
        periods: all of them from the first partition to the last.
        over_time: dimension to period to score, for the periods in which there is one.
        rules: every rule that was asked, the worst first.
    """

    score: float | None
    dimensions: Mapping[str, float]
    datasets: Mapping[str, DatasetQuality]
    unit: str | None
    periods: Sequence[str]
    over_time: Mapping[str, Mapping[str, float]]
    rules: Sequence[RuleScore]


def assess(
    checks: Sequence[Check],
    rule_sets: RuleSets,
    blocked: Mapping[str, Mapping[str, Blocked]],
    dates: Mapping[str, Mapping[str, date]],
) -> Quality:
    """How good the data is, from what was found of it.

    Args:
        checks: at most one of each partition, in the partitions' order.
        rule_sets: the rules that they were made by.
        blocked: every dataset, to what is kept back of it.
        dates: dataset to partition to the day on which it begins, for those that are windows of time.
    """
    days = sorted({day for c in checks if (day := dates.get(c.dataset, {}).get(c.partition))})
    unit = unit_of(days[0], days[-1]) if days else None
    label = label_of(unit or "day")
    labels = {name: {key: label(day) for key, day in of.items()} for name, of in dates.items()}
    rules = count(checks, rule_sets, lambda dataset, partition: labels.get(dataset, {}).get(partition))
    scores = dimension_scores(rules)
    datasets = {
        name: _of_dataset(scores.get(name, {}), [c for c in checks if c.dataset == name], rules, kept, rule_sets)
        for name, kept in blocked.items()
    }
    every_day = (days[0] + timedelta(days=n) for n in range((days[-1] - days[0]).days + 1)) if days else ()
    return Quality(
        score=overall({name: of.score for name, of in datasets.items() if of.score is not None}),
        dimensions=over_datasets(scores),
        datasets=datasets,
        unit=unit,
        periods=(periods := tuple(dict.fromkeys(map(label, every_day)))),
        over_time=_over_time(rules, periods),
        rules=sorted(rules, key=badness, reverse=True),
    )


def _of_dataset(
    dimensions: Mapping[str, float],
    checks: Sequence[Check],
    rules: Sequence[RuleScore],
    blocked: Mapping[str, Blocked],
    rule_sets: RuleSets,
) -> DatasetQuality:
    broken: dict[str, list[str]] = {c.partition: [] for c in checks if c.is_published and c.errors}
    dataset = checks[0].dataset if checks else ""
    for score in rules:
        if score.dataset == dataset and score.rule.severity == "error":
            for partition in broken.keys() & set(score.broken):
                broken[partition].append(score.rule.name)
    return DatasetQuality(
        overall(dimensions),
        dimensions,
        len(checks),
        blocked,
        broken,
        sum(1 for c in checks if c.warnings),
        sum(c.quarantined for c in checks),
        sum(1 for c in checks if c.rules not in rule_sets),
    )


def _over_time(rules: Sequence[RuleScore], periods: Sequence[str]) -> dict[str, dict[str, float]]:
    scores = {period: over_datasets(dimension_scores(rules, period)) for period in periods}
    found = {name: {period: of[name] for period, of in scores.items() if name in of} for name in map(str, Dimension)}
    return {name: of for name, of in found.items() if of}


def badness(score: RuleScore) -> tuple[bool, int, float, int]:
    """Orders rules: those first that break partitions as errors, then by broken partitions, then by failing share."""
    is_error = score.rule.severity == "error" and bool(score.broken)
    return is_error, len(score.broken), score.failing, score.failed


def find_quality(
    project: Project, name: str | None = None, *, since: str | None = None, partitions: str | None = None
) -> Quality:
    """How good what is there is, without reading data.

    Args:
        project: whose datasets.
        name: a dataset; all by default.
        since: only what was checked since then: a date, `YYYY-MM-DD` in UTC, or a span such as `12h`, `7d` or `4w`.
        partitions: `A..B` or a key: only these.

    Raises:
        SelectionError: there is no such dataset or partition, or `since` says no time.
    """
    scope = _scope(project, name, partitions)
    judgements = project.holdings.judgements
    checks = judgements.current_checks(list(scope), since_text(since) if since is not None else "")
    positions = {dataset: {key: n for n, key in enumerate(keys)} for dataset, keys in scope.items()}
    asked = [check for check in checks if check.partition in positions[check.dataset]]
    asked.sort(key=lambda check: positions[check.dataset][check.partition])
    blocked = {
        dataset: {key: block for key, block in judgements.blocked(dataset).items() if key in positions[dataset]}
        for dataset in scope
    }
    dates = {dataset: _dates(project.graph.get(dataset), keys) for dataset, keys in scope.items()}
    return assess(asked, judgements.rule_sets(sorted({check.rules for check in asked})), blocked, dates)


def _scope(project: Project, name: str | None, partitions: str | None) -> dict[str, tuple[str, ...]]:
    if name is None:
        return select(project.graph, (), partitions)
    keys = partition_keys(project.graph.get(name).partitions)
    if partitions is None:
        return {name: keys}
    if keys == (UNPARTITIONED,):
        raise SelectionError(f"{name} has no partitions; leave --partitions out.")
    return {name: choose_keys(name, keys, partitions)}


def _dates(dataset: Dataset, keys: Sequence[str]) -> dict[str, date]:
    partitions = dataset.partitions
    return {key: partitions.start(key).date() for key in keys} if isinstance(partitions, TimePartitions) else {}
