"""Texts made fit to be read: on one line, cut to a length, lists, and numbers with their nouns."""

from collections.abc import Sequence

_LISTED = 3
_LONGEST_LINE = 500
_LONGEST_TITLE = 240
_LONGEST_WORD = 80


def listed(texts: Sequence[str], most: int = _LISTED, between: str = ", ") -> str:
    """The first few, and how many more there are: `a, b, c and 2 more`."""
    more = f" and {len(texts) - most} more" if len(texts) > most else ""
    return between.join(texts[:most]) + more


def counted(number: int, noun: str) -> str:
    """A number with its noun: `1 run`, `3 runs`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def titled(text: str, longest: int = _LONGEST_TITLE) -> str:
    """A title on one line, and not too long for a channel."""
    return shortened(one_line(text), longest)


def one_line(text: str) -> str:
    """In one line, and without characters that cannot be seen."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def first_line(said: object, longest: int = _LONGEST_LINE) -> str:
    """The first line of a message that says something, with at most so many characters."""
    return shortened(next((line.strip() for line in str(said).splitlines() if line.strip()), ""), longest)


def shortened(text: str, longest: int) -> str:
    """At most so many characters, cut between words; three dots stand for what is left out.

    Only a word of more than 80 characters, which is no name, is cut itself.
    """
    if len(text) <= longest:
        return text
    kept = text[: longest - 3]
    end = max(kept.rfind(" "), kept.rfind("\n"))
    if end > max(0, len(kept) - _LONGEST_WORD) and not text[len(kept)].isspace():
        kept = kept[:end]
    return f"{kept.rstrip(' ,;:' + chr(10))}..."
