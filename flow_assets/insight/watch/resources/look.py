"""Will memory or disk run out? Peak memory near its limit, and disks with little left, or full within two weeks."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from statistics import median

from sqlalchemy import func, select

from flow_assets.insight.watch.durations.calls import Call, recent_calls
from flow_assets.insight.watch.memory import place_of, remembered, stamp
from flow_assets.insight.watch.resources.machine import Disk, Machine, look_at_machine
from flow_assets.insight.watch.situation import Situation
from flow_assets.ledger import tables
from flow_assets.ledger.database import reading
from flow_assets.ledger.findings import AlertSeverity, Chart, Finding
from flow_assets.ledger.times import ledger_time
from flow_assets.materialization.project import Project

HIGH_MEMORY_SHARE = 0.9
CRITICAL_MEMORY_SHARE = 0.95
LEAST_FREE_SHARE = 0.1
CRITICAL_FREE_SHARE = 0.05
NEAR_DAYS = 14
CRITICAL_DAYS = 2
LEAST_TREND_DAYS = 3

RECENT = timedelta(days=7)
"""How much memory older runs took is no longer told."""

_USUAL_DAYS = 5
_TREND = timedelta(days=28)
_WATCH = "resources"
_GIB = 1024**3


def resources(situation: Situation, machine: Machine | None = None) -> list[Finding]:
    """What runs out.

    Args:
        situation: what is looked at.
        machine: what there is; by default this machine as it is now.
    """
    machine = machine or look_at_machine(situation.project.settings)
    written = written_by_day(situation.project, situation.now)
    disks = [_judge_disk(disk, written, situation.now) for disk in machine.disks]
    return [finding for finding in (_judge_memory(situation, machine), *disks) if finding]


def written_by_day(project: Project, now: datetime) -> dict[str, int]:
    """Day (UTC) to the bytes that were published on it, of the last four weeks; days without any are left out."""
    table = tables.kpis
    day = func.substr(table.c.at, 1, 10)
    query = (
        select(day, func.sum(table.c.bytes_out))
        .where(table.c.environment == project.settings.environment, table.c.change == "computed")
        .where(table.c.at >= ledger_time(now - _TREND), table.c.at <= ledger_time(now))
        .group_by(day)
    )

    def read() -> dict[str, int]:
        with reading(project.engine) as connection:
            return {row[0]: row[1] for row in connection.execute(query)}

    return remembered(("written", *place_of(project)), (stamp(project, now), now.date()), read)


def bytes_per_day(written: dict[str, int], now: datetime) -> float | None:
    """How fast the store grows; None if it is known for less than three days.

    A winsorised mean (J. W. Tukey, "The future of data analysis", 1962): no day counts for more than five usual days on
    which something was written, so that the one day on which a year was computed anew is not taken for growth.
    """
    if not written:
        return None
    first = datetime.fromisoformat(min(written)).date()
    days = [first + timedelta(days=number) for number in range((now.date() - first).days)]  # today is not over
    if len(days) < LEAST_TREND_DAYS:
        return None
    most = _USUAL_DAYS * median(written.values())
    return sum(min(written.get(day.isoformat(), 0), most) for day in days) / len(days)


def _judge_memory(situation: Situation, machine: Machine) -> Finding | None:
    """The run with the highest peak among those that computed a dataset last."""
    calls = recent_calls(situation.project, situation.now)
    lasts = [of[-1] for of in calls.values() if situation.now - of[-1].at <= RECENT]
    worst = max(lasts, key=lambda call: call.peak_memory_bytes, default=None)
    if worst is None or worst.peak_memory_bytes < HIGH_MEMORY_SHARE * machine.memory_bytes:
        return None
    of_run = [call for of in calls.values() for call in of if call.run_id == worst.run_id]
    return _memory_finding(_reached_by(of_run), worst.peak_memory_bytes, machine.memory_bytes)


def _reached_by(calls: Sequence[Call]) -> Call:
    """The call during which the peak was reached: a process's peak stays, so it is the first with the highest."""
    peak = max(call.peak_memory_bytes for call in calls)
    return min((call for call in calls if call.peak_memory_bytes == peak), key=lambda call: call.at)


def _memory_finding(call: Call, peak: int, limit: int) -> Finding:
    share = peak / limit
    return Finding(
        watch=_WATCH,
        identity="memory near its limit",
        severity=AlertSeverity.CRITICAL if share >= CRITICAL_MEMORY_SHARE else AlertSeverity.WARNING,
        title=f"A run took {share:.0%} of the memory there is, while it computed {call.dataset}",
        text=(
            f"{peak / _GIB:.2f} of {limit / _GIB:.2f} GiB in run {call.run_id[:8]}; a process that takes more is "
            "killed.\nCompute fewer partitions in a run, set fewer threads, or give it more memory."
        ),
        dataset=call.dataset,
        evidence={"peak_memory_bytes": peak, "limit_bytes": limit, "share": round(share, 4)},
        since=call.at.timestamp(),
        run_id=call.run_id,
        link=f"/runs/{call.run_id}",
    )


def _judge_disk(disk: Disk, written: dict[str, int], now: datetime) -> Finding | None:
    per_day = bytes_per_day(written, now) if "store" in disk.holds else None
    days = disk.free_bytes / per_day if per_day and per_day > 0 else None
    is_near = days is not None and days <= NEAR_DAYS
    if disk.free_share >= LEAST_FREE_SHARE and not is_near:
        return None
    is_critical = disk.free_share < CRITICAL_FREE_SHARE or (days is not None and days <= CRITICAL_DAYS)
    full_on = f"{now + timedelta(days=days):%Y-%m-%d}" if days is not None and days < 3650 else ""
    holds = " and ".join(disk.holds)
    evidence: dict[str, float | str] = {
        "free_bytes": disk.free_bytes,
        "total_bytes": disk.total_bytes,
        "free_share": round(disk.free_share, 4),
    }
    if per_day is not None:
        evidence["written_bytes_per_day"] = round(per_day)
    if full_on:
        evidence["full_on"] = full_on
    when = f", full on {full_on} if it goes on like this" if full_on else ""
    return Finding(
        watch=_WATCH,
        identity=f"disk of {holds}",
        severity=AlertSeverity.CRITICAL if is_critical else AlertSeverity.WARNING,
        title=f"The disk of {holds} has {disk.free_share:.1%} left{when}",
        text=(
            f"{disk.free_bytes / _GIB:.1f} of {disk.total_bytes / _GIB:.1f} GiB are free at {disk.path}.\n"
            "Make room, or move the data folder to a larger disk."
        ),
        evidence=evidence,
        since=now.timestamp(),
        chart=_chart(written),
    )


def _chart(written: dict[str, int]) -> Chart | None:
    if not written:
        return None
    days = sorted(written)
    return Chart("Bytes written on a day", tuple(days), tuple(float(written[day]) for day in days))
