from flow_assets.materialization.requests import plan_scope
from flow_assets.materialization.selection import select
from flow_assets.memo.explain import Difference, Explainer
from flow_assets_tests.materialization.ruled import declare
from flow_assets_tests.sandbox import DAYS, Sandbox


def differences(sandbox: Sandbox, name: str, partition: str = "") -> list[Difference]:
    with sandbox.project() as project:
        scope = select(project.graph)
        planner = project.planner(project.graph.datasets.values())
        (entry,) = (e for e in plan_scope(planner, scope) if (e.dataset, e.partition) == (name, partition))
        return Explainer(planner).differences(entry)


def test_code_that_changed_comes_with_its_diff(done: Sandbox) -> None:
    done.edit("helpers.py", 'f"{column} * {FACTOR}"', 'f"{column} * {FACTOR} + 1"')
    (found,) = differences(done, "readings", DAYS[0])
    assert (found.kind, found.name) == ("code", "meters.helpers.scaled")
    assert "{FACTOR} + 1" in found.diff
    assert str(found) == "code meters.helpers.scaled changed"


def test_a_helper_that_came_and_one_that_went(done: Sandbox) -> None:
    done.edit("helpers.py", "def scaled(column):", "def times(n):\n    return 10\n\n\ndef scaled(column):")
    done.edit("helpers.py", "{FACTOR}", "{times(1)}")
    said = {str(found) for found in differences(done, "readings", DAYS[0])}
    assert any(text.endswith("times was added") for text in said)
    assert any(text.endswith("FACTOR is gone") for text in said)


def test_all_inputs_that_differ_are_named_with_their_contents(done: Sandbox) -> None:
    done.land(DAYS[1], "meter,watts,note\na,100,x\n")
    done.run("readings")
    (found,) = differences(done, "meters_seen")
    assert (found.kind, found.name) == ("input", f"readings {DAYS[1]}")
    assert found.before
    assert found.after
    assert [str(d) for d in differences(done, "trends", DAYS[3])] == [f"input readings {DAYS[1]} changed"]
    assert differences(done, "trends", DAYS[0]) == []


def test_an_input_that_arrived_is_named(sandbox: Sandbox) -> None:
    sandbox.land(DAYS[1]).unlink()
    sandbox.run()
    sandbox.land(DAYS[1])
    sandbox.run("readings")
    plan = sandbox.plan()
    assert plan["trends 2024-03-03"] == ("compute", "input readings 2024-03-02 was added")
    assert plan["meters_seen"] == ("compute", "input readings 2024-03-02 was added")


def test_a_lost_record_and_lost_code_are_said(done: Sandbox) -> None:
    done.edit("helpers.py", "FACTOR = 10", "FACTOR = 20")
    for path in (done.data / "store" / "fingerprints").iterdir():
        path.write_text("{")
    assert done.plan()[f"readings {DAYS[0]}"][1] == "code (its former text is lost) changed"
    for path in (done.data / "store" / "records").iterdir():
        path.unlink()
    assert done.plan()[f"readings {DAYS[0]}"][1] == "its record is gone"
    assert differences(done, "readings", DAYS[0]) == []


def test_own_changes_are_named_before_those_of_inputs(done: Sandbox) -> None:
    done.edit("helpers.py", "FACTOR = 10", "FACTOR = 20")
    done.edit("trends.py", "FROM readings\n", "FROM readings WHERE true\n")
    reason = done.plan()[f"trends {DAYS[0]}"][1]
    assert reason == (
        "code meters.trends.trends changed; input readings 2024-03-01 will be computed (it may come out the same)"
    )


def test_what_was_blocked_and_never_published_is_compared_with_what_is_kept(sandbox: Sandbox) -> None:
    declare(sandbox, "fa.row_rule('deciwatts <= 90', name='is_small')")
    sandbox.run()
    sandbox.land(DAYS[4], "meter,watts,note\na,9,x\n")
    plan = sandbox.plan()
    assert plan[f"raw_readings {DAYS[4]}"] == ("compute", "input landed file changed")
    pending = f"was blocked; input raw_readings {DAYS[4]} will be computed (it may come out the same)"
    assert plan[f"readings {DAYS[4]}"] == ("compute", pending)
    sandbox.edit("helpers.py", "FACTOR = 10", "FACTOR = 9")
    assert sandbox.plan()[f"readings {DAYS[4]}"][1].startswith(
        "code meters.helpers.scaled -> FACTOR changed since it was blocked; "
    )
    sandbox.edit("helpers.py", "FACTOR = 9", "FACTOR = 10")
    sandbox.run("raw_readings")
    said = f"input raw_readings {DAYS[4]} changed since it was blocked"
    assert sandbox.plan()[f"readings {DAYS[4]}"] == ("compute", said)
    (found,) = differences(sandbox, "readings", DAYS[4])
    assert (found.kind, found.name) == ("input", f"raw_readings {DAYS[4]}")
    sandbox.run()
    assert sandbox.last_outcomes["readings", DAYS[4]].reason == said
    assert sandbox.plan()[f"readings {DAYS[4]}"] == ("reuse", "unchanged")


def test_a_file_that_was_blocked_and_landed_anew(sandbox: Sandbox) -> None:
    declare(sandbox, "fa.row_rule('watts < 10', name='is_small')", dataset="raw_readings")
    sandbox.run("raw_readings")
    sandbox.land(DAYS[4], "meter,watts,note\na,9,x\n")
    reason = "input landed file changed since it was blocked"
    assert sandbox.plan("raw_readings")[f"raw_readings {DAYS[4]}"] == ("compute", reason)
