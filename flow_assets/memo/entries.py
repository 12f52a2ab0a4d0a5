"""What is planned for one partition, and the cause of it."""

from enum import StrEnum
from typing import NamedTuple


class Action(StrEnum):
    """What the plan says of a partition."""

    REUSE = "reuse"
    RESTORE = "restore"
    COMPUTE = "compute"
    CHECK = "check"
    WAIT = "wait"
    HOLD = "hold"


class Because(StrEnum):
    """The kinds of cause; words for people are made of them in `explain`."""

    UNCHANGED = "unchanged"
    RECOVERED = "recovered"
    IN_STORE = "in store"
    KEY_CHANGED = "key changed"
    INPUT_PENDING = "input pending"
    FORCED = "forced"
    LOST = "lost"
    NOT_LANDED = "not landed"
    STILL_WRITTEN = "still written"
    UNREADABLE = "unreadable"
    SOURCE_GONE = "source gone"
    INPUT_WAITS = "input waits"
    INPUT_HELD = "input held"
    INPUT_ABSENT = "input absent"
    FAILED_BEFORE = "failed before"
    BLOCKED = "blocked"
    RULES_CHANGED = "rules changed"
    REVIEWED = "reviewed"


RETRIED = "is tried again, though nothing has changed since it was blocked"


class PlanEntry(NamedTuple):
    """What is to be done with one partition.

    Attributes:
        key: None while the content of an input is not known yet.
        detail: what the cause is about: an input as `(dataset, partition)`, a path, or a message.
        inputs: the inputs of the key, as JSON texts; empty where nothing is to be done.
        source_hash: sha256 of the landed file, if the dataset has a source.
    """

    dataset: str
    partition: str
    action: Action
    because: Because
    key: str | None = None
    detail: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    source_hash: str | None = None

    @property
    def asks_for_a_run(self) -> bool:
        """Whether there is something to do, if only to say that what was in trouble is as it should be again."""
        return self.action in _WORK or self.because is Because.RECOVERED


_WORK = (Action.COMPUTE, Action.RESTORE, Action.CHECK)
