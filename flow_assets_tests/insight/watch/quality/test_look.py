"""What is off with the data: kept back, warned of, published though broken; each cause once."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from flow_assets.insight.watch.quality.look import quality
from flow_assets.ledger.findings import Finding
from flow_assets_tests.insight.watch.looks import situation
from flow_assets_tests.ruled import EXCESSIVE, GAPPY, HEAD, STRANGE, ruled
from flow_assets_tests.sandbox import DAYS, Sandbox


@pytest.fixture
def box(tmp_path: Path) -> Sandbox:
    made = ruled(tmp_path)
    made.land_all()
    return made


def found(sandbox: Sandbox) -> Sequence[Finding]:
    with situation(sandbox) as seen:
        return quality(seen)


def test_good_days_are_no_finding(box: Sandbox) -> None:
    box.run()
    assert found(box) == []


def test_what_is_kept_back_is_critical_until_a_good_file_lands(box: Sandbox) -> None:
    for day in DAYS[1:3]:
        box.land(day, EXCESSIVE)
    box.run()
    (finding,) = found(box)
    assert (finding.watch, finding.severity, finding.dataset) == ("quality", "critical", "readings")
    assert finding.identity == "kept back readings: deciwatts_in_range"
    assert finding.partitions == DAYS[1:3]
    assert finding.affected == ("trends",)
    assert finding.link == f"/assets/readings?view=partitions&partition={DAYS[2]}"
    box.land(DAYS[1])
    box.run()
    assert [f.partitions for f in found(box)] == [(DAYS[2],)]
    box.land(DAYS[2])
    box.run()
    assert found(box) == []


def test_a_day_that_breaks_two_rules_is_one_finding(box: Sandbox) -> None:
    box.edit("readings.py", "in_range(0, 1000), ", "in_range(0, 1000), le(5000), ")
    box.edit("readings.py", "import in_range,", "import in_range, le,")
    box.land(DAYS[1], EXCESSIVE)
    box.run()
    (finding,) = found(box)
    assert finding.evidence["rules"] == "deciwatts_in_range, deciwatts_at_most"


def test_warnings_are_of_the_last_days_and_end_when_these_are_good(box: Sandbox) -> None:
    for day in DAYS[:2]:
        box.land(day, GAPPY)
    box.run()
    assert found(box) == []  # of long ago
    box.land(DAYS[3], GAPPY)
    box.run()
    (finding,) = found(box)
    assert (finding.severity, finding.identity) == ("warning", "warned readings")
    assert finding.partitions == (DAYS[3],)
    assert "tolerated: 1." in finding.text
    box.land(DAYS[3])
    box.run()
    assert found(box) == []


def test_a_day_that_breaks_rules_of_two_dimensions_is_one_warning(box: Sandbox) -> None:
    box.land(DAYS[3], GAPPY)
    box.land(DAYS[4], STRANGE)
    box.run()
    (finding,) = found(box)
    assert finding.partitions == DAYS[3:5]
    assert len(str(finding.evidence["rules"]).split(", ")) == 2


def test_what_downstream_only_repeats_is_said_of_the_first(box: Sandbox) -> None:
    rule = 'rules=[not_null(severity="warn", dimension="accuracy")], description='
    box.edit("trends.py", "total_deciwatts: Int64 = column(", f"total_deciwatts: Int64 = column({rule}")
    box.edit("trends.py", "import DatasetSchema", "import not_null, DatasetSchema")
    for day in DAYS[2:]:
        box.land(day, f"{HEAD}a,,\nb,,\n")
    box.run()
    (finding,) = found(box)
    assert (finding.dataset, finding.affected) == ("readings", ("trends",))


def test_quarantined_rows_beyond_what_is_tolerated_warn(box: Sandbox) -> None:
    box.land(DAYS[4], STRANGE)
    box.run()
    assert [f.identity for f in found(box)] == ["warned readings"]


def test_what_was_published_before_a_rule_was_made_is_told_of_all_days(box: Sandbox) -> None:
    box.run()
    box.edit("readings.py", "in_range(0, 1000)", "in_range(0, 25)")
    box.run()
    (finding,) = found(box)
    assert finding.identity == "published though broken readings"
    assert finding.partitions == DAYS[1:]  # 10 times 1 and 2 are within
    assert finding.severity == "warning"
