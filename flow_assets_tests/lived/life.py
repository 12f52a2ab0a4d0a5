"""A deployment whose days drip in, who is told of what goes wrong there, and a clock that a test moves.

Everything is real but the clock: the files come by `flow land`, runs compute them, the watches look at the ledger that
those wrote, and what they find is delivered to a webhook and to Alertmanager. The moments that the ledger writes and
the watches ask for are the clock's, so that hours pass at once. It begins twenty hours ago, because Alertmanager's own
clock cannot be moved, and must take what is sent as neither long past nor to come.
"""

import gzip
import itertools
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

from flow_assets.automation.watching import watch_once
from flow_assets.automation.watching.looking import Look
from flow_assets.ledger import times
from flow_assets.ledger.findings import Alert, AlertState
from flow_assets.materialization.project import Project
from flow_assets.materialization.skin import prepare_home
from flow_assets_tests.automation.alerting.alertmanager import Alertmanager
from flow_assets_tests.automation.alerting.webhook import Webhook
from flow_assets_tests.forked import flow
from flow_assets_tests.sandbox import Sandbox

PACKAGE = "drip"
FILES = {path.name: path.read_text() for path in sorted((Path(__file__).parent / PACKAGE).glob("*.py"))}
PACE = timedelta(minutes=20)
MINUTE = timedelta(minutes=1)
FIRST_DAYS = 17
BEGINNING = timedelta(hours=20)
HOOK_PATH = "/told"

ROUTES = """
destinations:
  people:
    apprise: json://127.0.0.1:{hook}{path}
  operations:
    alertmanager: http://127.0.0.1:{alertmanager}
routes:
  - to: operations
    continue: true
  - to: people
"""


def make_sandbox(folder: Path) -> Sandbox:
    """One of which nothing has landed."""
    return Sandbox(folder, package=PACKAGE, files=dict(FILES))


def write_routes(folder: Path, hook: Webhook, server: Alertmanager) -> Path:
    """A file of routes that lead everything to both."""
    path = folder / "routes.yaml"
    path.write_text(ROUTES.format(hook=hook.port, path=HOOK_PATH, alertmanager=server.port))
    return path


@dataclass
class Life:
    """One deployment, those who are told, and the time there."""

    sandbox: Sandbox
    now: datetime
    hook: Webhook | None = None
    server: Alertmanager | None = None
    runs: Iterator[int] = field(default_factory=itertools.count)

    def copied(self, folder: Path, hook: Webhook, server: Alertmanager) -> "Life":
        """One of one's own, that goes on from here and tells of what is wrong."""
        shutil.copytree(self.sandbox.data, folder / "data")
        made = make_sandbox(folder)
        made.options = {"alert_routes": write_routes(folder, hook, server)}
        prepare_home(made.settings.dagster_home)
        return Life(made, self.now, hook, server, self.runs)

    def wait(self, time: timedelta) -> None:
        """Let time pass; Alertmanager would take for open what ends in times to come."""
        self.now += time
        assert self.now <= datetime.now(UTC) + 10 * MINUTE

    def file(self, day: str) -> Path:
        return self.sandbox.settings.landing / "flights" / f"{day}.csv.gz"

    def land(self, *arguments: str) -> None:
        """The real command."""
        done = flow(self.sandbox, "land", "--source", "nycflights13", *arguments)
        assert done.code == 0, done.stdout + done.stderr

    def land_next(self, days: int = 1) -> list[str]:
        """The next days of the source land; returns them."""
        before = self.landed()
        self.land("--next", str(days))
        return [day for day in self.landed() if day not in before]

    def land_again(self, day: str) -> None:
        """Until this day, everything lies there as its source delivers it."""
        self.land("--until", day)

    def landed(self) -> list[str]:
        return sorted(path.name[:10] for path in self.file("").parent.glob("2013-*"))

    def rewrite(self, day: str, edit: Callable[[list[str]], Sequence[str]]) -> None:
        """Change the lines of a day's file."""
        lines = gzip.decompress(self.file(day).read_bytes()).decode().splitlines()
        self.file(day).write_bytes(gzip.compress(("\n".join(edit(lines)) + "\n").encode()))

    def run(self) -> None:
        """Compute what has changed, as one run."""
        self.sandbox.run_id = f"run-{next(self.runs):05}"
        with patch.object(times, "time", SimpleNamespace(time=self.now.timestamp)):
            self.sandbox.run()

    def drip(self) -> str:
        """In the drip's own time, the next day lands and is computed; returns it."""
        self.wait(PACE)
        (day,) = self.land_next()
        self.run()
        return day

    def watch(self, times: int = 1, every: timedelta = 2 * MINUTE) -> list[Look]:
        """Look with every watch, and deliver."""
        looks: list[Look] = []
        for _ in range(times):
            looks = self.look()
            self.wait(every)
        return looks

    def look(self, now: datetime | None = None) -> list[Look]:
        with self.sandbox._importable():
            return list(watch_once(self.sandbox.settings, Project.open, now or self.now).looks)

    def alerts(self) -> list[Alert]:
        """All that there ever were, the first one first."""
        with self.sandbox.project() as project:
            return project.alerts.find()[::-1]

    def open(self) -> list[str]:
        """What is open in the ledger."""
        return [alert.finding.identity for alert in self.alerts() if alert.state is not AlertState.RESOLVED]

    def active(self) -> list[str]:
        """What is open in Alertmanager."""
        assert self.server is not None
        return sorted(alert["labels"]["identity"] for alert in self.server.alerts())

    def told(self) -> Counter[str]:
        """Number of an alert and transition to how often the webhook was told."""
        keys = [headers["Idempotency-Key"].split("/") for headers, _ in self._taken()]
        return Counter(f"{transition} {number}" for _, number, _, transition in keys)

    def titles(self) -> list[str]:
        return [body["title"] for _, body in self._taken()]

    def _taken(self) -> list[tuple[dict[str, str], dict[str, str]]]:
        assert self.hook is not None
        return [(headers, body) for path, headers, body in self.hook.requests if path.startswith(HOOK_PATH)]


def begin(folder: Path) -> Life:
    """A drip that has gone on for seventeen days, a third of an hour each."""
    life = Life(make_sandbox(folder), datetime.now(UTC) - BEGINNING)
    life.land("--until", f"2013-01-{FIRST_DAYS}")
    aside = folder / "aside"
    shutil.move(life.file("").parent, aside)
    life.file("").parent.mkdir()
    for number, path in enumerate(sorted(aside.iterdir())):
        life.wait(PACE + (number * 7 % 5 - 2) * MINUTE / 4)
        path.rename(life.file(path.name[:10]))
        life.run()
    return life


@contextmanager
def roomy_machine() -> Iterator[None]:
    """Disks that are not full, whatever this machine's are."""
    from flow_assets.insight.watch.resources import look
    from flow_assets.insight.watch.resources.machine import Machine

    with patch.object(look, "look_at_machine", lambda settings: Machine(2**50)):
        yield
