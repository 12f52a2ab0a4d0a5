from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine

from flow_assets.ledger import Block, Claims, Holdings, Judgement, Publication, tables
from flow_assets.ledger import judgements as module
from flow_assets.ledger.database import transaction
from flow_assets.ledger.judgements import Check, Totals, Version

FOUND = Judgement("d", "a", "good", "rules", "", 10, "{}", 0, 0)


@pytest.fixture
def holdings(engine: Engine) -> Holdings:
    return Holdings(engine, "local")


def publish(engine: Engine, holdings: Holdings, *judgements: Judgement) -> None:
    with Claims(engine, "local") as claims:
        for found in judgements:
            claims.take(found.dataset, [found.partition])
            publication = Publication(
                found.dataset, found.partition, "computed", "", "k", found.content_hash, None, "h 1 e", 1, 1
            )
            holdings.publish([replace(publication, judgement=found)], "run", claims.owner.owner)


def block(engine: Engine, holdings: Holdings, found: Judgement) -> None:
    with Claims(engine, "local") as claims:
        claims.take(found.dataset, [found.partition])
        kept = Block(found.dataset, found.partition, "k", "{}", "h 1 e", None, "why", found)
        holdings.block([kept], "run", claims.owner.owner)


def current(holdings: Holdings, datasets: Sequence[str] = ("d",), since: str = "") -> list[tuple[str, str, bool]]:
    found = holdings.judgements.current_checks(datasets, since)
    return [(check.partition, check.content_hash, check.is_published) for check in found]


def test_the_last_check_of_what_is_published_or_else_of_what_is_kept_back(engine: Engine, holdings: Holdings) -> None:
    publish(engine, holdings, FOUND, replace(FOUND, partition="b"), replace(FOUND, dataset="e"))
    publish(engine, holdings, replace(FOUND, content_hash="better"))
    assert current(holdings) == [("b", "good", True), ("a", "better", True)]
    block(engine, holdings, replace(FOUND, partition="b", content_hash="bad", errors=1))
    assert current(holdings) == [("a", "better", True), ("b", "bad", False)]
    publish(engine, holdings, replace(FOUND, partition="b", content_hash="mended"))
    assert current(holdings) == [("a", "better", True), ("b", "mended", True)]
    assert current(holdings, ("e", "d"))[0] == ("a", "good", True)
    assert current(holdings, ("d",), "2999") == []
    assert [c.content_hash for c in holdings.judgements.current_checks(("d", "e"), most=1)] == ["mended"]
    assert current(Holdings(engine, "elsewhere")) == []


def test_totals_are_of_what_is_published_and_what_is_kept_back_now(engine: Engine, holdings: Holdings) -> None:
    assert holdings.judgements.totals() == {}
    publish(
        engine,
        holdings,
        replace(FOUND, errors=2, warnings=1),
        replace(FOUND, partition="b", warnings=3, quarantined=4),
        replace(FOUND, partition="c", quarantined=5),
    )
    block(engine, holdings, replace(FOUND, partition="c", content_hash="bad", errors=1, quarantined=9))
    block(engine, holdings, replace(FOUND, dataset="e", errors=1))
    assert holdings.judgements.totals() == {"d": Totals(1, 9, 1, 2), "e": Totals(1, 0, 0, 0)}
    assert holdings.judgements.broken("d") == ["a"]
    publish(engine, holdings, FOUND, replace(FOUND, dataset="e"))
    assert holdings.judgements.totals() == {"d": Totals(1, 9, 0, 1), "e": Totals()}
    assert holdings.judgements.broken("d") == []
    assert Holdings(engine, "elsewhere").judgements.totals() == {}


def test_a_rule_set_is_kept_once_and_what_is_said_of_it_can_change(holdings: Holdings) -> None:
    judgements, rules = holdings.judgements, [{"name": "x", "tolerance": 0.0}]
    judgements.keep_rule_set("d", "one", rules)
    judgements.keep_rule_set("d", "one", rules)
    judgements.keep_rule_set("d", "two", [])
    assert judgements.rule_sets(["one", "two", "three"]) == {"one": rules, "two": []}
    assert judgements.rule_counts(["one", "two", "three"]) == {"one": 1, "two": 0}
    assert isinstance(judgements.rule_sets(["one"])["one"][0]["tolerance"], float)  # a share, not a number of rows
    judgements.keep_rule_set("d", "one", [{**rules[0], "description": "why"}])
    assert judgements.rule_sets(["one"])["one"][0]["description"] == "why"


def test_what_was_judged_is_what_is_published(engine: Engine, holdings: Holdings) -> None:
    publish(engine, holdings, FOUND, replace(FOUND, partition="b"))
    publish(engine, holdings, replace(FOUND, dataset="e", rules="others"))
    judgements = holdings.judgements
    assert judgements.are_all_by("d", "rules")
    assert not judgements.are_all_by("d", "others")
    assert judgements.are_all_by("nothing", "rules")
    with transaction(engine) as connection:  # as a release does that knows nothing of judgements
        its = tables.holdings.update().where(tables.holdings.c.partition == "a", tables.holdings.c.dataset == "d")
        connection.execute(its.values(content_hash="newer"))
    assert not judgements.are_all_by("d", "rules")
    publish(engine, holdings, replace(FOUND, content_hash="newer", rules="others"))
    assert not judgements.are_all_by("d", "rules")


def test_of_many_checks_of_a_version_only_the_last_is_read(
    engine: Engine, holdings: Holdings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        publish(engine, holdings, replace(FOUND, key="k", rows=number), replace(FOUND, key="l", content_hash="other"))
    read: list[Check] = []

    def check(*fields: Any) -> Check:
        read.append(Check(*fields))
        return read[-1]

    monkeypatch.setattr(module, "Check", check)
    check.__dataclass_fields__ = Check.__dataclass_fields__  # type: ignore[attr-defined]
    latest = holdings.judgements.latest("d", ["a", "b"])
    assert {version: found.rows for version, found in latest.items()} == {
        Version("a", "k", "good"): 3,
        Version("a", "l", "other"): 10,
    }
    assert len(read) == 2
