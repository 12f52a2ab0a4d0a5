from pathlib import Path

import pytest

from flow_assets.automation.alerting.routes import Routes
from flow_assets.declaration import DatasetGraph
from flow_assets.errors import RoutesError
from flow_assets.ledger.findings import AlertSeverity
from flow_assets_tests.automation.alerting.alerts import alert

PLACES = """\
destinations:
  chat: {apprise: "json://127.0.0.1:1/chat"}
  pager: {apprise: "json://127.0.0.1:1/pager"}
  operations: {alertmanager: "http://127.0.0.1:9093"}
"""


def load(tmp_path: Path, graph: DatasetGraph, text: str, **environment: str) -> Routes:
    path = tmp_path / "routes.yaml"
    path.write_text(text)
    return Routes.load(path, graph, environment=environment)


def names(routes: Routes, **given: object) -> list[str]:
    return [place.name for place in routes.destinations(alert(**given))]


def problems(tmp_path: Path, graph: DatasetGraph, text: str, **environment: str) -> list[str]:
    """What is said, a problem an item, without the file's path."""
    with pytest.raises(RoutesError) as error:
        load(tmp_path, graph, text, **environment)
    lines = str(error.value).splitlines()
    return [line.strip().replace(f"{tmp_path}/", "") for line in (lines[1:] or lines)]


def test_without_a_file_alerts_go_nowhere(graph: DatasetGraph) -> None:
    assert Routes.load(None, graph).destinations(alert()) == []


@pytest.mark.parametrize(
    ("match", "given", "fits"),
    [
        ("severity: warning", {}, True),
        ("severity: [info, critical]", {}, False),
        ("severity_at_least: warning", {"severity": AlertSeverity.CRITICAL}, True),
        ("severity_at_least: warning", {"severity": AlertSeverity.INFO}, False),
        ("watches: durations", {}, True),
        ("watches: [quality, freshness]", {}, False),
        ("layers: routed_meters", {}, True),
        ("layers: routed_meters", {"dataset": ""}, False),
        ("owners: 'team:meters'", {"dataset": "trends"}, True),
        ("owners: ['team:meters', eve@example.com]", {"dataset": "readings"}, False),
        ("owners: 'team:meters'", {"dataset": ""}, False),
        ("datasets: readings", {}, True),
        ("datasets: 'raw_*'", {}, False),
        ("datasets: ['raw_*', 'read*']", {}, True),
        ("datasets: '*'", {"dataset": ""}, True),
        ("datasets: readings", {"dataset": "gone_since"}, False),
        ("{watches: durations, datasets: trends}", {}, False),
        ("{watches: durations, datasets: trends}", {"dataset": "trends"}, True),
    ],
)
def test_a_route_takes_what_fits_all_it_says(
    tmp_path: Path, graph: DatasetGraph, match: str, given: dict[str, object], fits: bool
) -> None:
    match = match.strip("{}") if match.startswith("{") else match
    routes = load(tmp_path, graph, f"{PLACES}routes:\n  - {{to: chat, {match}}}\n")
    assert names(routes, **given) == (["chat"] if fits else [])


def test_the_first_route_that_fits_is_the_last_unless_it_goes_on(tmp_path: Path, graph: DatasetGraph) -> None:
    text = f"""{PLACES}
routes:
  - {{to: operations, cooldown: 5 minutes, continue: true}}
  - {{to: pager, severity: critical, resolved: false, cooldown: 2 hours}}
  - {{to: [chat, chat, operations], cooldown: 3 weeks}}
"""
    routes = load(tmp_path, graph, text)
    assert names(routes, severity=AlertSeverity.CRITICAL) == ["operations", "pager"]
    assert names(routes) == ["operations", "chat"]
    first, pager = routes.destinations(alert(severity=AlertSeverity.CRITICAL))
    assert (first.cooldown_seconds, first.wants_resolved, first.kind) == (300, True, "alertmanager")
    assert (pager.cooldown_seconds, pager.wants_resolved, pager.kind) == (7200, False, "json")
    assert routes.destinations(alert())[0].cooldown_seconds == 300


def test_a_destination_is_told_once_a_day_and_of_the_end_unless_it_says_otherwise(
    tmp_path: Path, graph: DatasetGraph
) -> None:
    (chat,) = load(tmp_path, graph, f"{PLACES}routes:\n  - to: chat\n").destinations(alert())
    assert (chat.cooldown_seconds, chat.wants_resolved, chat.refresh_seconds) == (86_400, True, None)


def test_every_problem_is_named_with_its_line(tmp_path: Path, graph: DatasetGraph) -> None:
    text = """\
destinations:
  chat: {apprise: "slackk://x"}
  pager:
    apprise: json://h/${TOKEN}
    alertmanager: http://h
  operations: {alertmanager: h, tokn: x}
routes:
  - to: chat
    severity: bad
  - severity: info
    severty_at_least: info
    cooldown: 3 fortnights
  - {to: chat, resolved: "often", watches: {}}
  - {to: chat, cooldown: 99999999 days}
"""
    assert problems(tmp_path, graph, text) == [
        "routes.yaml:3: destinations.pager: give either `apprise` or `alertmanager`.",
        "routes.yaml:6: destinations.operations.tokn: there is no such key; there are apprise, alertmanager, username, "
        "password, token. Did you mean `token`?",
        "routes.yaml:9: routes.1.severity.1: this is none of info, warning, critical.",
        "routes.yaml:10: routes.2.to: this is missing.",
        "routes.yaml:12: routes.2.cooldown: '3 fortnights' is no length of time; write a number and a unit, such as "
        "'36 hours'.",
        "routes.yaml:11: routes.2.severty_at_least: there is no such key; there are to, severity, severity_at_least, "
        "watches, layers, owners, datasets, cooldown, resolved, continue. Did you mean `severity_at_least`?",
        "routes.yaml:13: routes.3.watches.1: this must be a text; put it in quotes.",
        "routes.yaml:13: routes.3.resolved: this must be true or false.",
        "routes.yaml:14: routes.4.cooldown: '99999999 days' is too long; write at most '5000 weeks'.",
    ]


