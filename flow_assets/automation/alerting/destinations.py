"""A place to which alerts are delivered."""

from dataclasses import dataclass, field
from typing import Protocol

from flow_assets.automation.alerting.notices import Notice

DAY_SECONDS = 86_400.0


class Sender(Protocol):
    """Reaches one place in one way."""

    @property
    def kind(self) -> str:
        """What people call it: `slack`, `json`, `alertmanager`."""

    @property
    def refresh_seconds(self) -> float | None:
        """How soon an alert that is still open must be sent again, because the place forgets; None if it does not.

        Sending again tells nobody anything new there.
        """

    def send(self, notice: Notice) -> None:
        """Send, within a bounded time.

        Raises:
            DeliveryError: the place did not take it.
        """


@dataclass(frozen=True)
class Destination:
    """A place, and how it wants to be told. Printing one shows no secret.

    Attributes:
        name: what the file of routes calls it; it identifies the place for as long as it keeps that name.
        sender: how it is reached.
        cooldown_seconds: an alert that stays open is told again no sooner than this.
        wants_resolved: whether it is told that an alert is over.
    """

    name: str
    sender: Sender = field(repr=False)
    cooldown_seconds: float = DAY_SECONDS
    wants_resolved: bool = True

    @property
    def kind(self) -> str:
        """What people call the way it is reached."""
        return self.sender.kind

    @property
    def refresh_seconds(self) -> float | None:
        """See `Sender.refresh_seconds`."""
        return self.sender.refresh_seconds

    def send(self, notice: Notice) -> None:
        """Send, within a bounded time.

        Raises:
            DeliveryError: the place did not take it; the message shows no secret.
        """
        self.sender.send(notice)
