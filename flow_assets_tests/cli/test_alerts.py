import getpass
import json
import re
import time
from datetime import datetime
from typing import Any

import pytest

from flow_assets.automation.alerting.engine import deliver
from flow_assets.ledger import open_database
from flow_assets.ledger.alerts import Alerts
from flow_assets_tests.automation.alerting.places import Inbox, Router, down
from flow_assets_tests.forked import flow
from flow_assets_tests.ledger.found import CRITICAL, FULL, HOUR, finding
from flow_assets_tests.sandbox import Sandbox

LATE = finding(title="readings [2024-03-01] is late", severity=CRITICAL, evidence=FULL.evidence)
HUGE = "9" * 23
SUBCOMMANDS = ["list", "show", "ack", "silence", "unsilence", "resolve"]


@pytest.fixture
def alerts(sandbox: Sandbox) -> Alerts:
    """Two that are open for an hour and a half, one of which could not be told to everybody."""
    made = Alerts(open_database(sandbox.settings.ledger), sandbox.settings.environment)
    then = time.time() - 1.5 * HOUR
    made.observe("freshness", [LATE, FULL.__class__(**{**vars(FULL), "identity": "other"})], then)
    deliver(made, Router([Inbox("team"), Inbox("pager", trouble=down)]), then)
    return made


def said(sandbox: Sandbox, *arguments: str) -> str:
    done = flow(sandbox, "alerts", *arguments)
    assert (done.code, done.stderr) == (0, "")
    return done.stdout


def read(sandbox: Sandbox, *arguments: str) -> Any:
    return json.loads(said(sandbox, *arguments, "--json"))


def test_without_alerts_it_says_so(sandbox: Sandbox) -> None:
    assert said(sandbox) == "No alert is open. See those that were: flow alerts list --all\n"
    assert read(sandbox) == {"alerts": [], "silences": []}
    assert flow(sandbox, "alerts", "--exit-code").code == 0


def test_open_alerts_are_listed(sandbox: Sandbox, alerts: Alerts) -> None:
    lines = said(sandbox).splitlines()
    heading = "number severity state since dataset owner taken care of by title"
    assert lines[1].split() == heading.split()
    assert re.split(r"\s{2,}", lines[3].strip()) == [
        *("1", "critical", "open", "1 h 30 min", "readings", "·", "·", "readings [2024-03-01] is late")
    ]
    assert said(sandbox, "list") == said(sandbox)
    done = flow(sandbox, "alerts", "list", "--exit-code")
    assert (done.code, done.stdout) == (1, said(sandbox))


def test_json_has_all_of_an_alert(sandbox: Sandbox, alerts: Alerts) -> None:
    (_, first) = read(sandbox)["alerts"]
    assert (first["number"], first["severity"], first["state"]) == (1, "critical", "open")
    assert first["evidence"] == {"late_minutes": 12.5, "expected": "06:00", "never": "inf"}
    assert first["open_seconds"] == pytest.approx(1.5 * HOUR, abs=60)
    shown = read(sandbox, "show", "2")
    assert shown["link"] == "http://127.0.0.1:3000/assets/readings?partition=2024-03-01"
    assert [(d["destination"], d["state"], d["attempts"]) for d in shown["deliveries"]] == [
        ("pager", "due", 0),
        ("team", "sent", 1),
    ]
    assert [event["kind"] for event in shown["events"]] == ["opened", "delivered"]


def test_one_alert_is_shown_with_its_history(sandbox: Sandbox, alerts: Alerts) -> None:
    alerts.acknowledge(1, "ann", "on it", time.time())
    shown = said(sandbox, "show", "1")
    assert shown.startswith("Alert 1: readings [2024-03-01] is late\ncritical, acknowledged, off for 1 h 30 min, fo")
    assert "taken care of by ann: on it" in shown
    assert "Seen and expected:\n  late minutes: 12.5\n  expected: 06:00\n  never: inf\n" in shown
    assert re.search(r"UTC  acknowledged  ann  on it", shown)
    assert re.search(r"pager +opened +due +1  .*UTC  connection refused", shown)
    assert "It should have come by six.\nLook at the source." in said(sandbox, "show", "2")


def test_several_are_acknowledged_at_once(sandbox: Sandbox, alerts: Alerts) -> None:
    me = getpass.getuser()
    assert said(sandbox, "ack", "1", "2", "--note", "we know") == "".join(
        f"Alert {number} is taken care of by {me}.\n" for number in (1, 2)
    )
    assert {(a["state"], a["acknowledged_by"], a["note"]) for a in read(sandbox)["alerts"]} == {
        ("acknowledged", me, "we know")
    }
    assert flow(sandbox, "alerts", "--exit-code").code == 0


