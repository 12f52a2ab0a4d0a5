import logging
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flow_assets.automation.alerting.apprise_sender import AppriseSender
from flow_assets.automation.alerting.destinations import Destination
from flow_assets.automation.alerting.hiding import Hiding, expand, hide, keep, variables
from flow_assets.automation.alerting.notices import Wording
from flow_assets.automation.alerting.routes import Routes
from flow_assets.declaration import DatasetGraph
from flow_assets.errors import DeliveryError, RoutesError
from flow_assets_tests.automation.alerting.alerts import alert, notice
from flow_assets_tests.automation.alerting.webhook import Webhook

SECRET = "s3cr3t/Token+%41 of mine"
FORMS = ("s3cr3t", "Token", "of mine", "of%20mine", "of+mine")


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("plain", "plain"),
        ("json://h/${TOKEN}?a=$b", f"json://h/{SECRET}?a=$b"),
        ("${TOKEN}", SECRET),
        ("x${TOKEN|urlencode}y", "xs3cr3t%2FToken%2B%2541%20of%20miney"),
        ("${HOST}:${HOST}", "h:h"),
    ],
)
def test_a_variable_is_put_in_its_place(text: str, made: str) -> None:
    assert expand(text, {"TOKEN": SECRET, "HOST": "h"}) == made


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("${MISSING}", "the environment has no MISSING"),
        ("${EMPTY}", "the environment has no EMPTY"),
        ("${a-b}", r"is written \$\{NAME\}"),
        ("${OPEN", r"is written \$\{NAME\}"),
        ("${}", r"is written \$\{NAME\}"),
    ],
)
def test_a_variable_that_cannot_be_put_in_its_place(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        expand(text, {"EMPTY": "", "OPEN": "x"})


def test_which_variables_a_text_needs() -> None:
    assert variables("json://${HOST}/${TOKEN|urlencode}") == ["HOST", "TOKEN"]


def test_a_secret_is_hidden_in_every_form() -> None:
    keep(SECRET)
    forms = (SECRET, "s3cr3t%2FToken%2B%2541%20of%20mine", "s3cr3t%2fToken%2b%2541+of+mine", "s3cr3t/Token+A of mine")
    assert hide(" | ".join(forms)) == "*** | *** | *** | ***"


@given(st.text(min_size=4, max_size=20), st.text(max_size=10), st.text(max_size=10))
def test_whatever_a_secret_is_made_of_no_address_or_json_shows_it(secret: str, before: str, after: str) -> None:
    hiding = Hiding()
    hiding.keep(secret)
    for form in (secret, quote(secret), quote(secret, safe=""), quote_plus(secret), quote(secret, safe="/:@+!$,;=&")):
        assert form not in hiding.hide(f"{before}{form}{after}").replace("***", "")


@pytest.mark.parametrize("status", [200, 403, 500])
def test_no_secret_is_logged_shown_or_raised(
    hook: Webhook, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], status: int
) -> None:
    caplog.set_level(logging.DEBUG)
    hook.statuses = [status]
    address = expand(f"json://eve:${{TOKEN|urlencode}}@127.0.0.1:{hook.port}/${{TOKEN|urlencode}}", {"TOKEN": SECRET})
    place = Destination("team", AppriseSender.of(f"{address}/pathlikeasecret", Wording()))
    said = ""
    try:
        place.send(notice())
    except DeliveryError as error:
        said = f"{error} {error!r} {error.__context__!r} {error.__cause__!r}"
    assert hook.requests[0][0].endswith("/pathlikeasecret")
    assert bool(said) is (status != 200)
    printed = "".join(capfd.readouterr())
    for told in (caplog.text, printed, said, repr(place), str(place), repr(place.sender), place.name, place.kind):
        assert not [form for form in (*FORMS, "pathlikeasecret") if form in told]


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("apprise: ${TOKEN}", "s3cr3t-Token without a scheme"),
        ("apprise: ${TOKEN}", "slackk://s3cr3t-Token"),
        ("apprise: slack://${TOKEN}", "s3cr3t-Token"),
        ("apprise: https://x:${TOKEN}@", "s3cr3t-Token"),
        ("alertmanager: http://eve:${TOKEN}@h:9093", "s3cr3t-Token"),
        ("alertmanager: ${TOKEN}", "s3cr3t-Token"),
        ("token: s3cr3t-Token", "-"),
        ("password: s3cr3t-Token", "-"),
        ("apprise: [s3cr3t-Token]", "-"),
        ("apprise: {s3cr3t-Token: 1}", "-"),
        ("apprise: 's3cr3t-Token", "-"),
    ],
)
def test_no_secret_is_in_what_is_said_of_a_file_that_cannot_be_used(
    tmp_path: Path, graph: DatasetGraph, capfd: pytest.CaptureFixture[str], line: str, value: str
) -> None:
    path = tmp_path / "routes.yaml"
    path.write_text(f"destinations:\n  team:\n    {line}\nroutes:\n  - to: team\n")
    with pytest.raises(RoutesError, match=r"routes\.yaml") as error:
        Routes.load(path, graph, environment={"TOKEN": value})
    printed = "".join(capfd.readouterr())
    shown = [f"{part} {part!r}" for part in (error.value, error.value.__cause__, printed)]
    assert not [told for told in shown if "s3cr3t-Token" in told.replace(": there is no such key", "")]


def test_routes_that_are_printed_show_no_secret(tmp_path: Path, graph: DatasetGraph) -> None:
    path = tmp_path / "routes.yaml"
    path.write_text(
        "destinations:\n  a: {apprise: 'json://h/${TOKEN}'}\n"
        "  b: {alertmanager: 'http://h', username: eve, password: '${TOKEN}'}\nroutes:\n  - to: [a, b]\n"
    )
    routes = Routes.load(path, graph, environment={"TOKEN": "s3cr3t-Token"})
    assert "s3cr3t" not in f"{routes!r} {routes.destinations(alert())}"
