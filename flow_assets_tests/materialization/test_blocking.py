"""Versions that break their rules: kept beside what is published, until a good one comes."""

import pytest

from flow_assets.ledger import Holdings
from flow_assets.materialization.write import Writer
from flow_assets_tests.materialization.ruled import blocked, content, count_calls, declare, endings, last_checks
from flow_assets_tests.sandbox import DAYS, Sandbox

SMALL = "fa.row_rule('deciwatts <= 100', name='is_small')"
BAD = "meter,watts,note\na,99,x\nb,4,\nc,,y\n"
OF_DAY_2 = {f"{name} {DAYS[1]}" for name in ("raw_readings", "readings", "trends")}


@pytest.fixture
def published(sandbox: Sandbox) -> Sandbox:
    declare(sandbox, SMALL)
    assert sandbox.run().is_successful
    return sandbox


def test_a_blocked_new_version_leaves_the_former_one_and_its_readers(published: Sandbox) -> None:
    before = {name: content(published, name) for name in ("readings", "trends", "meters_seen")}
    published.land(DAYS[1], BAD)
    problems = published.problems(published.run())
    assert problems == {
        f"readings {DAYS[1]}": ("blocked", "is_small (consistency): deciwatts <= 100: 1 of 3 rows break it"),
        f"trends {DAYS[1]}": ("held", f"required input readings {DAYS[1]} is blocked"),
    }
    assert {name: content(published, name) for name in before} == before
    assert list(blocked(published)) == [DAYS[1]]
    check = last_checks(published)[DAYS[1]]
    assert (check.errors, check.is_published) == (1, False)
    outcome = published.last_outcomes["readings", DAYS[1]]
    assert (outcome.status.value, outcome.status.is_published) == ("blocked", False)
    assert set(published.work()) == {f"readings {DAYS[1]}", f"trends {DAYS[1]}"}


def test_a_good_file_takes_the_place_of_what_was_kept(published: Sandbox) -> None:
    published.land(DAYS[1], BAD)
    published.run()
    published.land(DAYS[1], "meter,watts,note\na,9,x\n")
    assert published.computed() >= OF_DAY_2
    assert blocked(published) == {}
    assert published.work() == {}


def test_the_former_good_file_ends_the_block(published: Sandbox) -> None:
    published.land(DAYS[1], BAD)
    published.run()
    published.land(DAYS[1])
    assert published.computed() == set()
    assert published.work() == {}
    assert blocked(published) == {}


def test_a_file_that_fails_takes_the_place_of_what_was_kept(published: Sandbox) -> None:
    declare(published, "fa.row_rule('watts < 50', name='is_small')", dataset="raw_readings")
    published.land(DAYS[1], BAD)
    problems = published.problems(published.run("raw_readings"))
    path = published.data / "landing" / "readings" / f"{DAYS[1]}.csv"
    assert problems[f"raw_readings {DAYS[1]}"] == (
        "blocked",
        f"is_small (consistency): watts < 50: 1 of 3 rows break it. It was read from {path}: "
        "land a file that keeps the rules",
    )
    published.land(DAYS[1], b"")
    assert published.problems(published.run("raw_readings"))[f"raw_readings {DAYS[1]}"][0] == "failed"
    assert blocked(published, "raw_readings") == {}


def test_a_forced_result_that_breaks_new_rules_leaves_what_is_published(published: Sandbox) -> None:
    declare(published, "fa.row_rule('deciwatts <= 90', name='is_small')")
    assert published.run("readings", force=["readings"]).is_successful
    outcome = published.last_outcomes["readings", DAYS[4]]
    assert (outcome.status.value, outcome.reason) == ("checked", "stays published, but breaks by now: is_small")
    assert len(published.rows("readings", DAYS[4])) == 3
    assert blocked(published) == {}  # the same rows are published
    assert published.work() == {}


def test_a_lost_ledger_is_restored_and_judged_by_the_rules_as_they_are(published: Sandbox) -> None:
    calls = count_calls(published)
    published.run()
    calls.write_text("")
    for path in published.data.glob("ledger.sqlite*"):
        path.unlink()
    declare(published, "fa.row_rule('deciwatts <= 90', name='is_small')")
    problems = published.problems(published.run())
    assert calls.read_text() == ""
    assert {name: status for name, (status, _) in problems.items()} == {
        f"readings {DAYS[4]}": "blocked",
        f"trends {DAYS[4]}": "held",
    }
    assert endings(published)[DAYS[0]] == "restored"
    assert {day: check.rows for day, check in last_checks(published).items()} == dict.fromkeys(DAYS, 3)


def test_another_environment_judges_what_it_finds_in_the_store(published: Sandbox) -> None:
    published.options["environment"] = "other"
    assert published.computed() == set()
    assert {check.errors for check in last_checks(published).values()} == {0}


def test_what_was_published_before_there_were_rules_is_checked_and_not_computed(published: Sandbox) -> None:
    from sqlalchemy import delete

    from flow_assets.ledger.database import transaction
    from flow_assets.ledger.tables import checks, judgements, states

    with published.project() as project, transaction(project.engine) as connection:
        for table in (checks, judgements, states):
            connection.execute(delete(table))
    assert {action for action, _ in published.plan().values()} == {"check"}
    assert published.run().to_json()["checked"] == 16
    assert published.work() == {}
    with published.project() as project:
        assert len(project.holdings.states.current("readings")) == 5


@pytest.mark.parametrize("is_full", ["the quarantine", "a kept version"])
def test_a_full_disk_leaves_nothing_half_written(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, is_full: str
) -> None:
    declare(sandbox, SMALL, "fa.row_rule('deciwatts <> 40', name='is_not_forty', quarantine=True)")
    sandbox.land(DAYS[1], BAD)
    real = Writer._put

    def put(writer: Writer, table: object, *, is_bucketed: bool) -> object:
        if writer.recipe.dataset.name == "readings" and is_bucketed == (is_full == "a kept version"):
            raise OSError("disk full")
        return real(writer, table, is_bucketed=is_bucketed)

    with monkeypatch.context() as patch:
        patch.setattr(Writer, "_put", put)
        problems = sandbox.problems(sandbox.run("readings"))
    assert problems[f"readings {DAYS[1]}"] == ("failed", "disk full")
    assert blocked(sandbox) == {}
    with sandbox.project() as project:
        recorded = {project.store.get_record(key).dataset for key in project.store.list_records()}
    assert ("readings" in recorded) == (is_full == "the quarantine")  # the days of which no row leaves
    assert sandbox.problems(sandbox.run("readings"))[f"readings {DAYS[1]}"][0] == "blocked"


class KilledError(BaseException):
    """Stands for a process that dies."""


def test_killed_between_writing_and_publishing_it_is_judged_from_its_record(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    declare(sandbox, "fa.row_rule('deciwatts <= 90', name='is_small')")
    calls = count_calls(sandbox)

    def die(*_: object) -> None:
        raise KilledError

    sandbox.run("raw_readings")
    with monkeypatch.context() as patch:
        patch.setattr(Holdings, "publish", die)
        with pytest.raises(KilledError):
            sandbox.run("readings")
    assert content(sandbox) == blocked(sandbox) == {}
    calls.write_text("")
    assert list(sandbox.problems(sandbox.run("readings"))) == [f"readings {DAYS[4]}"]
    assert calls.read_text().split() == [DAYS[4]]  # no record says what it was
    assert endings(sandbox) == {**dict.fromkeys(DAYS, "restored"), DAYS[4]: "blocked"}
