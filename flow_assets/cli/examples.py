"""Examples below the help of a command; apart from `console`, which each command would import otherwise."""

from collections.abc import Sequence


def examples_text(examples: Sequence[str]) -> str:
    """Some command lines, as help shows them."""
    return "\n".join(("Examples:", *(f"  {example}" for example in examples)))
