"""What a class consists of, and what it refers to.

Its statement holds the fields, with their annotations, and the methods; names in it are followed. What the statement
cannot tell is read off the class: bases made by calls, values computed at import, attributes set from outside.
"""

import abc
import dataclasses
import enum
import functools
import sys
import types
import typing
from collections.abc import Iterator
from typing import Any

from flow_assets.memo.fingerprint.functions import cells, is_importable, place_of_function
from flow_assets.memo.fingerprint.packages import Territory
from flow_assets.memo.fingerprint.part import Edge, Part, Unfollowable
from flow_assets.memo.fingerprint.resolve import NameSpace
from flow_assets.memo.fingerprint.scopes import bindings
from flow_assets.memo.fingerprint.source import Code, class_code

_WRAPPERS = (
    staticmethod,
    classmethod,
    property,
    functools.cached_property,
    functools.partialmethod,
    functools.singledispatchmethod,
)
_PLAIN = (
    int,
    float,
    complex,
    str,
    bytes,
    bytearray,
    tuple,
    list,
    dict,
    set,
    frozenset,
    range,
    types.NoneType,
    types.MappingProxyType,
)
_DESCRIPTORS = (types.MemberDescriptorType, types.GetSetDescriptorType)
_FOLLOWED = (*_PLAIN, types.FunctionType, types.MethodType, types.ModuleType, functools.partial)


def describe_class(cls: type, territory: Territory, ignored_decorators: tuple[str, ...]) -> Part:
    """A class with its bases, its statement's references, and the values of its attributes.

    Raises:
        Unfollowable: it has no source, or its source is not what was loaded.
    """
    name = f"{cls.__module__}.{cls.__qualname__}"
    place = territory.place_of_module(cls.__module__)
    if place is None:
        raise Unfollowable(f"class {name} belongs to no module that is loaded")
    is_made_by_call = cls.__module__ == "types" and not is_importable(cls, "types", cls.__qualname__)
    if not place.is_followed and not is_made_by_call:
        kind = "builtin" if cls.__module__ == "builtins" else place.kind
        return Part(kind, name, "", (), cls.__qualname__, distribution=place.distribution)
    module = sys.modules[cls.__module__]
    statements = [] if is_made_by_call else class_code(cls, module, ignored_decorators)
    edges = _edges(cls, module, territory, statements) if statements else _dynamic(cls)
    return Part(
        "class",
        name,
        "\n\n".join(sorted({statement.source for statement in statements})),
        (*_bases(cls), *edges),
        own_name=cls.__qualname__,
        is_shared=True,
        file=territory.relative(getattr(module, "__file__", "") or ""),
        line=statements[0].lines[0] if statements else 0,
    )


def _bases(cls: type) -> Iterator[Edge]:
    for position, base in enumerate(cls.__bases__):
        if base is not object:
            yield Edge(f"base {position}", base)
    if type(cls) is not type:
        yield Edge("metaclass", type(cls))


def _edges(cls: type, module: types.ModuleType, territory: Territory, statements: list[Code]) -> tuple[Edge, ...]:
    own = _Statements(cls, getattr(module, "__file__", None), tuple(statements), territory)
    names = NameSpace(vars(module), own.cells(), territory)
    found = {edge.label: edge for statement in statements for edge in names.edges(statement.references)}
    return (*found.values(), *_members(cls, is_optional=True), *own.values())


def _members(cls: type, is_optional: bool) -> Iterator[Edge]:
    if issubclass(cls, enum.Enum):
        members = [(name, member._value_) for name, member in cls.__members__.items()]
        yield Edge("members", members, is_optional=is_optional)


