"""What `flow plan`, `flow run` and `flow why` say of rules that are broken, and of rules that changed."""

import json

import pytest

from flow_assets_tests.forked import flow
from flow_assets_tests.materialization.ruled import declare
from flow_assets_tests.sandbox import Sandbox

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
    assert f"hold trends {DAY}\n  required input readings {DAY} failed, is blocked or is held\n" in plan
    why = flow(blocked, "why", "readings", DAY).stdout
    assert f"Now: hold: breaks its rules, is kept and not published: {BROKEN}\n" in why
    assert "Never published.\n" in why
    run = flow(blocked, "run")
    assert run.code == 1
    assert f"held readings {DAY}\n  breaks its rules, is kept and not published: {BROKEN}\n" in run.stdout
    retried = flow(blocked, "plan", "--retry").stdout
    assert f"check readings {DAY}\n  its rules, or what they refer to, " in retried


def test_the_words_for_what_is_judged_again(blocked: Sandbox) -> None:
    declare(blocked, "fa.row_rule('deciwatts <= 90', name='is_small', tolerance=1)")
    plan = json.loads(flow(blocked, "plan", "--json").stdout)
    assert (plan["summary"]["check"], plan["summary"]["compute"]) == (5, 2)
    reasons = {p["partition"]: p["reason"] for p in plan["partitions"] if p["dataset"] == "readings"}
    assert set(reasons.values()) == {
        "its rules, or what they refer to, changed since it was checked",
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
