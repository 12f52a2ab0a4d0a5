"""What is told of a partition's checks, from what was found."""

from typing import Any

import dagster as dg
import pyarrow as pa

from flow_assets import in_range, no_drift, not_null, row_rule, unique
from flow_assets.checks.results import Finding, RuleResult
from flow_assets.declaration import Rule
from flow_assets.materialization.outcomes import Outcome, Status
from flow_assets.materialization.skin.evaluations import Target, evaluations, in_sum

SEVERE = in_range(0, 99, tolerance=1, description="old meters").on("watts")
MILD = in_range(0, 50, severity="warn", name="watts_are_low").on("watts")
SHARE = row_rule("watts | 1 > 0", name="watts_are_odd", tolerance=0.5, dimension="validity")
DRIFT = no_drift("psi", 0.2).on("watts")
SAMPLE = "|meter|watts|\n|-|-|\n|a|-3|"
TARGET = Target(storage_id=7, run_id="run", timestamp=1.0)
COLUMNS = {"watts": pa.int64(), "meter": pa.string()}
ALL = ("completeness", "accuracy", "uniqueness", "validity")


def told(*found: tuple[Rule, int, int], dimensions: tuple[str, ...] = ALL) -> dict[str, dg.AssetCheckEvaluation]:
    findings = tuple(
        Finding(rule, RuleResult(failed, total), SAMPLE if failed else "") for rule, failed, total in found
    )
    outcome = Outcome("readings", "2024-03-01", Status.COMPUTED, "", findings=findings)
    return {evaluation.check_name: evaluation for evaluation in evaluations(outcome, dimensions, TARGET, COLUMNS)}


def values(evaluation: dg.AssetCheckEvaluation) -> dict[str, Any]:
    return {name: value.value for name, value in evaluation.metadata.items()}


def test_what_passes_is_told_in_three_numbers() -> None:
    passed = told((SEVERE, 0, 10), (MILD, 0, 10), (unique("a"), 0, 10))
    assert list(passed) == ["uniqueness", "validity"]
    assert passed["validity"] == dg.AssetCheckEvaluation(
        asset_key=dg.AssetKey("readings"),
        check_name="validity",
        passed=True,
        metadata={"failed": 0, "total": 20, "rate": 0.0},
        target_materialization_data=TARGET,
        partition="2024-03-01",
    )


def test_what_is_tolerated_passes_and_is_counted() -> None:
    passed = told((SEVERE, 1, 10), (SHARE, 5, 10))["validity"]
    assert passed.passed
    assert values(passed) == {"failed": 6, "total": 20, "rate": 0.3}
    assert passed.description is None


def test_a_broken_error_rule_makes_an_error_and_warnings_alone_a_warning() -> None:
    severe, mild = told((SEVERE, 2, 10), (MILD, 3, 10))["validity"], told((SEVERE, 0, 10), (MILD, 3, 10))["validity"]
    assert (severe.passed, severe.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert (mild.passed, mild.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert severe.description == "watts_in_range (0 <= watts <= 99; 1 tolerated): 2 of 10"
    assert mild.description == "watts_are_low (0 <= watts <= 50): 3 of 10"


def test_a_check_that_can_only_warn_is_never_told_as_an_error() -> None:
    """Dagster shows failed partitions in the colour of the last execution, which may have passed."""
    mild, severe = told((MILD, 0, 10))["validity"], told((MILD, 0, 10), (SEVERE, 0, 10))["validity"]
    assert (mild.passed, mild.severity) == (True, dg.AssetCheckSeverity.WARN)
    assert (severe.passed, severe.severity) == (True, dg.AssetCheckSeverity.ERROR)
    assert in_sum([mild, mild]).severity is dg.AssetCheckSeverity.WARN
    assert in_sum([severe, mild]).severity is dg.AssetCheckSeverity.ERROR


def test_of_what_is_broken_rules_text_and_rows_are_told() -> None:
    broken = values(told((SEVERE, 2, 1000), (MILD, 0, 1000), (SHARE, 3, 1000))["validity"])
    assert broken["rules"].splitlines()[2:] == [
        "|watts_in_range|error|2|1,000|1||",
        "|watts_are_odd|error|3|1,000|50 %||",
    ]
    assert broken["watts_in_range"] == (
        "old meters\n\n`0 <= watts <= 99`\n\n"
        f"```sql\n\"watts\" NOT BETWEEN '0'::BIGINT AND '99'::BIGINT\n```\n\n{SAMPLE}"
    )
    assert {"watts_are_low", "watts_are_odd"}.isdisjoint(broken)
    assert broken["rate"] == 0.001667


def test_rows_of_few_rules_are_shown_and_every_broken_one_is_named() -> None:
    rules = [in_range(0, n, name=f"rule_{n}").on("watts") for n in range(9)]
    broken = told(*((rule, 1, 2) for rule in rules))["validity"]
    assert len(values(broken)) == 3 + 1 + 5
    assert values(broken)["rules"].count("rule\\_") + values(broken)["rules"].count("rule_") == 9
    assert broken.description is not None
    assert broken.description.endswith("and 6 more")


def test_a_rule_against_history_says_what_was_measured_and_against_what() -> None:
    drifted = RuleResult(1, 1, "psi 0.31", ("2024-02-01", "2024-02-28"))
    without = RuleResult(0, 1, is_evaluated=False)
    for result, description in (
        (drifted, "watts_psi (psi of watts to the 28 partitions before <= 0.2): psi 0.31"),
        (without, "without history yet: watts_psi"),
    ):
        outcome = Outcome("readings", "", Status.COMPUTED, "", findings=(Finding(DRIFT, result),))
        (evaluation,) = evaluations(outcome, ALL, None, COLUMNS)
        assert evaluation.description == description
        assert evaluation.partition is None
        assert evaluation.passed is (result is without)
    outcome = Outcome("readings", "", Status.COMPUTED, "", findings=(Finding(DRIFT, drifted),))
    (evaluation,) = evaluations(outcome, ALL, None, COLUMNS)
    assert "psi 0.31 (2024-02-01 .. 2024-02-28)" in values(evaluation)["rules"]


def test_only_what_is_asked_for_and_was_found_out_is_told() -> None:
    assert list(told((SEVERE, 0, 1), (not_null().on("a"), 0, 1), dimensions=("validity", "accuracy"))) == ["validity"]
    assert told() == {}


def test_a_sum_names_the_partitions_that_fail_and_is_as_severe_as_the_worst() -> None:
    mild = told((MILD, 3, 10))["validity"]
    fine = told((MILD, 0, 10))["validity"]
    severe = told((SEVERE, 3, 10))["validity"]
    assert in_sum([fine, fine]).passed
    assert values(in_sum([fine, fine])) == {"partitions": 2, "partitions failed": 0}
    assert in_sum([fine, mild]).severity is dg.AssetCheckSeverity.WARN
    summed = in_sum([fine, mild, severe])
    assert (summed.passed, summed.severity, summed.partition) == (False, dg.AssetCheckSeverity.ERROR, None)
    assert summed.description == "2 of 3 partitions: 2024-03-01; 2024-03-01"
    assert values(summed)["failed partitions"].count("2024-03-01") == 2
    assert {"failed", "total", "rate"}.isdisjoint(values(summed))  # Dagster plots them by name, of partitions
