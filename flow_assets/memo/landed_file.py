"""One landed file as it was looked at."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LandedFile:
    """One expected file of a source.

    Attributes:
        place: path or URL, as people are told.
        hash: sha256 of its bytes; None where it is missing, still being written, or cannot be read.
        is_missing: whether nothing has landed.
        problem: why it cannot be read.
    """

    place: str
    hash: str | None
    is_missing: bool = False
    problem: str | None = None
