"""Which partitions must be checked again, because their rules changed or what those refer to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from flow_assets.declaration import UNPARTITIONED, Dataset
from flow_assets.ledger import Holding
from flow_assets.ledger.judgements import Blocked, Judgements
from flow_assets.memo.reads import InputState, all_text
from flow_assets.memo.rule_book import RuleBook

StateOf = Callable[[str], InputState]


@dataclass(frozen=True)
class Review:
    """What the ledger says of a dataset's checks, beside its rules as they are.

    Attributes:
        unjudged: partitions of which what is published was not judged by these rules.
        blocked: partition to the version of it that is kept back.
        to_review: those of them that were not judged by these rules.
    """

    unjudged: frozenset[str] = frozenset()
    blocked: Mapping[str, Blocked] = field(default_factory=dict)
    to_review: frozenset[str] = frozenset()


class Reviewer:
    """Compares what partitions were judged by with what they would be judged by now."""

    def __init__(self, judgements: Judgements) -> None:
        self.judgements = judgements

    def review(self, dataset: Dataset, book: RuleBook, held: Mapping[str, Holding], state: StateOf) -> Review:
        """What must be looked at again, for all partitions of `dataset`."""
        blocked = self.judgements.blocked(dataset.name)
        referred = Referred(dataset, book, state)
        to_review = {p for p, block in blocked.items() if (block.rules, block.referred) != (book.digest, referred(p))}
        return Review(self._unjudged(dataset.name, book, held, referred), blocked, frozenset(to_review))

    def _unjudged(
        self, name: str, book: RuleBook, held: Mapping[str, Holding], referred: Callable[[str], str]
    ) -> frozenset[str]:
        if not book.referred and self.judgements.are_all_by(name, book.digest):
            return frozenset()
        standings = self.judgements.standings(name)
        judged = {p: (s.content_hash, s.rules, s.referred) for p, s in standings.items()}
        return frozenset(
            p for p, holding in held.items() if judged.get(p) != (holding.content_hash, book.digest, referred(p))
        )


class Referred:
    """What the rules of a dataset refer to, as one text a partition; empty where they refer to nothing."""

    def __init__(self, dataset: Dataset, book: RuleBook, state: StateOf) -> None:
        self._states = [state(name) for name in book.referred]
        self._is_same = [s.keys != (UNPARTITIONED,) and s.keys == _keys(dataset, state) for s in self._states]
        self._whole = ["" if is_same else all_text(s) for s, is_same in zip(self._states, self._is_same, strict=True)]

    def __call__(self, partition: str) -> str:
        """What the rules refer to when they are about `partition`."""
        texts = zip(self._states, self._is_same, self._whole, strict=True)
        return ",".join(state.text(partition) if is_same else whole for state, is_same, whole in texts)

    def partitions(self, partition: str) -> dict[str, tuple[str, ...]]:
        """Dataset to those of its partitions that are there and referred to."""
        return {
            state.name: tuple(key for key in ((partition,) if is_same else state.keys) if key in state.contents)
            for state, is_same in zip(self._states, self._is_same, strict=True)
        }


def _keys(dataset: Dataset, state: StateOf) -> tuple[str, ...]:
    return state(dataset.name).keys
