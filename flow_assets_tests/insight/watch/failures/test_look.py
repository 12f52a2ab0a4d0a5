"""Failed partitions, each cause once."""

from collections.abc import Sequence

import pytest

from flow_assets.insight.watch.failures.look import failures
from flow_assets.ledger.findings import Finding
from flow_assets_tests.insight.watch.looks import situation
from flow_assets_tests.sandbox import DATASETS, DAYS, Sandbox

BAD = "meter,watts,note\na,many,x\n"


def found(sandbox: Sandbox) -> Sequence[Finding]:
    with situation(sandbox) as seen:
        return failures(seen)


def with_dependents(sandbox: Sandbox, number: int) -> None:
    """Datasets that read `readings`, each on its own."""
    for n in range(number):
        text = (
            DATASETS["trends.py"].replace("def trends(", f"def trends_{n}(").replace("class Trends", f"class Trends{n}")
        )
        sandbox.write(f"trends_{n}.py", text.replace("schema=Trends", f"schema=Trends{n}"))


def test_a_failure_with_many_dependents_is_one_finding_until_it_is_mended(sandbox: Sandbox) -> None:
    with_dependents(sandbox, 40)
    sandbox.land(DAYS[2], BAD)
    sandbox.run()
    (finding,) = found(sandbox)
    assert (finding.watch, finding.severity, finding.dataset) == ("failures", "critical", "raw_readings")
    assert finding.partitions == (DAYS[2],)
    assert set(finding.affected) == {"readings", "trends", *(f"trends_{n}" for n in range(40))}
    assert finding.evidence["held_partitions"] == 42
    assert finding.evidence["is_new"] == "yes"
    assert finding.title.startswith(f"raw_readings {DAYS[2]} failed: ")
    assert ". " not in finding.title, "what to do is in the text"
    assert "many" in finding.text
    assert f"Held by it: readings {DAYS[2]}; trends {DAYS[2]}; trends_0 {DAYS[2]} and 39 more.\n" in finding.text
    assert found(sandbox) == [finding]
    sandbox.land(DAYS[2])
    sandbox.run()
    assert found(sandbox) == []


def test_partitions_that_failed_of_the_same_are_one_finding_and_others_another(sandbox: Sandbox) -> None:
    for day in DAYS[:3]:
        sandbox.land(day, BAD)
    sandbox.land(DAYS[3], "meter,watts\na,1\n")
    sandbox.run()
    first, second = sorted(found(sandbox), key=lambda finding: finding.partitions)
    assert (first.partitions, second.partitions) == (DAYS[:3], (DAYS[3],))
    assert first.identity != second.identity
    before = first.identity
    sandbox.land(DAYS[0])
    sandbox.run()
    assert {finding.identity: finding.partitions for finding in found(sandbox)}[before] == DAYS[1:3]


def test_the_title_tells_a_landed_file_from_the_landing_folder_and_the_text_whole(sandbox: Sandbox) -> None:
    path = sandbox.land(DAYS[2], BAD)
    sandbox.run()
    (finding,) = found(sandbox)
    assert finding.title.startswith(f"raw_readings {DAYS[2]} failed: readings/{DAYS[2]}.csv")
    assert str(path) in finding.text


def test_what_failed_so_before_is_known(sandbox: Sandbox) -> None:
    sandbox.land(DAYS[1], BAD)
    sandbox.run()
    sandbox.land(DAYS[1])
    sandbox.run()
    sandbox.land(DAYS[4], BAD)
    sandbox.run()
    (finding,) = found(sandbox)
    assert finding.partitions == (DAYS[4],)
    assert (finding.evidence["is_new"], finding.evidence["earlier_attempts"]) == ("no", 1)
    assert "It has failed so before: 1 time, first at" in finding.text


def test_a_failure_begins_with_its_first_attempt(sandbox: Sandbox) -> None:
    sandbox.land(DAYS[1], BAD)
    sandbox.run()
    (first,) = found(sandbox)
    sandbox.run(retry=True)
    (again,) = found(sandbox)
    assert (again.since, again.identity, again.evidence["is_new"]) == (first.since, first.identity, "yes")


def test_code_that_raises_names_its_error_and_all_partitions(sandbox: Sandbox) -> None:
    sandbox.edit("readings.py", "    day = context", "    1 / 0\n    day = context")
    sandbox.run()
    (finding,) = found(sandbox)
    assert finding.partitions == DAYS
    assert "ZeroDivisionError" in finding.title
    assert f"{DAYS[0]} .. {DAYS[4]} (5 partitions)" in finding.title
    assert finding.affected == ("trends",)


def test_a_dataset_without_partitions(sandbox: Sandbox) -> None:
    sandbox.edit("meters_seen.py", "    return readings", "    raise LookupError('gone')\n    return readings")
    sandbox.run()
    (finding,) = found(sandbox)
    assert (finding.dataset, finding.partitions) == ("meters_seen", ())
    assert finding.title.startswith("meters_seen failed: LookupError")


@pytest.mark.parametrize("change", ["the dataset is gone", "its day is gone"])
def test_what_is_no_longer_there_is_no_finding(sandbox: Sandbox, change: str) -> None:
    sandbox.land(DAYS[4], BAD)
    sandbox.run()
    assert len(found(sandbox)) == 1
    if change == "its day is gone":
        sandbox.edit("calendar.py", '"2024-03-06"', '"2024-03-05"')
    else:
        for name, text in list(sandbox.files.items()):
            sandbox.write(name, text.replace("raw_readings", "first_readings"))
    assert found(sandbox) == []
