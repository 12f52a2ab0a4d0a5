"""Which object does a name mean, where the code runs?"""

import builtins
import importlib
import importlib.util
import inspect
import operator
import re
import runpy
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from flow_assets.memo.fingerprint.packages import Place, Territory
from flow_assets.memo.fingerprint.part import UNDEFINED, Edge, Outside, Unfollowable
from flow_assets.memo.fingerprint.references import ImportedReference, Reference, References
from flow_assets.memo.fingerprint.scopes import Import

_IMPORTERS: tuple[Callable[..., Any], ...] = (importlib.import_module, builtins.__import__)
_DYNAMIC: tuple[Any, ...] = (
    *_IMPORTERS,
    *(builtins.eval, builtins.exec, builtins.globals, sys.modules, sys._getframe),
    *(inspect.currentframe, inspect.stack, runpy.run_path, runpy.run_module),
)
_DYNAMIC_NAMES = {id(found): getattr(found, "__qualname__", "sys.modules") for found in _DYNAMIC}
_CHECKOUT_NAMES = {"__file__", "__path__", "__spec__", "__loader__", "__cached__", "__builtins__"}
_FRAMES = ("pandas", "pyarrow", "polars", "duckdb", "numpy", "_duckdb")


@dataclass(frozen=True)
class NameSpace:
    """The names that a piece of code sees.

    Attributes:
        cells: variables of enclosing functions, by name.
    """

    module_globals: Mapping[str, Any]
    cells: Mapping[str, Any]
    territory: Territory

    @property
    def module_name(self) -> str:
        """Name of the module the code belongs to."""
        return str(self.module_globals.get("__name__", ""))

    def edges(self, found: References) -> tuple[Edge, ...]:
        """Everything the code refers to, in the order of its names."""
        edges = [edge for reference in found.names.values() for edge in self._named(reference)]
        edges += [edge for reference in found.imported.values() for edge in self._imported(reference)]
        named = {name for name, *_ in (reference.chain for reference in found.names.values())}
        edges += [Edge(name, value) for name, value in self.cells.items() if name not in named]
        texts = [*sorted(found.texts), *(text for edge in edges for text in _texts(edge.target))]
        known = {edge.label for edge in edges}
        edges += [edge for edge in self._in_texts(texts) if edge.label not in known]
        unique = {(edge.label, id(edge.target)): edge for edge in edges}
        return tuple(sorted(unique.values(), key=lambda edge: edge.label))

    def _named(self, reference: Reference) -> Iterator[Edge]:
        name = reference.chain[0]
        if name in _CHECKOUT_NAMES and name not in self.cells:
            yield Edge(name, Outside("builtin", name), reference.line)
            return
        known_as = f"{self.module_name}.{name}"
        if name in self.cells:
            target = self.cells[name]
        elif name in self.module_globals:
            target = self.module_globals[name]
        else:
            target, known_as = getattr(builtins, name, UNDEFINED), f"builtins.{name}"
        if any(target is importer for importer in _IMPORTERS) and reference.is_import:
            return
        yield from self._attributes(
            _Step(target, (name,), reference.chain[1:], reference.line, known_as), reference.is_import
        )

    def _imported(self, reference: ImportedReference) -> Iterator[Edge]:
        target = self._import(reference.origin)
        if reference.is_statement and isinstance(target, ModuleType):
            return
        *_, last = reference.label.split(".")[: -len(reference.chain) or None]
        known_as = target.__name__ if isinstance(target, ModuleType) else ""
        yield from self._attributes(_Step(target, (last,), reference.chain, reference.line, known_as))

    def _import(self, origin: Import) -> Any:
        name = origin.module
        if origin.level:
            parts = str(self.module_globals.get("__package__") or self.module_name).split(".")
            name = ".".join([*parts[: len(parts) - origin.level + 1], *filter(None, [name])])
        top = name.partition(".")[0]
        if origin.name is None and origin.binds_top:
            return self._module(name) and self._module(top)
        module = self._module(name)
        if origin.name is None or isinstance(module, Outside | type(UNDEFINED)):
            return module if origin.name is None or module is UNDEFINED else _below(module, origin.name)
        if hasattr(module, origin.name):
            place = self.territory.place_of_module(module)
            value = getattr(module, origin.name)
            if place is None or place.is_followed or isinstance(value, ModuleType):
                return value
            return place.outside(f"{module.__name__}.{origin.name}")
        return self._module(f"{name}.{origin.name}")

    def _module(self, name: str) -> Any:
        """A module; one of ours is imported, another only if it is already."""
        if name in sys.modules:
            return sys.modules[name]
        try:
            spec = importlib.util.find_spec(name.partition(".")[0])
            file = spec and (spec.origin or next(iter(spec.submodule_search_locations or ()), None))
            place = self.territory.place_of_file(str(file)) if file else None
            if spec is None or (place is None and name.partition(".")[0] not in sys.stdlib_module_names):
                return UNDEFINED
            if place is None or not place.is_followed:
                return (place or Place("stdlib")).outside(name)
            return importlib.import_module(name)
        except (ImportError, ValueError):
            return UNDEFINED

    def _attributes(self, step: "_Step", is_import: bool = False) -> Iterator[Edge]:
        while True:
            if not isinstance(step.target, ModuleType):
                yield Edge(step.label, step.target, step.line, step.known_as)
                yield from _subclasses(step)
                return
            if not step.rest:
                yield Edge(step.label, self._whole(step.target), step.line, step.known_as)
                return
            following = step.taken()
            place = self.territory.place_of_module(step.target)
            if place and not place.is_followed and not isinstance(following.target, ModuleType):
                yield from self._outside(following, place, is_import)
                return
            step = following

    def _outside(self, step: "_Step", place: Place, is_import: bool) -> Iterator[Edge]:
        """An attribute of a module that is not followed."""
        if any(step.target is importer for importer in _IMPORTERS) and is_import:
            return
        target = step.target if dynamic_name(step.target) else place.outside(step.known_as)
        yield Edge(step.label, target, step.line, step.known_as)

    def _whole(self, module: ModuleType) -> object:
        place = self.territory.place_of_module(module)
        return module if place is None or place.is_followed else place.outside(module.__name__)

    def _in_texts(self, texts: Iterable[str]) -> Iterator[Edge]:
        """Variables that a query names: `@limit` for pandas, a frame by its name for DuckDB."""
        for text in texts:
            for at, word in re.findall(r"(@?)\b([^\W\d]\w*)", text):
                value = self.cells.get(word, self.module_globals.get(word, UNDEFINED))
                if value is not UNDEFINED and (at or _is_frame(value)):
                    yield Edge(word, value, 0, f"{self.module_name}.{word}")


