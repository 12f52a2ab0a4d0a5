"""What would happen: a test message to each destination, and which alert would go where."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from flow_assets.automation.alerting.destinations import Destination
from flow_assets.automation.alerting.notices import Notice
from flow_assets.automation.alerting.routes import WATCHES, Routes
from flow_assets.errors import DeliveryError, RoutesError, SelectionError
from flow_assets.ledger.findings import Alert, AlertSeverity, AlertState, Chart, Finding, Transition

LASTS_SECONDS = 300.0
"""So long a test message stays open where alerts stay open."""


@dataclass(frozen=True)
class Tried:
    """How a test message to one destination ended.

    Attributes:
        problem: why it did not arrive; empty if it did.
        is_permanent: whether it will not the next time either.
    """

    destination: Destination
    problem: str = ""
    is_permanent: bool = False


@dataclass(frozen=True)
class Way:
    """Where alerts of one dataset go.

    Attributes:
        dataset: its name; empty for alerts that are about no dataset.
        watches: those whose alerts go this way.
        names: severity to the names of the destinations.
    """

    dataset: str
    watches: tuple[str, ...]
    names: Mapping[AlertSeverity, tuple[str, ...]]


def make_test_notice(severity: AlertSeverity, at: float) -> Notice:
    """A message that says that it is a test."""
    finding = Finding(
        watch="test",
        identity="test message",
        severity=severity,
        title="Test message: nothing is wrong",
        text="Somebody tries whether alerts arrive here.\nNothing has to be done.",
        evidence={"seen_seconds": 131.0, "expected_seconds": "48 to 74"},
        since=at,
        chart=Chart(
            title="A picture, as alerts have them, in seconds",
            labels=tuple(str(number) for number in range(-8, 1)),
            values=(61.0, 58.0, 66.0, 63.0, 57.0, 60.0, 64.0, 59.0, 131.0),
            low=(48.0,) * 9,
            high=(74.0,) * 9,
        ),
    )
    return Notice(Alert(0, finding, AlertState.OPEN, at, at), Transition.OPENED, at, expires_at=at + LASTS_SECONDS)


def chosen(routes: Routes, names: Sequence[str]) -> list[Destination]:
    """The named destinations, or all of them.

    Raises:
        SelectionError: there is none of that name.
        RoutesError: there is none at all.
    """
    if not routes.places:
        raise RoutesError("There is no destination yet: name a file of routes in FLOW_ASSETS_ALERT_ROUTES.")
    if unknown := [name for name in names if name not in routes.places]:
        raise SelectionError(f"There is no destination {', '.join(unknown)}; there are {', '.join(routes.places)}.")
    return [routes.places[name] for name in dict.fromkeys(names or routes.places)]


def send_test(destinations: Sequence[Destination], notice: Notice) -> Iterator[Tried]:
    """Send `notice` to each destination, whatever becomes of the others."""
    for destination in destinations:
        try:
            destination.send(notice)
            yield Tried(destination)
        except DeliveryError as error:
            yield Tried(destination, str(error), error.is_permanent)


def ways(routes: Routes, names: Sequence[str]) -> list[Way]:
    """Where the alerts of the named datasets go; watches that go the same way together."""
    found = []
    for name in names:
        together: dict[tuple[tuple[str, ...], ...], list[str]] = {}
        for watch in WATCHES:
            way = tuple(_names(routes, name, watch, severity) for severity in AlertSeverity)
            together.setdefault(way, []).append(watch)
        for way, watches in together.items():
            found.append(Way(name, tuple(watches), dict(zip(AlertSeverity, way, strict=True))))
    return found


def _names(routes: Routes, dataset: str, watch: str, severity: AlertSeverity) -> tuple[str, ...]:
    finding = Finding(watch, "", severity, "", 0.0, dataset=dataset)
    return tuple(d.name for d in routes.destinations(Alert(0, finding, AlertState.OPEN, 0.0, 0.0)))
