"""What `flow plan`, `flow run` and `flow why` say of rules that are broken, and of rules that changed."""

import json
import re

import pytest

from flow_assets_tests.forked import flow
from flow_assets_tests.materialization.ruled import declare
from flow_assets_tests.sandbox import DAYS, Sandbox

DAY = "2024-03-05"
BROKEN = "is_small (consistency): deciwatts <= 90: 1 of 3 rows break it"


@pytest.fixture
def blocked(sandbox: Sandbox) -> Sandbox:
    declare(sandbox, "fa.row_rule('deciwatts <= 90', name='is_small')")
    done = flow(sandbox, "run", "--json")
    assert done.code == 1
    summary = json.loads(done.stdout)
    assert (summary["computed"], summary["blocked"], summary["held"]) == (14, 1, 1)
    assert summary["problems"][0] == {"dataset": "readings", "partition": DAY, "status": "blocked", "reason": BROKEN}
    return sandbox


def test_the_words_for_what_is_kept_back(blocked: Sandbox) -> None:
    plan = flow(blocked, "plan").stdout
    assert f"hold readings {DAY}\n  breaks its rules, is kept and not published: {BROKEN}\n" in plan
    assert f"hold trends {DAY}\n  required input readings {DAY} is blocked\n" in plan
    why = flow(blocked, "why", "readings", DAY).stdout
    assert f"Now: hold: breaks its rules, is kept and not published: {BROKEN}\n" in why
    assert "Never published.\n" in why
    run = flow(blocked, "run")
    assert run.code == 1
    assert f"blocked readings {DAY}\n  breaks its rules, is kept and not published: {BROKEN}\n" in run.stdout
    retried = flow(blocked, "plan", "--retry").stdout
    assert f"check readings {DAY}\n  is tried again, though nothing has changed since it was blocked\n" in retried


@pytest.fixture
def kept_back(sandbox: Sandbox) -> Sandbox:
    """The first and the last day break one rule, by different rows, the day between another; the file of one is cut."""
    declare(sandbox, "fa.row_rule('deciwatts <= 90', name='is_small')", "fa.row_rule('deciwatts > 0', name='is_some')")
    sandbox.land(DAYS[0], "meter,watts,note\na,99,\nb,99,\nc,1,\n")
    sandbox.land(DAYS[1], "meter,watts,note\na,many,\n")
    sandbox.land(DAYS[2], "meter,watts,note\na,-1,\n")
    assert not sandbox.run().is_successful
    return sandbox


def test_what_is_kept_back_is_shown_by_the_rules_it_breaks(kept_back: Sandbox) -> None:
    first, failed, between, _, last = DAYS
    broken = (
        "breaks its rules, is kept and not published: is_small (consistency): deciwatts <= 90: 2 of 3 rows break it"
    )
    by_others = f"{broken.replace('is_small', 'is_some').replace('<= 90: 2 of 3', '> 0: 1 of 1')}\n"
    causes = {
        f"readings {first}, {last}": f"{first}: {broken}\n",
        f"readings {between}": by_others,
        f"readings {failed}": f"required input raw_readings {failed} failed\n",
        f"trends {first}, {between}, {last}": f"required input readings {first} is blocked\n",
        f"trends {failed}": f"required input readings {failed} is held, because raw_readings {failed} failed\n",
    }
    plan = flow(kept_back, "plan").stdout
    for which, reason in causes.items():
        assert f"hold {which}\n  {reason}" in plan
    run = flow(kept_back, "run").stdout
    for which, reason in causes.items():
        assert re.search(f"\n(blocked|held) {re.escape(which)}\n  {re.escape(reason)}", run), which


def test_why_goes_down_to_the_root(kept_back: Sandbox) -> None:
    shown = flow(kept_back, "why", "trends", DAYS[1]).stdout.splitlines()
    assert shown[2:4] == [
        f"Now: hold: required input readings {DAYS[1]} is held, because raw_readings {DAYS[1]} failed",
        f"  readings {DAYS[1]}: hold: required input raw_readings {DAYS[1]} failed",
    ]
    assert shown[4].startswith(f"  raw_readings {DAYS[1]}: hold: failed, and nothing has changed since: ")
    assert "'many'" in shown[4]
    (cause,) = json.loads(flow(kept_back, "why", "trends", DAYS[2], "--json").stdout)["chain"]
    assert (cause["dataset"], cause["partition"], cause["action"]) == ("readings", DAYS[2], "hold")
    assert "is_some" in cause["reason"]


def test_the_words_for_what_is_judged_again(blocked: Sandbox) -> None:
    declare(blocked, "fa.row_rule('deciwatts <= 90', name='is_small', tolerance=1)")
    plan = json.loads(flow(blocked, "plan", "--json").stdout)
    assert (plan["summary"]["check"], plan["summary"]["compute"]) == (5, 2)
    reasons = {p["partition"]: p["reason"] for p in plan["partitions"] if p["dataset"] == "readings"}
    assert set(reasons.values()) == {
        "was not checked yet by its rules as they are, or what they refer to changed",
        "its rules, or what they refer to, changed since it was blocked",
    }
    done = flow(blocked, "run", "--json")
    summary = json.loads(done.stdout)
    assert done.code == 0, done.stdout
    assert (summary["checked"], summary["restored"], summary["computed"], summary["blocked"]) == (4, 1, 2, 0)
    why = flow(blocked, "why", "readings", DAY).stdout
    assert "Last restored " in why
    assert "the reason was: was blocked, and passes its rules as they are now\nNow: reuse: unchanged\n" in why


def test_people_see_that_what_is_published_breaks_a_new_rule(computed: Sandbox) -> None:
    declare(computed, "fa.row_rule('deciwatts <= 90', name='is_small')")
    shown = flow(computed, "run")
    assert shown.code == 0, shown.stdout
    assert flow(computed, "plan").stdout.rstrip().endswith("Nothing to do.")
