"""What Dagster is told of a partition's checks: little where they pass, rules and rows where they do not."""

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import dagster as dg
import pyarrow as pa
from dagster._core.definitions.asset_checks.asset_check_evaluation import (
    AssetCheckEvaluationTargetMaterializationData as Target,
)
from dagster._core.event_api import AssetRecordsFilter

from flow_assets.checks.compile import failing_sql
from flow_assets.checks.results import Finding
from flow_assets.declaration import UNPARTITIONED, Dimension, Severity
from flow_assets.declaration.tolerance import tolerance_text
from flow_assets.materialization.outcomes import Outcome
from flow_assets.materialization.skin.asset_checks import named
from flow_assets.materialization.skin.markdown import table

Columns = Mapping[str, pa.DataType]

_HEADER = ("rule", "severity", "failed", "of", "tolerated", "measured")
_NAMED = 3
_SHOWN_PARTITIONS = 20
_SHOWN_RULES = 5
"""Of so many broken rules a check shows rows; the table names all."""


def evaluations(
    outcome: Outcome, dimensions: Collection[str], target: Target | None, columns: Columns
) -> Iterator[dg.AssetCheckEvaluation]:
    """How a partition's checks ended: of the `dimensions` that are asked for and that something was found out of.

    Args:
        outcome: of the partition.
        dimensions: names of checks.
        target: its last materialization; without it Dagster takes an evaluation for one of older data.
        columns: of the dataset.
    """
    for dimension in Dimension:
        findings = [f for f in outcome.findings if f.rule.dimension is dimension]
        if findings and dimension.value in dimensions:
            yield _evaluation(outcome, dimension, findings, target, columns)


def _evaluation(
    outcome: Outcome, dimension: Dimension, findings: Sequence[Finding], target: Target | None, columns: Columns
) -> dg.AssetCheckEvaluation:
    broken = [finding for finding in findings if not finding.is_passed]
    severe = [finding for finding in broken if finding.rule.severity is Severity.ERROR]
    return dg.AssetCheckEvaluation(
        asset_key=dg.AssetKey(outcome.dataset),
        check_name=dimension.value,
        passed=not broken,
        metadata={**_numbers(findings), **(_evidence(findings, broken, columns) if broken else {})},
        target_materialization_data=target,
        severity=_severity(severe if broken else [f for f in findings if f.rule.severity is Severity.ERROR]),
        description=_description(findings, severe or broken),
        partition=outcome.partition or None,
    )


def _severity(severe: Sequence[Any]) -> dg.AssetCheckSeverity:
    """An error if there is something severe; Dagster shows failures of before, too, in the colour of the last."""
    return dg.AssetCheckSeverity.ERROR if severe else dg.AssetCheckSeverity.WARN


def _numbers(findings: Sequence[Finding]) -> dict[str, Any]:
    failed, total = sum(f.result.failed for f in findings), sum(f.result.total for f in findings)
    return {"failed": failed, "total": total, "rate": round(failed / total, 6) if total else 0.0}


def _description(findings: Sequence[Finding], broken: Sequence[Finding]) -> str | None:
    """What people must know at once; nothing where all is well."""
    new = [finding.rule.name for finding in findings if not finding.result.is_evaluated]
    told = [_named([_in_words(finding) for finding in broken])] if broken else []
    told += [f"without history yet: {_named(new)}"] if new else []
    return "; ".join(told) or None


def _in_words(finding: Finding) -> str:
    rule, result = finding.rule, finding.result
    found = result.detail or f"{result.failed:,} of {result.total:,}"
    return f"{named(rule)}: {found}"


def _named(names: Sequence[str]) -> str:
    return "; ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")


def _evidence(
    findings: Sequence[Finding], broken: Sequence[Finding], columns: Columns
) -> Mapping[str, dg.MetadataValue[Any]]:
    """The rules with failures, those first that are broken, and of each broken one its text and some of its rows."""
    within = [f for f in findings if f.is_passed and f.result.failed]
    shown = {f"rule: {f.rule.name}": dg.MetadataValue.md(_sample(f, columns)) for f in broken[:_SHOWN_RULES]}
    return {"rules": table(_HEADER, (_row(f) for f in (*broken, *within))), **shown}


def _row(finding: Finding) -> tuple[str, ...]:
    rule, result = finding.rule, finding.result
    within = f" ({result.compared_with[0]} .. {result.compared_with[-1]})" if result.compared_with else ""
    counts = (f"{result.failed:,}", f"{result.total:,}")
    return rule.name, rule.severity.value, *counts, tolerance_text(rule.tolerance), f"{result.detail}{within}".strip()


def _sample(finding: Finding, columns: Columns) -> str:
    rule = finding.rule
    sql = failing_sql(rule, columns)
    parts = (rule.description, f"`{rule.text}`", f"```sql\n{sql}\n```" if sql else "", finding.sample)
    return "\n\n".join(part for part in parts if part)


def in_sum(told: Sequence[dg.AssetCheckEvaluation]) -> dg.AssetCheckEvaluation:
    """What the evaluations of one check over several partitions come to: what an asset's page shows as the latest."""
    failed = [evaluation for evaluation in told if not evaluation.passed]
    severe = [e for e in failed or told if e.severity is dg.AssetCheckSeverity.ERROR]
    metadata: dict[str, Any] = {"partitions": len(told), "partitions failed": len(failed)}
    description = None
    if failed:
        description = f"{len(failed)} of {len(told)} partitions: {_named([e.partition or '' for e in failed])}"
        shown = [(e.partition or "", e.severity.value.lower(), e.description or "") for e in failed[:_SHOWN_PARTITIONS]]
        metadata["failed partitions"] = table(("partition", "severity", "what is broken"), shown)
    return dg.AssetCheckEvaluation(
        asset_key=told[0].asset_key,
        check_name=told[0].check_name,
        passed=not failed,
        metadata=metadata,
        severity=_severity(severe),
        description=description,
    )


def targets(
    context: dg.AssetExecutionContext, dataset: str, partitions: Collection[str], made: Collection[str]
) -> dict[str, Target]:
    """Partition to its last materialization; of those `made` by this run nothing but the number is read."""
    key, instance = dg.AssetKey(dataset), context.instance
    if not partitions or UNPARTITIONED in partitions:
        records = instance.fetch_materializations(key, limit=1).records if partitions else ()
        return {UNPARTITIONED: _target(records[0])} if records else {}
    kind = dg.DagsterEventType.ASSET_MATERIALIZATION
    numbers = instance.event_log_storage.get_latest_storage_id_by_partition(key, kind, set(partitions))
    now = time.time()
    found = {
        partition: Target(storage_id=number, run_id=context.run.run_id, timestamp=now)
        for partition, number in numbers.items()
        if partition in made
    }
    if older := [number for partition, number in numbers.items() if partition not in made]:
        wanted = AssetRecordsFilter(key, storage_ids=older)
        records = instance.fetch_materializations(wanted, limit=len(older)).records
        found |= {record.partition_key or UNPARTITIONED: _target(record) for record in records}
    return found


def _target(record: dg.EventLogRecord) -> Target:
    return Target(storage_id=record.storage_id, run_id=record.run_id, timestamp=record.timestamp)