@dataclass(frozen=True)
class _Step:
    """How far a chain has been resolved."""

    target: Any
    path: tuple[str, ...]
    rest: tuple[str, ...]
    line: int
    known_as: str

    @property
    def label(self) -> str:
        return ".".join(self.path)

    def taken(self) -> "_Step":
        name, *rest = self.rest
        try:
            value = Outside("builtin", name) if name in _CHECKOUT_NAMES else getattr(self.target, name, UNDEFINED)
        except Exception as error:
            raise Unfollowable(f"looking up {name} in {self.target.__name__} failed ({error!r})") from error
        return _Step(value, (*self.path, name), tuple(rest), self.line, f"{self.target.__name__}.{name}")


def _below(outside: Any, name: str) -> Any:
    return Outside(outside.kind, f"{outside.name}.{name}", outside.distribution)


def _texts(value: object) -> Iterator[str]:
    """The texts in a constant, such as a dict of queries."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list | tuple):
        yield from (text for text in (value.values() if isinstance(value, dict) else value) if isinstance(text, str))


def _is_frame(value: object) -> bool:
    """Whether DuckDB can read a variable as a table."""
    if isinstance(value, dict | list):
        return any(_is_frame(element) for element in (value.values() if isinstance(value, dict) else value))
    return type(value).__module__.partition(".")[0] in _FRAMES and not isinstance(value, type)


def dynamic_name(target: object) -> str | None:
    """Name of a function that looks names up in a way that cannot be foreseen; None for anything else."""
    return _DYNAMIC_NAMES.get(id(target))


def _subclasses(step: _Step) -> Iterator[Edge]:
    """What `Base.__subclasses__()` finds."""
    if not (isinstance(step.target, type) and "__subclasses__" in step.rest):
        return
    found: list[type] = step.target.__subclasses__()
    for cls in sorted(found, key=operator.attrgetter("__module__", "__qualname__")):
        yield Edge(f"{step.label}.__subclasses__ {cls.__qualname__}", cls, step.line)
