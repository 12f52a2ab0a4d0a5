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
        """Everything the code refers to, in the order of its names.

        Raises:
            Unfollowable: the code looks names up in a way that cannot be foreseen.
        """
        edges = [edge for reference in found.names.values() for edge in self._named(reference)]
        edges += [edge for reference in found.imported.values() for edge in self._imported(reference)]
        texts = [*found.texts, *(edge.target for edge in edges if isinstance(edge.target, str))]
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
            target, known_as = getattr(builtins, name, UNDEFINED), ""
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
            _refuse_dynamic(step.target)
            if not isinstance(step.target, ModuleType):
                yield Edge(step.label, step.target, step.line, step.known_as)
                yield from _subclasses(step)
                return
            if not step.rest:
                yield Edge(step.label, self._whole(step.target), step.line, step.known_as)
                return
            following = step.taken()
            place = self.territory.place_of_module(step.target)
            _refuse_dynamic(following.target)
            if place and not place.is_followed and not isinstance(following.target, ModuleType):
                if any(following.target is importer for importer in _IMPORTERS) and is_import:
                    return
                yield Edge(following.label, place.outside(following.known_as), step.line, following.known_as)
                return
            step = following

    def _whole(self, module: ModuleType) -> object:
        place = self.territory.place_of_module(module)
        return module if place is None or place.is_followed else place.outside(module.__name__)

    def _in_texts(self, texts: Iterable[str]) -> Iterator[Edge]:
        """Variables that a query names: `@limit` for pandas, a frame by its name for DuckDB."""
        for text in texts:
            for at, word in re.findall(r"(@?)\b([^\W\d]\w*)", text):
                value = self.cells.get(word, self.module_globals.get(word, UNDEFINED))
                is_frame = type(value).__module__.partition(".")[0] in _FRAMES
                if value is not UNDEFINED and (at or is_frame) and not isinstance(value, type | ModuleType):
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
        value = Outside("builtin", name) if name in _CHECKOUT_NAMES else getattr(self.target, name, UNDEFINED)
        return _Step(value, (*self.path, name), tuple(rest), self.line, f"{self.target.__name__}.{name}")


def _below(outside: Any, name: str) -> Any:
    return Outside(outside.kind, f"{outside.name}.{name}", outside.distribution)


def _refuse_dynamic(target: object) -> None:
    if name := _DYNAMIC_NAMES.get(id(target)):
        raise Unfollowable(f"it uses `{name}`, which may refer to anything")


def _subclasses(step: _Step) -> Iterator[Edge]:
    """What `Base.__subclasses__()` finds."""
    if not (isinstance(step.target, type) and "__subclasses__" in step.rest):
        return
    found: list[type] = step.target.__subclasses__()
    for cls in sorted(found, key=operator.attrgetter("__module__", "__qualname__")):
        yield Edge(f"{step.label}.__subclasses__ {cls.__qualname__}", cls, step.line)
