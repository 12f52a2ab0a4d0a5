import pytest
from sqlalchemy import Engine

from flow_assets.ledger import Block, Claims, Failure, Holdings, Judgement, Publication
from flow_assets.ledger import holdings as module

BEFORE, LOOKED, AFTER = (
    "2026-01-01T00:00:00.000+00:00",
    "2026-01-01T00:00:01.000+00:00",
    "2026-01-01T00:00:02.000+00:00",
)


class Ledger:
    """Writes about partition `a` of dataset `d`, at a time and for a run of one's choice."""

    def __init__(self, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
        self._engine = engine
        self._monkeypatch = monkeypatch
        self.holdings = Holdings(engine, "local")

    def publish(self, at: str, run: str) -> None:
        publication = Publication("d", "a", "computed", "", f"key of {run}", "content", None, "h 1 e", 1, 1)
        with self._claims(at) as claims:
            self.holdings.publish([publication], run, claims.owner.owner)

    def block(self, at: str, run: str) -> None:
        found = Judgement("d", "a", "bad", "rules", "", 1, "{}", 1, 0)
        kept = Block("d", "a", f"key of {run}", "{}", "h 1 e", None, "why", found)
        with self._claims(at) as claims:
            self.holdings.block([kept], run, claims.owner.owner)

    def fail(self, at: str, run: str) -> None:
        failure = Failure("d", "a", f"key of {run}", "ComputeError", "it broke", is_retryable=False)
        with self._claims(at) as claims:
            self.holdings.fail([failure], run, claims.owner.owner)

    def left(self) -> tuple[int, int, int]:
        """Troubles, failures and blocks."""
        holdings = self.holdings
        return len(holdings.troubles("d")), len(holdings.failures("d")), len(holdings.judgements.blocked("d"))

    def _claims(self, at: str) -> Claims:
        self._monkeypatch.setattr(module, "now_text", lambda: at)
        claims = Claims(self._engine, "local")
        claims.take("d", ["a"])
        return claims


@pytest.fixture
def ledger(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Ledger:
    return Ledger(engine, monkeypatch)


@pytest.mark.parametrize(("end", "left"), [("block", (1, 0, 1)), ("fail", (1, 1, 0)), ("publish", (1, 0, 0))])
def test_whatever_is_written_is_a_trouble_from_then_on(ledger: Ledger, end: str, left: tuple[int, int, int]) -> None:
    getattr(ledger, end)(BEFORE, "run")
    assert ledger.left() == left


@pytest.mark.parametrize("end", ["block", "fail", "publish"])
def test_what_ended_before_a_run_looked_is_over_once_it_is_right(ledger: Ledger, end: str) -> None:
    ledger.publish(BEFORE, "first")
    getattr(ledger, end)(BEFORE, "second")
    ledger.holdings.end_troubles("d", ["a"], "third", LOOKED)
    assert ledger.left() == (0, 0, 0)


@pytest.mark.parametrize(("end", "left"), [("block", (1, 0, 1)), ("fail", (1, 1, 0)), ("publish", (1, 0, 0))])
def test_what_another_run_came_to_meanwhile_stays(ledger: Ledger, end: str, left: tuple[int, int, int]) -> None:
    ledger.publish(AFTER, "mine")
    getattr(ledger, end)(AFTER, "another")
    ledger.holdings.end_troubles("d", ["a"], "mine", LOOKED)
    assert ledger.left() == left
    ledger.holdings.end_troubles("d", ["a"], "another", AFTER)
    assert ledger.left() == (0, 0, 0)


def test_what_a_run_published_itself_is_over_once_it_is_told(ledger: Ledger) -> None:
    ledger.publish(AFTER, "mine")
    ledger.holdings.end_troubles("d", ["a"], "mine", LOOKED)
    assert ledger.left() == (0, 0, 0)


def test_what_is_held_is_noted_once(ledger: Ledger) -> None:
    ledger.holdings.note_troubles("d", ["a", "b"], "first")
    ledger.holdings.note_troubles("d", ["b"], "second")
    assert ledger.holdings.troubles("d") == {"a", "b"}
    ledger.holdings.end_troubles("d", ["a", "b"], "third", LOOKED)
    assert ledger.left() == (0, 0, 0)
