"""Show how good the data is: scores by dimension and over time, the worst rules, what is kept back and why."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from flow_assets.insight.quality import DatasetQuality, Quality
    from flow_assets.insight.scores import RuleScore

NAME = "quality"
EXAMPLES = (
    "flow quality",
    "flow quality departures",
    "flow quality --since 7d",
    "flow quality hourly_weather --partitions 2013-06-01..2013-08-31 --json",
)

_WORST = 10
_BARS = "▁▂▃▄▅▆▇█"


def command(
    dataset: Annotated[str | None, typer.Argument(help="A dataset, rule by rule; all by default.")] = None,
    since: Annotated[str | None, typer.Option(help="What was checked since a date, or 30m, 12h, 7d, 4w ago.")] = None,
    partitions: Annotated[str | None, typer.Option(help="Only these partitions: A..B, or one.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show the quality."""
    from flow_assets.cli.console import out, print_json
    from flow_assets.insight.quality import find_quality
    from flow_assets.materialization.project import Project
    from flow_assets.settings import load_settings

    found = find_quality(Project.open(load_settings()), dataset, since=since, partitions=partitions)
    if as_json:
        print_json(_json(found))
        return
    console = out()
    if not any(of.partitions for of in found.datasets.values()):
        console.print(f"Nothing {'of ' + dataset if dataset else 'there'} was checked; flow run checks what it makes.")
        return
    if dataset is None:
        _print_datasets(console, found)
    _print_over_time(console, found, dataset)
    _print_rules(console, found, dataset)
    _print_kept_back(console, found)


def _json(found: "Quality") -> dict[str, Any]:
    return {
        "score": found.score,
        "dimensions": found.dimensions,
        "unit": found.unit,
        "over_time": found.over_time,
        "datasets": {name: _dataset_json(of) for name, of in found.datasets.items()},
        "rules": [_rule_json(score) for score in found.rules],
    }


def _dataset_json(of: "DatasetQuality") -> dict[str, Any]:
    return {
        "score": of.score,
        "dimensions": of.dimensions,
        "partitions": of.partitions,
        "blocked": [
            {"partition": key or None, "reason": block.reason, "at": block.at} for key, block in of.blocked.items()
        ],
        "broken": [{"partition": key or None, "rules": list(rules)} for key, rules in of.broken.items()],
        "warned": of.warned,
        "quarantined": of.quarantined,
        "unknown": of.unknown,
    }


def _rule_json(score: "RuleScore") -> dict[str, Any]:
    rule = score.rule
    return {
        "dataset": score.dataset,
        **{name: value for name, value in vars(rule).items() if name != "digest"},
        "failed": score.failed,
        "total": score.total,
        "score": score.score,
        "partitions": score.partitions,
        "broken": [key or None for key in score.broken],
        "worst_partition": score.worst or None,
        "worst_share": score.worst_share,
        "worst_measured": score.worst_measured or None,
        "checked_at": score.checked_at,
    }


def _print_datasets(console: "Console", found: "Quality") -> None:
    from flow_assets.cli.console import print_table, table
    from flow_assets.declaration import Dimension

    columns = ("dataset", "score", *Dimension, "partitions", "blocked", "broken", "warned", "quarantined")
    shown = table("Quality", *columns)
    for name, of in found.datasets.items():
        scores = (percent(of.dimensions.get(dimension)) for dimension in Dimension)
        shown.add_row(name, percent(of.score), *scores, *(f"{n:,}" if n else "·" for n in _counts(of)))
    shown.add_section()
    scores = (percent(found.dimensions.get(dimension)) for dimension in Dimension)
    totals = map(sum, zip(*(_counts(of) for of in found.datasets.values()), strict=True))
    shown.add_row("all", percent(found.score), *scores, *(f"{n:,}" if n else "·" for n in totals))
    print_table(console, shown)


def _counts(of: "DatasetQuality") -> tuple[int, ...]:
    return of.partitions, len(of.blocked), len(of.broken), of.warned, of.quarantined


def _print_over_time(console: "Console", found: "Quality", dataset: str | None) -> None:
    from flow_assets.cli.console import print_table, table

    if dataset is not None:
        of = found.datasets[dataset]
        console.print(f"[bold]{dataset}[/]: {percent(of.score)}, {of.partitions:,} partitions")
    over_time = {name: of for name, of in found.over_time.items() if len(of) > 1}
    if not over_time:
        return
    title = f"By {found.unit}, from the lowest to 100 %: {found.periods[0]} .. {found.periods[-1]}"
    shown = table(None, "dimension", "score", "picture", "lowest", "in", texts=("picture", "in"))
    for name, scores in over_time.items():
        worst = min(scores, key=lambda period: scores[period])
        lowest = (percent(scores[worst]), worst) if scores[worst] < 1 else ("·", "")
        shown.add_row(name, percent(found.dimensions[name]), _bars(scores, found.periods), *lowest)
    console.print(f"\n[bold]{title}[/]")
    print_table(console, shown)