def test_names_that_there_are_not(tmp_path: Path, graph: DatasetGraph) -> None:
    text = """\
destinations:
  chat: {apprise: "slackk://x"}
  pager: {apprise: "json://h/${TOKEN}/${CODE}"}
  operations: {alertmanager: h}
routes:
  - to: [chat, chatt]
    layers: raw
    owners: bob@example.com
    datasets: [reading, "trend*", "x*"]
    watches: duration
"""
    layer = "; there are routed_meters"
    said = problems(tmp_path, graph, text)
    assert said == [
        "routes.yaml:2: destinations.chat.apprise: apprise cannot read this address: there is no slackk://; it is not "
        "shown, as it may hold secrets.",
        "routes.yaml:3: destinations.pager.apprise: the environment has no TOKEN; set it where Dagster and `flow` are "
        "started.",
        "routes.yaml:4: destinations.operations.alertmanager: this is no address of an Alertmanager; write one such as "
        "http://127.0.0.1:9093.",
        "routes.yaml:6: routes.1.to: there is no destination 'chatt'; there are chat, operations, pager. Did you mean "
        "chat?",
        "routes.yaml:10: routes.1.watches: there is no watch 'duration'; there are durations, failures, freshness, "
        "quality, resources, watching. Did you mean durations?",
        f"routes.yaml:7: routes.1.layers: there is no layer 'raw'{layer}.",
        "routes.yaml:8: routes.1.owners: there is no owner 'bob@example.com'; there are eve@example.com, team:meters. "
        "Did you mean eve@example.com?",
        "routes.yaml:9: routes.1.datasets: there is no dataset 'reading'; there are meters_seen, raw_readings, "
        "readings, trends. Did you mean readings?",
        "routes.yaml:9: routes.1.datasets: there is no dataset 'x*'; there are meters_seen, raw_readings, readings, "
        "trends.",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "routes.yaml: this must be a block of keys."),
        ("- a\n", "routes.yaml: this must be a block of keys."),
        ("a: [", "routes.yaml:1: this is no YAML: expected the node content, but found '<stream end>'."),
        ("destinations: {}\nroutes: []\n", "routes.yaml:1: destinations: this must not be empty."),
        ("destinations: &a {}\nroutes: *a\n", "routes.yaml:2: references such as *a are not supported; write it out."),
        (
            f"{PLACES}routes: [{{to: chat}}]\nroutes: []\n",
            "routes.yaml:5: routes: this key is there again in line 6; keep one.",
        ),
        (f"{PLACES}routes: {{to: chat}}\n", "routes.yaml:5: routes: this must be a list, each item after a dash."),
        ("x: !!python/name:os.system ''\n", "routes.yaml:1: this is no YAML: could not determine a constructor"),
        ("x: \x00\n", "routes.yaml: this is no YAML: ReaderError."),
        (
            "destinations: {'a b': {alertmanager: 'http://h'}}\nroutes: [{to: 'a b'}]\n",
            "routes.yaml:1: destinations.a b.[key]: a destination's name has letters, digits,",
        ),
        (
            f"{PLACES}routes: [{{to: chat, severity: info, severity_at_least: info}}]\n",
            "routes.yaml:5: routes.1: give either `severity` or `severity_at_least`.",
        ),
        (
            "destinations: {a: {alertmanager: 'http://h', username: eve}}\nroutes: [{to: a}]\n",
            "routes.yaml:1: destinations.a: `username` and `password` belong together.",
        ),
        (
            "destinations: {a: {apprise: 'json://h', token: '${T}'}}\nroutes: [{to: a}]\n",
            "routes.yaml:1: destinations.a: `username`, `password` and `token` are for `alertmanager`.",
        ),
        (
            "destinations: {a: {alertmanager: 'http://h', token: plain}}\nroutes: [{to: a}]\n",
            "routes.yaml:1: destinations.a.token: a secret does not belong in this file; write ${NAME}",
        ),
    ],
)
def test_a_file_that_is_no_file_of_routes(tmp_path: Path, graph: DatasetGraph, text: str, said: str) -> None:
    assert problems(tmp_path, graph, text)[0].startswith(said)


def test_a_file_that_is_not_there(tmp_path: Path, graph: DatasetGraph) -> None:
    with pytest.raises(RoutesError, match=r"FLOW_ASSETS_ALERT_ROUTES names, cannot be read: No such file"):
        Routes.load(tmp_path / "none.yaml", graph)
    (tmp_path / "latin.yaml").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(RoutesError, match="it is not UTF-8"):
        Routes.load(tmp_path / "latin.yaml", graph)
