"""Which alert goes where: the routes of one YAML file, in their order.

As with Alertmanager, an alert takes the first route that it fits, and goes on to the next only where that says
`continue: true`. A destination that two of them name is told once, as the first says.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Self

from flow_assets.automation.alerting.alertmanager_sender import AlertmanagerSender, Credentials, address_problem
from flow_assets.automation.alerting.apprise_sender import AppriseSender
from flow_assets.automation.alerting.destinations import Destination, Sender
from flow_assets.automation.alerting.hiding import expand
from flow_assets.automation.alerting.notices import Wording
from flow_assets.automation.alerting.route_file import (
    Problem,
    ReadFile,
    RouteEntry,
    read_route_file,
)
from flow_assets.declaration import DatasetGraph
from flow_assets.declaration.durations import duration
from flow_assets.ledger.findings import Alert, AlertSeverity, Finding
from flow_assets.settings import Settings

WATCHES = ("freshness", "durations", "quality", "failures", "resources", "watching")
"""What a route may name under `watches`."""

_SEVERITIES = tuple(AlertSeverity)


@dataclass(frozen=True)
class Route:
    """One route, as it applies to findings.

    Attributes:
        number: where it stands in the file, from 1.
        severities: those it takes.
        destinations: where to, told as this route says.
        goes_on: whether what fits may fit further routes too.
    """

    number: int
    severities: frozenset[AlertSeverity]
    watches: tuple[str, ...]
    layers: tuple[str, ...]
    owners: tuple[str, ...]
    datasets: tuple[str, ...]
    destinations: tuple[Destination, ...]
    goes_on: bool

    def fits(self, finding: Finding, graph: DatasetGraph) -> bool:
        """Whether it takes `finding`; what is about no dataset has no layer, no owner and no name."""
        dataset = graph.datasets.get(finding.dataset)
        return (
            finding.severity in self.severities
            and _is_one(self.watches, finding.watch)
            and _is_one(self.layers, dataset.layer if dataset else "")
            and (not self.owners or bool(set(self.owners) & set(dataset.owners if dataset else ())))
            and (not self.datasets or any(fnmatchcase(finding.dataset, glob) for glob in self.datasets))
        )


@dataclass(frozen=True)
class Routes:
    """All routes; without any, alerts are only kept in the ledger.

    Attributes:
        places: every destination of the file by its name.
    """

    graph: DatasetGraph
    routes: tuple[Route, ...] = ()
    places: Mapping[str, Destination] = field(default_factory=dict)

    @classmethod
    def load(
        cls,
        path: Path | None,
        graph: DatasetGraph | None,
        wording: Wording | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Self:
        """The routes in the file at `path`; none without one.

        Args:
            path: the file.
            graph: the datasets that the routes may name; None if they do not load, and any may be named.
            wording: how alerts are worded.
            environment: where secrets are taken from; by default this process's.

        Raises:
            RoutesError: the file cannot be used; the message names the lines that are wrong, and shows no secret.
        """
        there = graph or DatasetGraph({})
        if path is None:
            return cls(there)
        file = read_route_file(path)
        problems: list[Problem] = []
        places = dict(_places(file, wording or Wording(), os.environ if environment is None else environment, problems))
        for number, entry in enumerate(file.content.routes):
            problems += _unknown_names(number, entry, graph, set(file.content.destinations))
        file.require_none(problems)
        routes = (_route(number, entry, places) for number, entry in enumerate(file.content.routes, 1))
        return cls(there, tuple(routes), places)

    def destinations(self, alert: Alert) -> list[Destination]:
        """Where `alert` goes, each place once, told as the first route that names it says."""
        found: dict[str, Destination] = {}
        for route in self.fitting(alert.finding):
            for destination in route.destinations:
                found.setdefault(destination.name, destination)
        return list(found.values())

    def fitting(self, finding: Finding) -> Iterator[Route]:
        """The routes that `finding` takes, in their order."""
        for route in self.routes:
            if route.fits(finding, self.graph):
                yield route
                if not route.goes_on:
                    return


def load_routes(settings: Settings, graph: DatasetGraph | None) -> Routes:
    """The routes that the settings name, worded for this deployment.

    Raises:
        RoutesError: the file cannot be used.
    """
    return Routes.load(settings.alert_routes, graph, Wording.of(settings, graph or DatasetGraph({})))


def _is_one(wanted: Sequence[str], value: str) -> bool:
    return not wanted or value in wanted


def _route(number: int, entry: RouteEntry, places: Mapping[str, Destination]) -> Route:
    cooldown = float(duration(entry.cooldown).seconds)
    told = [
        replace(places[name], cooldown_seconds=cooldown, wants_resolved=entry.resolved)
        for name in dict.fromkeys(entry.to)
    ]
    least = entry.severity_at_least or _SEVERITIES[0]
    return Route(
        number=number,
        severities=frozenset(entry.severity or _SEVERITIES[_SEVERITIES.index(least) :]),
        watches=entry.watches,
        layers=entry.layers,
        owners=entry.owners,
        datasets=entry.datasets,
        destinations=tuple(told),
        goes_on=entry.go_on,
    )


def _places(
    file: ReadFile, wording: Wording, environment: Mapping[str, str], problems: list[Problem]
) -> Iterator[tuple[str, Destination]]:
    """Each destination that can be used, by its name; what is wrong with the others is added to `problems`."""
    for name, entry in file.content.destinations.items():
        values: dict[str, str] = {}
        for key, text in entry.model_dump(exclude_none=True).items():
            try:
                values[key] = expand(text, environment)
            except ValueError as error:
                problems.append(Problem(("destinations", name, key), str(error)))
        if len(values) == len(entry.model_fields_set):
            key = "apprise" if entry.apprise else "alertmanager"
            try:
                yield name, Destination(name, _sender(values, wording))
            except ValueError as error:
                problems.append(Problem(("destinations", name, key), str(error)))


def _sender(values: Mapping[str, str], wording: Wording) -> Sender:
    if "apprise" in values:
        return AppriseSender.of(values["apprise"], wording)
    if problem := address_problem(values["alertmanager"]):
        raise ValueError(problem)
    shown = {key: values[key] for key in ("username", "password", "token") if key in values}
    return AlertmanagerSender(values["alertmanager"], wording, Credentials(**shown))


def _unknown_names(number: int, entry: RouteEntry, graph: DatasetGraph | None, places: set[str]) -> Iterator[Problem]:
    """What a route names that there is not."""
    datasets = graph.datasets.values() if graph else ()
    known: dict[str, tuple[Sequence[str], set[str], Callable[[str, set[str]], bool]]] = {
        "to": (entry.to, places, _is_in),
        "watches": (entry.watches, set(WATCHES), _is_in),
    }
    of_datasets: dict[str, tuple[Sequence[str], set[str], Callable[[str, set[str]], bool]]] = {
        "layers": (entry.layers, {d.layer for d in datasets}, _is_in),
        "owners": (entry.owners, {owner for d in datasets for owner in d.owners}, _is_in),
        "datasets": (entry.datasets, {d.name for d in datasets}, _fits_one),
    }
    for key, (names, allowed, is_known) in {**known, **(of_datasets if graph else {})}.items():
        for name in names:
            if not is_known(name, allowed):
                yield Problem(("routes", number, key), _unknown(name, key, allowed))


def _is_in(name: str, allowed: set[str]) -> bool:
    return name in allowed


def _fits_one(glob: str, allowed: set[str]) -> bool:
    return any(fnmatchcase(name, glob) for name in allowed)


def _unknown(name: str, key: str, allowed: set[str]) -> str:
    what = "destination" if key == "to" else key.removesuffix("es" if key == "watches" else "s")
    near = get_close_matches(name, sorted(allowed), 1)
    meant = f" Did you mean {near[0]}?" if near else ""
    return f"there is no {what} {name!r}; there are {', '.join(sorted(allowed)) or 'none'}.{meant}"
