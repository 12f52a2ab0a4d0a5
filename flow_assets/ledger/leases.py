"""Who is sending what at the moment: a lease that a dead process loses at once, whatever the clocks say."""

import json
import time
from dataclasses import asdict, dataclass
from typing import Self

from flow_assets.ledger.claims import Owner

LEASE_SECONDS = 600.0
"""Longer than any attempt to send takes, and than the ledger is waited for afterwards."""


@dataclass(frozen=True)
class Lease:
    """The right to send one delivery.

    Attributes:
        owner: the process that has it.
        until: its end for other hosts, Unix time in seconds.
        deadline: its end on the owner's host, on the clock that nobody can set.
    """

    owner: Owner
    until: float
    deadline: float

    @classmethod
    def of(cls, owner: Owner, now: float) -> Self:
        """A new one."""
        return cls(owner, now + LEASE_SECONDS, time.monotonic() + LEASE_SECONDS)

    @classmethod
    def parse(cls, text: str) -> Self:
        """From what `str` gave."""
        said = json.loads(text)
        return cls(Owner(**said["owner"]), said["until"], said["deadline"])

    def __str__(self) -> str:
        return json.dumps(asdict(self))

    def holds(self, now: float) -> bool:
        """Whether its owner may still be sending.

        A lease that would end later than any can was taken by a clock that has been set back since.
        """
        if (is_running := self.owner.is_running) is None:
            return now < self.until <= now + 2 * LEASE_SECONDS
        return is_running and time.monotonic() < self.deadline