@dataclasses.dataclass(frozen=True)
class _Statements:
    """A class with the statements that may have made it, and the file they are in."""

    cls: type
    file: str | None
    statements: tuple[Code, ...]
    territory: Territory

    def cells(self) -> dict[str, Any]:
        """The variables of enclosing functions that the methods use."""
        found: dict[str, Any] = {}
        for value in vars(self.cls).values():
            for function in _functions(value):
                found |= cells(function) if self._contain(function) else {}
        return found

    def values(self) -> Iterator[Edge]:
        """Attributes whose value the statement does not show: data, and functions that are defined elsewhere."""
        if issubclass(self.cls, enum.Enum):
            return
        bound = {name for statement in self.statements for name in bindings(statement.tree).names}
        for name, value in sorted(vars(self.cls).items()):
            functions = list(_functions(value))
            is_shown = all(map(self._is_shown, functions)) if functions else not self._is_data(name, value, bound)
            for function in functions:
                yield from self._defaults(name, function)
            if not is_shown:
                yield Edge(f".{name}", value, 0, f"{_name(self.cls)}.{name}", is_optional=name in bound)

    def _defaults(self, name: str, function: types.FunctionType) -> Iterator[Edge]:
        """Values of a method's defaults; the names in them may mean something else by now."""
        values = (function.__defaults__, function.__kwdefaults__)
        if self._contain(function) and any(values):
            yield Edge(f"defaults of {name}", values, function.__code__.co_firstlineno, is_optional=True)

    def _is_data(self, name: str, value: object, bound: set[str]) -> bool:
        if name not in bound:
            is_set_from_outside = type(self.cls) in (type, abc.ABCMeta) and not isinstance(value, _DESCRIPTORS)
            return not _is_generated(name) and (is_set_from_outside or isinstance(value, _FOLLOWED))
        return isinstance(value, _FOLLOWED) or _is_ours(value, self.territory)

    def _is_shown(self, function: types.FunctionType) -> bool:
        """Whether a function needs no following: it is in the statement, generated, or others' wrapper."""
        is_generated = function.__code__.co_filename.startswith("<")
        return is_generated or not place_of_function(function, self.territory).is_followed or self._contain(function)

    def _contain(self, function: types.FunctionType) -> bool:
        code = function.__code__
        lines = [statement.lines for statement in self.statements] if code.co_filename == self.file else []
        return any(first <= code.co_firstlineno <= last for first, last in lines)


def _functions(value: object) -> Iterator[types.FunctionType]:
    """The function that an attribute of a class is, or those that a descriptor wraps."""
    if isinstance(value, types.FunctionType):
        yield value
    elif isinstance(value, _WRAPPERS):
        for name in ("__func__", "fget", "fset", "fdel", "func"):
            yield from _functions(getattr(value, name, None))
        if isinstance(value, functools.singledispatchmethod):
            for implementation in value.dispatcher.registry.values():
                yield from _functions(implementation)


def _is_generated(name: str) -> bool:
    """Whether Python, a metaclass or a class decorator makes such an attribute from what the statement shows."""
    return name.startswith(("_abc_", "model_")) or (name.startswith("__") and name.endswith("__"))


def _is_ours(value: object, territory: Territory) -> bool:
    cls = value if isinstance(value, type) else type(value)
    place = territory.place_of_module(cls.__module__)
    return place is not None and place.is_followed


def _dynamic(cls: type) -> tuple[Edge, ...]:
    """A class without a statement: a named tuple, an enumeration or dataclass made by a call, or one made by `type`."""
    if issubclass(cls, tuple) and hasattr(cls, "_field_defaults"):
        return (Edge("fields", [vars(cls).get(name) for name in ("_fields", "_field_defaults", "__annotations__")]),)
    if issubclass(cls, enum.Enum):
        return tuple(_members(cls, is_optional=False))
    if typing.is_typeddict(cls):
        return (Edge("fields", [cls.__annotations__, vars(cls).get("__total__")]),)
    if generic := vars(cls).get("__pydantic_generic_metadata__", {}).get("origin"):
        return (Edge("generic", generic), Edge("arguments", vars(cls)["__pydantic_generic_metadata__"]["args"]))
    if type(cls) not in (type, abc.ABCMeta):
        raise Unfollowable(f"class {_name(cls)} has no source")
    own = {
        name: value for name, value in vars(cls).items() if name not in _MADE_BY_TYPE and not name.startswith("_abc_")
    }
    if not dataclasses.is_dataclass(cls):
        return tuple(Edge(f".{name}", value) for name, value in sorted(own.items()))
    fields = [(f.name, f.type, f.default, f.default_factory) for f in dataclasses.fields(cls)]
    given = {name: value for name, value in own.items() if not _is_generated(name)}
    return (Edge("fields", fields), *(Edge(f".{name}", value) for name, value in sorted(given.items())))


def _name(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"


_MADE_BY_TYPE = {"__module__", "__dict__", "__weakref__", "__doc__", "__qualname__", "__abstractmethods__"}