def _bars(scores: Mapping[str, float], periods: "Any") -> str:
    """A bar for each period: from the lowest score to 1; a blank where there is none."""
    lowest = min(scores.values())
    span = 1 - lowest
    return "".join(
        " " if (score := scores.get(period)) is None else _BARS[int((score - lowest) / span * 7 + 1e-9) if span else 7]
        for period in periods
    )


def _print_rules(console: "Console", found: "Quality", dataset: str | None) -> None:
    from flow_assets.cli.console import print_table, table

    failing = [score for score in found.rules if score.failed]
    scores = failing[:_WORST] if dataset is None else list(found.rules)
    if not scores:
        is_unknown = any(of.unknown for of in found.datasets.values())
        console.print(
            f"\n{'It is not known which rules are broken.' if is_unknown else 'No rule is broken by any row.'}"
        )
        return
    columns = ("severity", "failed", "of", "rate", "tolerated", "broken", "worst", "last broken", "must hold")
    texts = ("severity", "dimension", "worst", "last broken", "must hold")
    shown = table("Worst rules" if dataset is None else "Rules", "rule", "dimension", *columns, texts=texts)
    for score in scores:
        shown.add_row(*_rule_row(score, with_dataset=dataset is None))
    console.print()
    print_table(console, shown)
    hidden = len(failing) - len(scores)
    if dataset is None and hidden > 0:
        console.print(f"... and {hidden} more that rows fail, within what is tolerated or beyond: flow quality DATASET")


def _rule_row(score: "RuleScore", *, with_dataset: bool) -> tuple[str, ...]:
    from rich.markup import escape

    from flow_assets.declaration.tolerance import tolerance_text

    rule = score.rule
    measured = escape(score.worst_measured) or percent(score.worst_share)
    worst = "·" if score.worst is None else f"{escape(score.worst)} ({measured})".strip()
    return (
        escape(f"{score.dataset} {rule.name}" if with_dataset else rule.name),
        rule.dimension,
        f"{rule.severity}{', quarantines' if rule.quarantine else ''}",
        f"{score.failed:,}" if score.failed else "·",
        f"{score.total:,}",
        percent(score.failing) if score.failed else "·",
        tolerance_text(rule.tolerance) if rule.tolerance else "none",
        f"{len(score.broken):,}" if score.broken else "·",
        worst,
        escape(score.broken[-1] or "·") if score.broken else "·",
        escape(rule.text),
    )


def _print_kept_back(console: "Console", found: "Quality") -> None:
    """What is blocked and why, and what is published although it breaks a rule made since."""
    blocked = [(name, key, block) for name, of in found.datasets.items() for key, block in of.blocked.items()]
    for name, key, block in blocked[:_WORST]:
        since = block.at[:16].replace("T", " ")
        console.print(f"\n[bold]blocked[/] {_partition(name, key)}, since {since} UTC\n  ", end="")
        console.print(block.reason, markup=False)
    if len(blocked) > _WORST:
        console.print(f"\n... and {len(blocked) - _WORST} more are blocked; see all with --json.")
    broken = [(name, key, rules) for name, of in found.datasets.items() for key, rules in of.broken.items()]
    for name, key, rules in broken[:_WORST]:
        console.print(f"\n[bold]published[/] {_partition(name, key)}, though it breaks rules made since: ", end="")
        console.print(", ".join(rules), markup=False)
    if len(broken) > _WORST:
        console.print(f"\n... and {len(broken) - _WORST} more are published so; see all with --json.")
    if unknown := sum(of.unknown for of in found.datasets.values()):
        console.print(f"\nOf {unknown} partitions it is not known any longer by which rules they were checked.")
    if blocked:
        console.print(
            "\nSee what is kept back: FROM blocked.DATASET; then land a good file or relax the rule, and: flow run"
        )


def _partition(dataset: str, key: str) -> str:
    from rich.markup import escape

    return escape(" ".join(filter(None, (dataset, key))))


def percent(share: float | None) -> str:
    """A share as people read it; only all is 100 %, and only nothing is 0 %."""
    from math import floor

    if share is None:
        return "·"
    if share > 0.5:
        return f"{floor(share * 10_000) / 100:.2f} %" if share < 1 else "100 %"
    return "0 %" if share == 0 else f"{max(share, 0.0001):.2%}".replace("%", " %")
