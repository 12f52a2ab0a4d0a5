"""What a dataset's function asks for: each parameter's annotation says how it is filled."""

import inspect
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import BaseModel

from flow_assets.declaration.context import PartitionContext
from flow_assets.errors import DefinitionError, sentence


class Frame(StrEnum):
    """The kinds of frame a function may take, chosen by a parameter's annotation."""

    DUCKDB = "duckdb.DuckDBPyRelation"
    PANDAS = "pandas.DataFrame"
    ARROW = "pyarrow.Table"


_FRAMES = {frame.value: frame for frame in Frame}


@dataclass(frozen=True)
class Signature:
    """The parameters of a dataset's function, by what fills them.

    Attributes:
        location: file and line of the function, as people are told.
        frames: parameter name to the kind of frame it takes.
        config: name of the parameter that takes the config, and its pydantic model.
        context: name of the parameter that takes the `PartitionContext`.
    """

    location: str
    frames: Mapping[str, Frame]
    config: tuple[str, type[BaseModel]] | None
    context: str | None

    @classmethod
    def of(cls, function: Callable[..., Any]) -> "Signature":
        """Read the signature of `function`.

        Raises:
            DefinitionError: a parameter's annotation is missing, cannot be resolved or is of no known kind.
        """
        original = inspect.unwrap(function)
        location = f"{inspect.getsourcefile(original)}:{original.__code__.co_firstlineno}"
        annotations = _annotations(function, location)
        frames = {p: _FRAMES[_qualified(t)] for p, t in annotations.items() if _qualified(t) in _FRAMES}
        configs = [(p, t) for p, t in annotations.items() if isinstance(t, type) and issubclass(t, BaseModel)]
        contexts = [p for p, t in annotations.items() if t is PartitionContext]
        unknown = set(annotations) - {*frames, *contexts, *(p for p, _ in configs)}
        if unknown:
            raise DefinitionError(
                f"{location}: parameter {listed(unknown)} must be annotated with a frame ({listed(Frame)}), "
                "`PartitionContext` or a pydantic model."
            )
        if len(configs) > 1 or len(contexts) > 1:
            raise DefinitionError(f"{location}: at most one parameter may take the config, and one the context.")
        return cls(location, frames, next(iter(configs), None), next(iter(contexts), None))


def listed(names: Iterable[str]) -> str:
    """Names as a message shows them."""
    return ", ".join(f"`{n}`" for n in sorted(names))


def _annotations(function: Callable[..., Any], location: str) -> dict[str, Any]:
    try:
        hints = typing.get_type_hints(function)
    except (NameError, AttributeError, TypeError) as error:
        raise DefinitionError(sentence(f"{location}: annotation cannot be resolved: {error}")) from error
    return {p: hints.get(p) for p in inspect.signature(function).parameters}


def _qualified(annotation: Any) -> str:
    """Distribution and name of a class, whichever private module of the distribution it lies in."""
    package = getattr(annotation, "__module__", "").partition(".")[0].lstrip("_")
    return f"{package}.{getattr(annotation, '__qualname__', '')}"