def test_what_is_resolved_by_hand_is_listed_with_all_and_with_since(sandbox: Sandbox, alerts: Alerts) -> None:
    assert said(sandbox, "resolve", "1", "--by", "ann", "--note", "as planned") == "Alert 1 is resolved.\n"
    assert [a["number"] for a in read(sandbox, "list")["alerts"]] == [2]
    for option in (("--all",), ("--since", "1h")):
        assert [(a["number"], a["state"]) for a in read(sandbox, "list", *option)["alerts"]] == [
            (2, "open"),
            (1, "resolved"),
        ]
    assert "critical, resolved after 1 h 30 min" in said(sandbox, "show", "1")


def ended(told: dict[str, Any]) -> list[dict[str, Any]]:
    """The silences that a command ended, as they were before."""
    moments = [datetime.fromisoformat(silence["ended_at"]).timestamp() for silence in told["silences"]]
    assert all(abs(at - time.time()) < 60 for at in moments)
    return [silence | {"ended_at": None} for silence in told["silences"]]


def test_what_a_command_changes_is_told_in_the_form_of_the_list(sandbox: Sandbox, alerts: Alerts) -> None:
    def changed(*arguments: str) -> dict[str, Any]:
        told = read(sandbox, *arguments)
        listed = {a["number"]: a for a in read(sandbox, "list", "--all")["alerts"]}
        passing = {"open_seconds": 0}
        assert [a | passing for a in told["alerts"]] == [listed[a["number"]] | passing for a in told["alerts"]]
        return {"alerts": [(a["number"], a["state"]) for a in told["alerts"]], "silences": told["silences"]}

    acknowledged = {"alerts": [(2, "acknowledged"), (1, "acknowledged")], "silences": []}
    assert changed("ack", "2", "1", "2", "--note", "we know") == acknowledged
    begun = changed("silence", "1", "--for", "2h", "--by", "ann")
    assert begun["alerts"] == [(1, "silenced")]
    assert begun["silences"] == read(sandbox)["silences"]
    assert [(s["alert"], s["by"]) for s in begun["silences"]] == [(1, "ann")]
    heard = changed("unsilence", "1")
    assert heard["alerts"] == [(1, "acknowledged")]
    assert ended(heard) == begun["silences"]
    fitting = changed("silence", "--watch", "freshness", "--for", "1d")
    assert (fitting["alerts"], fitting["silences"]) == ([], read(sandbox)["silences"])
    assert ended(changed("unsilence", "--watch", "freshness")) == fitting["silences"]
    assert changed("resolve", "1") == {"alerts": [(1, "resolved")], "silences": []}


def test_one_alert_is_silenced_and_heard_again(sandbox: Sandbox, alerts: Alerts) -> None:
    assert re.fullmatch(r"Alert 1 is silenced until .* UTC\.\n", said(sandbox, "silence", "1", "--for", "2h"))
    assert "  silenced  " in said(sandbox)
    assert re.search(r"Silenced until .* UTC by \w+: alert 1\n", said(sandbox))
    assert said(sandbox, "unsilence", "1") == "Alert 1 is delivered again.\n"
    assert [a["state"] for a in read(sandbox)["alerts"]] == ["open", "open"]


