"""Rules that are broken: by versions that are kept back, by what is published, and beyond what is tolerated."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from flow_assets.checks.results import rules_named
from flow_assets.declaration import Dataset, partition_keys
from flow_assets.declaration.tolerance import tolerance_text
from flow_assets.insight.scores import RuleScore, count
from flow_assets.insight.watch.downstream import affected_by, held_by
from flow_assets.insight.watch.links import link_to
from flow_assets.insight.watch.situation import Situation
from flow_assets.insight.watch.words import named, paragraph
from flow_assets.ledger.findings import AlertSeverity, Finding
from flow_assets.ledger.judgements import Blocked, Check
from flow_assets.ledger.times import unix_time
from flow_assets.materialization.project import Project
from flow_assets.texts import listed, titled

WATCH = "quality"

RECENT = 3
"""A warning is about the last so many partitions: those of long ago are in `flow quality`, and no news."""


@dataclass
class BlockedGroup:
    """Versions kept back that share a rule with the one that was kept back first.

    Attributes:
        rules: those that the first one breaks.
        blocked: partition to what is kept back of it, those kept back first at the front.
    """

    rules: tuple[str, ...]
    blocked: dict[str, Blocked]


@dataclass
class BrokenRules:
    """Rules of one severity, of a dataset, that are broken by what is published.

    Attributes:
        scores: of each rule.
        checks: of the partitions that break one of them, in order.
        affected: datasets downstream that break rules of the same dimensions.
    """

    scores: list[RuleScore]
    checks: list[Check]
    affected: tuple[str, ...] = ()


def find_broken_rules(situation: Situation) -> list[Finding]:
    """Findings for each dataset: by rule for what is kept back, and one by severity for what is published."""
    project = situation.project
    found: list[Finding] = []
    published: dict[tuple[str, str], BrokenRules] = {}
    for name, totals in sorted(project.holdings.judgements.totals().items()):
        if name not in project.graph.datasets:
            continue
        dataset = project.graph.get(name)
        if totals.blocked:
            found += _blocked(project, dataset)
        if totals.broken or totals.warned:
            published.update(_published(project, dataset))
    return [*found, *_causes(project, published)]


def _causes(project: Project, published: Mapping[tuple[str, str], BrokenRules]) -> Iterator[Finding]:
    """What is first in its chain; a bad day breaks rules of several dimensions, and is one cause."""
    together: dict[tuple[str, str], BrokenRules] = {}
    for (name, kind), names in affected_by(project.graph, published).items():
        broken = published[name, kind]
        joined = together.setdefault((name, kind.partition(" ")[0]), BrokenRules([], []))
        joined.scores += broken.scores
        joined.checks += [check for check in broken.checks if check not in joined.checks]
        joined.affected = tuple(dict.fromkeys((*joined.affected, *names)))
    for (name, _), broken in together.items():
        yield _published_finding(project.graph.get(name), broken)


def _blocked(project: Project, dataset: Dataset) -> Iterator[Finding]:
    keys = partition_keys(dataset.partitions)
    positions = {key: number for number, key in enumerate(keys)}
    blocked = project.holdings.judgements.blocked(dataset.name)
    in_order = sorted(blocked.items(), key=lambda item: (item[1].at, item[0]))
    for group in _groups({key: block for key, block in in_order if key in positions}):
        partitions = sorted(group.blocked, key=positions.__getitem__)
        yield _blocked_finding(project, dataset, group, [key for key in partitions if key])


def _groups(blocked: Mapping[str, Blocked]) -> list[BlockedGroup]:
    """What is kept back, a group a cause; a version that breaks several rules is in one of them alone."""
    groups: list[BlockedGroup] = []
    for key, block in blocked.items():
        rules = rules_named(block.reason) or (block.reason,)
        group = next((group for group in groups if not set(rules).isdisjoint(group.rules)), None)
        if group is None:
            groups.append(group := BlockedGroup(rules, {}))
        group.blocked[key] = block
    return groups


def _blocked_finding(project: Project, dataset: Dataset, group: BlockedGroup, partitions: Sequence[str]) -> Finding:
    name = dataset.name
    newest, last = list(group.blocked.items())[-1]
    rules = list(dict.fromkeys(rule for block in group.blocked.values() for rule in rules_named(block.reason)))
    told = f"{newest}: {last.reason}" if len(group.blocked) > 1 else last.reason
    where = named(name, partitions)
    held = held_by(project.graph, name, list(group.blocked))
    return Finding(
        watch=WATCH,
        identity=f"kept back {name}: {group.rules[0]}",
        severity=AlertSeverity.CRITICAL,
        title=titled(f"{where} kept back: {listed(rules or group.rules)}"),
        text=paragraph(
            told,
            "It is not published: readers stay on the last good version, if there is one.",
            f"Held by it: {listed(list(held))}." if held else "",
            f"Its rows: FROM blocked.{name}. Land a good file or relax the rule, then: flow run",
        ),
        since=min(unix_time(block.at) for block in group.blocked.values()),
        dataset=name,
        partitions=tuple(partitions),
        affected=tuple(held),
        evidence={
            "rules": ", ".join(rules or group.rules),
            "kept_back_partitions": len(group.blocked),
            "held_partitions": sum(map(len, held.values())),
        },
        run_id=last.run_id or None,
        link=link_to(name, partitions[-1] if partitions else ""),
    )


def _published(project: Project, dataset: Dataset) -> Iterator[tuple[tuple[str, str], BrokenRules]]:
    """What is published although it breaks a rule made since, and what of the last partitions breaks one of warn.

    Each by the dataset, and the severity and dimension of the rules.
    """
    keys = partition_keys(dataset.partitions)
    judgements = project.holdings.judgements
    broken = judgements.broken(dataset.name)
    checks = {check.partition: check for check in judgements.newest_checks(dataset.name, RECENT)}
    older = [check for check in judgements.latest(dataset.name, broken).values() if check.is_published]
    checks = {**{check.partition: check for check in older}, **checks}
    known = [checks[key] for key in keys if key in checks]
    recent = [check.partition for check in known][-RECENT:]
    scores = count(known, judgements.rule_sets(sorted({check.rules for check in known})), lambda *_: None)
    for severity, partitions in (("error", set(broken)), ("warn", set(recent))):
        by_dimension: dict[str, list[RuleScore]] = {}
        for score in scores:
            if score.rule.severity == severity and not partitions.isdisjoint(score.broken):
                by_dimension.setdefault(score.rule.dimension, []).append(score)
        for dimension, some in by_dimension.items():
            about = [check for check in known if any(check.partition in score.broken for score in some)]
            about = [check for check in about if check.partition in partitions]
            yield (dataset.name, f"{severity} {dimension}"), BrokenRules(some, about)


def _published_finding(dataset: Dataset, broken: BrokenRules) -> Finding:
    order = {key: number for number, key in enumerate(partition_keys(dataset.partitions))}
    checks = sorted(broken.checks, key=lambda check: order[check.partition])
    name, partitions = dataset.name, [check.partition for check in checks if check.partition]
    worst = max(broken.scores, key=lambda score: (len(score.broken), score.worst_share))
    rule, is_error = worst.rule, worst.rule.severity == "error"
    names = [score.rule.name for score in broken.scores]
    where = named(name, partitions)
    made = "was published before the rule was made so strict, and breaks it" if is_error else "breaks"
    tolerated = tolerance_text(rule.tolerance)
    return Finding(
        watch=WATCH,
        identity=f"{'published though broken' if is_error else 'warned'} {name}",
        severity=AlertSeverity.WARNING,
        title=titled(f"{where} {made}: {listed(names)}"),
        text=paragraph(
            f"{rule.name} ({rule.dimension}): {' '.join((rule.description or rule.text).split())}",
            f"At worst in {worst.worst or 'it'}: {worst.worst_measured or f'{worst.worst_share:.2%}'}, tolerated: "
            f"{tolerated}.",
            f"Look at it: flow quality {name}",
        ),
        since=min(unix_time(check.at) for check in checks),
        dataset=name,
        partitions=tuple(partitions),
        affected=broken.affected,
        evidence={
            "rules": ", ".join(names),
            "broken_partitions": len(checks),
            "worst_partition": worst.worst or "",
            "worst_percent": round(100 * worst.worst_share, 2),
            "tolerated": tolerated,
        },
        run_id=checks[-1].run_id or None,
        link=link_to(name, partitions[-1] if partitions else ""),
    )
