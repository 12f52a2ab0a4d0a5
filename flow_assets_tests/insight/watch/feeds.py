"""A package of datasets whose partitions come when a test says so, and a small model of arrivals."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch
from zoneinfo import ZoneInfo

from flow_assets.insight.watch.freshness.learning import NewModel
from flow_assets.insight.watch.freshness.look import freshness
from flow_assets.insight.watch.situation import Situation
from flow_assets.ledger import Failure, Publication
from flow_assets.ledger.findings import Finding
from flow_assets.ledger.times import ledger_time
from flow_assets.materialization.project import Project
from flow_assets_tests.sandbox import Sandbox

NEW_YORK = ZoneInfo("America/New_York")

CALENDAR = """
from flow_assets import DailyPartitions, DatasetSchema, HourlyPartitions, Int64, MonthlyPartitions, column

DAILY = DailyPartitions("2024-01-01", timezone="America/New_York")


class Rows(DatasetSchema):
    n: Int64 = column("A number")
"""

FEEDS = """
import pyarrow as pa

from flow_assets import (
    HourlyPartitions, MonthlyPartitions, StaticPartitions, all_partitions, by, dataset, landed, lookback, within
)
from feeds.calendar import DAILY, Rows

HOURLY = HourlyPartitions("2024-01-01-00:00", timezone="America/New_York")
MONTHLY = MonthlyPartitions("2020-01-01", timezone="America/New_York")
LETTERS = StaticPartitions(["a", "b"])


@dataset(schema=Rows, sort_by=["n"], partitions=DAILY, source=landed("raw/{date}.csv"), owners=("team:feeds",))
def raw(lines: pa.Table) -> pa.Table:
    return lines


@dataset(schema=Rows, sort_by=["n"], source=landed("names.csv"))
def names(lines: pa.Table) -> pa.Table:
    return lines


@dataset(schema=Rows, sort_by=["n"], partitions=DAILY)
def clean(raw: pa.Table, names: pa.Table) -> pa.Table:
    return raw


@dataset(schema=Rows, sort_by=["n"], partitions=DAILY, ins={"clean": lookback(days=7)})
def model(clean: pa.Table) -> pa.Table:
    return clean


@dataset(schema=Rows, sort_by=["n"], partitions=DAILY, ins={"clean": lookback(days=7, include_current=False)})
def forecast(clean: pa.Table) -> pa.Table:
    return clean


@dataset(schema=Rows, sort_by=["n"], ins={"clean": all_partitions()})
def total(clean: pa.Table) -> pa.Table:
    return clean


@dataset(schema=Rows, sort_by=["n"], partitions=LETTERS, ins={"clean": all_partitions()})
def letters(clean: pa.Table) -> pa.Table:
    return clean


@dataset(schema=Rows, sort_by=["n"], partitions=HOURLY, source=landed("hours/{date}.csv"))
def hours(lines: pa.Table) -> pa.Table:
    return lines


@dataset(schema=Rows, sort_by=["n"], partitions=MONTHLY, source=landed("months/{date}.csv"))
def months(lines: pa.Table) -> pa.Table:
    return lines
"""


@dataclass
class SmallModel:
    """Late is what takes twice as long as anything did, once three came; a weekday that never came, twice, is free."""

    timezone: str
    seconds: list[float] = field(default_factory=list)
    days: dict[int, list[bool]] = field(default_factory=lambda: defaultdict(list))

    def learn(self, seconds: float | None, *, at: datetime) -> None:
        self.days[self._day(at)].append(seconds is not None)
        self.seconds += [seconds] if seconds is not None else []

    def limit(self, *, at: datetime) -> float | None:
        return 2 * max(self.seconds) if len(self.seconds) >= 3 else None

    def expects(self, *, at: datetime) -> bool:
        came = self.days[self._day(at)]
        return any(came) or len(came) < 2

    def _day(self, at: datetime) -> int:
        assert at.tzinfo is not None
        return at.astimezone(ZoneInfo(self.timezone)).weekday()


@dataclass
class Feeds:
    """Publishes at the times a test says, and looks."""

    sandbox: Sandbox
    runs: int = 0

    @classmethod
    def made(cls, folder: Path) -> "Feeds":
        files = {"__init__.py": '"""Feeds."""\n', "calendar.py": CALENDAR, "feeds.py": FEEDS}
        return cls(Sandbox(folder, package="feeds", files=files))

    def declare(self, function: str, deadline: str) -> None:
        """Give the dataset called `function` a deadline."""
        text = self.sandbox.files["feeds.py"]
        before, after = text.split(f"\ndef {function}(")
        head, last = before.rsplit("@dataset(", 1)
        self.sandbox.write("feeds.py", f"{head}@dataset(deadline={deadline}, {last}\ndef {function}({after}")

    def came(self, dataset: str, *partitions: str, at: datetime, change: str = "computed", run: str = "") -> None:
        """Publish partitions, in one run of their own."""
        with self.project() as project:
            publish(project, dataset, {at: partitions}, change, run or self._run_id())

    def failed(self, dataset: str, partition: str) -> None:
        with self.project() as project, project.claims() as claims:
            claims.take(dataset, [partition])
            failure = Failure(dataset, partition, "key", "ComputeError", "it broke", is_retryable=False)
            project.holdings.fail([failure], "run", claims.owner.owner)

    def came_daily(
        self, dataset: str, days: Sequence[str], *, after: timedelta = timedelta(hours=5), but: Sequence[str] = ()
    ) -> None:
        """Publish each day by itself, so long after its end in New York, except `but`."""
        self.runs += 1
        with self.project() as project:
            came = {end_of(day) + after: [day] for day in days if day not in but}
            publish(project, dataset, came, "computed", f"daily {self.runs}")

    def look(self, now: datetime, model: NewModel | None = SmallModel) -> list[Finding]:
        with self.project() as project:
            return freshness(Situation(project, now), model)

    def late(self, now: datetime, model: NewModel | None = SmallModel) -> dict[str, tuple[str, ...]]:
        """Identity to partitions."""
        return {finding.identity: finding.partitions for finding in self.look(now, model)}

    @contextmanager
    def project(self) -> Iterator[Project]:
        with self.sandbox.project() as project:
            yield project

    def _run_id(self) -> str:
        self.runs += 1
        return f"run {self.runs}"


def publish(project: Project, dataset: str, came: Mapping[datetime, Sequence[str]], change: str, run: str) -> None:
    """What runs that publish do, at other times: time to partitions."""
    with project.claims() as claims:
        claims.take(dataset, [partition for partitions in came.values() for partition in partitions])
        for number, (at, partitions) in enumerate(came.items()):
            text = ledger_time(at)
            made = [Publication(dataset, p, change, "test", "key", "content", None, "b 1 e", 1, 1) for p in partitions]
            with patch("flow_assets.ledger.holdings.now_text", lambda text=text: text):
                published = project.holdings.publish(made, f"{run}.{number}", claims.owner.owner)
            assert len(published) == len(partitions)


def days_from(first: str, count: int) -> list[str]:
    start = datetime.fromisoformat(first)
    return [(start + timedelta(days=n)).date().isoformat() for n in range(count)]


def end_of(day: str) -> datetime:
    """Midnight in New York, in UTC."""
    return (datetime.fromisoformat(day) + timedelta(days=1)).replace(tzinfo=NEW_YORK).astimezone(UTC)


def new_york(text: str) -> datetime:
    """A time on New York's clock."""
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK).astimezone(UTC)