def test_what_fits_is_silenced(sandbox: Sandbox, alerts: Alerts) -> None:
    until = time.strftime("%Y-%m-%dT%H:%M", time.gmtime(time.time() + 2 * HOUR))
    made = said(
        sandbox, "silence", "--dataset", "readings", "--watch", "freshness", "--until", until, "--note", "moves"
    )
    assert made == f"What fits dataset readings and watch freshness is silenced until {until.replace('T', ' ')} UTC.\n"
    shown = read(sandbox)
    assert [a["state"] for a in shown["alerts"]] == ["silenced", "silenced"]
    (silence,) = shown["silences"]
    assert silence["until"] == f"{until}:00.000+00:00"
    assert (silence["dataset"], silence["watch"], silence["owner"], silence["note"]) == (
        *("readings", "freshness", None, "moves"),
    )
    said(sandbox, "unsilence", "--dataset", "readings", "--watch", "freshness")
    assert read(sandbox)["silences"] == []


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["show", "9"], 2, "There is no alert 9; flow alerts list --all shows those that there are."),
        (["ack", "1", "8", "9"], 2, "There is no alert 8, 9; flow alerts list --all shows those that there are."),
        *(
            ([name, HUGE, *more], 2, f"There is no alert {HUGE}; flow alerts list --all shows those that there are.")
            for name, *more in (["show"], ["ack"], ["resolve"], ["silence", "--for", "1h"], ["unsilence"])
        ),
        (["silence"], 2, "Give either the number of an alert, or any of --dataset, --watch and --owner."),
        (["silence", "1", "--dataset", "readings", "--for", "1h"], 2, "Give either the number of an alert, or any of"),
        (["silence", "1"], 2, "Say how long: --for 2h, or --until 2030-02-01T06:00."),
        (
            ["silence", "1", "--for", "soon"],
            2,
            "--for 'soon' cannot be used; write a number and one of s, m, h, d, w, from 1m to",
        ),
        (["silence", "1", "--until", "soon"], 2, "--until 'soon' is no time; write 2030-02-01 or"),
        *(
            (["silence", "1", "--until", far], 2, f"--until {far!r} cannot be used; write a time within 5000w from now")
            for far in ("9999-12-31T23:00-05:00", "9999-12-31", "2300-01-01")
        ),
        (["silence", "1", "--until", "0001-01-01T00:00+05:00"], 2, "A silence must end in the future; say --for 2h"),
        (["silence", "1", "--until", "2013-02-01"], 2, "A silence must end in the future; say --for 2h, or a later"),
        (
            ["silence", "1", "--for", "1h", "--until", "2030-01-01"],
            2,
            "--for and --until both say how long; choose one.",
        ),
        (
            ["silence", "--watch", "fresh", "--for", "1h"],
            2,
            "There is no watch 'fresh'; there are durations, failures, ",
        ),
        (["silence", "--dataset", "readinks", "--for", "1h"], 2, "Did you mean 'readings'?"),
        (["silence", "--owner", "bob", "--for", "1h"], 2, "No dataset is owned by 'bob'; owners are "),
        (["unsilence", "1"], 2, "Alert 1 has no silence of its own; flow alerts list shows those that there are."),
        (["unsilence", "--dataset", "readings"], 2, "dataset readings has no silence of its own"),
        (
            ["list", "--since", "soon"],
            2,
            "since 'soon' cannot be used; write a date, 2013-02-01, or a number and one of s, m, h, d, w",
        ),
        *(
            (["--calibration", *more], 2, "--calibration lists no alerts; leave out --all, --since and --exit-code.")
            for more in (["--all"], ["--since", "7d"], ["--exit-code", "--json"])
        ),
        (["--json", "show", "1"], 2, "Write options after the subcommand: flow alerts show --json"),
    ],
)
def test_wrong_usage_is_one_sentence(
    sandbox: Sandbox, alerts: Alerts, arguments: list[str], code: int, message: str
) -> None:
    done = flow(sandbox, "alerts", *arguments)
    assert (done.code, done.stdout) == (code, "")
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert read(sandbox)["silences"] == []


def test_what_is_over_cannot_be_acknowledged(sandbox: Sandbox, alerts: Alerts) -> None:
    said(sandbox, "resolve", "1")
    for command in (["ack", "2", "1"], ["resolve", "1"], ["silence", "1", "--for", "1h"]):
        done = flow(sandbox, "alerts", *command)
        assert (done.code, done.stderr) == (1, "flow: Alert 1 is resolved already; nothing was changed.\n")
    assert [a["state"] for a in read(sandbox)["alerts"]] == ["open"]


@pytest.mark.parametrize("subcommand", SUBCOMMANDS)
def test_help_of_a_subcommand_shows_examples_with_options_that_exist(sandbox: Sandbox, subcommand: str) -> None:
    shown = said(sandbox, subcommand, "--help")
    assert f"Usage: flow alerts {subcommand} " in shown
    options, _, examples = shown.partition("Examples:")
    lines = [line.strip() for line in examples.splitlines() if line.strip()]
    assert len(lines) >= 2
    assert all(line.startswith(f"flow alerts {subcommand} ") or line == "flow alerts list" for line in lines)
    assert set(re.findall(r" (--[a-z]+)", examples)) <= set(re.findall(r" (--[a-z]+)", options))


def test_a_silence_is_ended_by_the_words_that_began_it(sandbox: Sandbox) -> None:
    begins, ends = (said(sandbox, name, "--help").splitlines() for name in ("silence", "unsilence"))
    options = [line for line in ends if re.match(r"│\s+(number|--)", line)]
    assert len(options) == 8
    assert not [line for line in options if line not in begins]
