"""What a step says when partitions are not what they should be."""

from flow_assets.materialization.outcomes import Outcome, Status
from flow_assets.materialization.skin.step import _summary


def said(*problems: Outcome) -> list[str]:
    return _summary(problems).splitlines()


def problems(dataset: str, status: Status, count: int) -> list[Outcome]:
    return [Outcome(dataset, f"day {number}", status, f"why {number}") for number in range(count)]


def test_what_people_can_mend_comes_first_and_with_more_of_its_causes() -> None:
    lines = said(
        *problems("trends", Status.WAITING, 1),
        *problems("readings", Status.HELD, 7),
        *problems("raw_readings", Status.FAILED, 2),
        *problems("raw_readings", Status.BLOCKED, 23),
        *problems("readings", Status.BLOCKED, 2),
    )
    of_kinds = [line for line in lines if not line.startswith("  ")]
    assert of_kinds == ["25 partitions blocked:", "2 partitions failed:", "7 partitions held:", "1 partition waiting:"]
    assert lines[1:21] == [f"  raw_readings day {number}: why {number}" for number in range(20)]
    assert lines[21] == "  and 5 more: 3 of raw_readings, 2 of readings"
    assert lines[-3:] == ["  and 2 more: 2 of readings", "1 partition waiting:", "  trends day 0: why 0"]
