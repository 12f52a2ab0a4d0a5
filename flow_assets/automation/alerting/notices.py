"""What a destination is given to send."""

from dataclasses import dataclass

from flow_assets.ledger.findings import Alert, Transition


@dataclass(frozen=True)
class Notice:
    """Something to be told of an alert.

    Attributes:
        alert: as it is now.
        transition: what happened to it; a resolution also tells of the opening, where that could not be told.
        at: when, Unix time in seconds.
        expires_at: when it no longer holds unless told again; None where it holds until it is resolved.
        key: the same at each attempt to deliver it, and no other's at that destination.
    """

    alert: Alert
    transition: Transition
    at: float
    expires_at: float | None = None
    key: str = ""
