import json
import time

import pytest

from flow_assets.insight.scores import RuleScore, count, dimension_scores, over_datasets, overall
from flow_assets.ledger.judgements import Check

RULES = {
    "book": [
        {"digest": "n", "name": "x_not_null", "dimension": "completeness", "severity": "warn", "tolerance": 0.5},
        {"digest": "c", "name": "hours_complete", "dimension": "completeness", "severity": "error", "tolerance": 1},
        {"digest": "d", "name": "x_ks", "dimension": "accuracy", "severity": "warn", "tolerance": 0},
    ],
    "later": [{"digest": "n", "name": "x_not_null", "dimension": "completeness", "severity": "error", "tolerance": 0}],
}
RULE_SETS = {
    digest: [{**rule, "quarantine": False, "text": "", "description": ""} for rule in rules]
    for digest, rules in RULES.items()
}


def check(partition: str, results: dict, rules: str = "book", at: str = "1", dataset: str = "d") -> Check:
    return Check(dataset, partition, "hash", rules, "", 100, json.dumps(results), 0, 0, 0, True, at, "run")


def counted(*checks: Check) -> dict[str, RuleScore]:
    return {score.rule.name: score for score in count(checks, RULE_SETS, lambda dataset, partition: partition[0])}


def test_what_fails_is_summed_over_partitions_and_periods() -> None:
    found = counted(
        check("a1", {"n": [10, 100], "c": [1, 24]}),
        check("a2", {"n": [60, 100], "c": [2, 24]}),
        check("b1", {"n": [0, 300], "c": [2, 4]}),
    )
    nulls, hours = found["x_not_null"], found["hours_complete"]
    assert (nulls.failed, nulls.total, nulls.partitions, nulls.score) == (70, 500, 3, pytest.approx(0.86))
    assert nulls.periods == {"a": (70, 200), "b": (0, 300)}
    assert (nulls.broken, nulls.worst, nulls.worst_share) == (["a2"], "a2", 0.6)  # half is tolerated
    assert (hours.broken, hours.worst, hours.worst_share) == (["a2", "b1"], "b1", 0.5)  # one is tolerated


def test_a_rule_against_history_that_had_none_does_not_count() -> None:
    found = counted(check("a1", {"d": [0, 1, "", [], False]}), check("a2", {"d": [1, 1, "ks 0.7", ["a1", "a1"], True]}))
    drift = found["x_ks"]
    assert (drift.failed, drift.total, drift.partitions, drift.broken) == (1, 1, 1, ["a2"])
    assert (drift.worst, drift.worst_measured) == ("a2", "ks 0.7")


def test_nothing_looked_at_is_no_score() -> None:
    score = counted(check("a1", {"n": [0, 0]}))["x_not_null"]
    assert (score.score, score.failing, score.worst) == (None, 0.0, None)
    assert dimension_scores([score]) == {}
    assert overall({}) is None


def test_a_rule_is_shown_as_it_was_last_and_partitions_are_judged_by_the_rules_of_their_time() -> None:
    checks = check("a1", {"n": [10, 100]}, "later", at="2"), check("a2", {"n": [10, 100]}, "book", at="1")
    score = counted(*checks)["x_not_null"]
    assert (score.rule.severity, score.checked_at, score.broken) == ("error", "2", ["a1"])
    assert (score.failed, score.partitions) == (20, 2)


def test_checks_by_rules_that_are_not_known_are_left_out() -> None:
    assert counted(check("a1", {"n": [10, 100]}, "forgotten")) == {}


def test_each_rule_of_a_dimension_weighs_the_same_and_so_does_each_dataset() -> None:
    scores = list(
        count(
            [
                check("a1", {"n": [50, 1000], "c": [6, 24], "d": [1, 1]}),
                check("b1", {"n": [0, 10]}),
                check("a1", {"n": [10, 10]}, dataset="e"),
            ],
            RULE_SETS,
            lambda dataset, partition: partition[0],
        )
    )
    found = dimension_scores(scores)
    assert found["d"]["completeness"] == pytest.approx((960 / 1010 + 0.75) / 2)
    assert found["d"]["accuracy"] == 0
    assert found["e"] == {"completeness": 0}
    assert over_datasets(found)["completeness"] == pytest.approx(found["d"]["completeness"] / 2)
    assert overall(found["d"]) == pytest.approx(found["d"]["completeness"] / 2)
    assert dimension_scores(scores, "b") == {"d": {"completeness": 1}}


def test_a_year_of_thirteen_datasets_is_counted_in_a_fraction_of_a_second() -> None:
    rules = [{**RULE_SETS["book"][0], "digest": f"r{n}", "name": f"rule_{n}"} for n in range(25)]
    results = {f"r{n}": [n % 2, 900] for n in range(25)}
    checks = [check(f"{day % 53:02} {day}", results, dataset=f"d{n}") for n in range(9) for day in range(365)]
    start = time.process_time()
    scores = count(checks, {"book": rules}, lambda dataset, partition: partition[:2])
    assert time.process_time() - start < 1.5  # 0.25 seconds on a machine of two cores
    assert len(scores) == 9 * 25
    assert {(score.failed, score.total) for score in scores} == {(0, 365 * 900), (365, 365 * 900)}
