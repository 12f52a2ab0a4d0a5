"""What a function consists of, and what it refers to."""

import sys
import types
from collections.abc import Iterator
from typing import Any

from flow_assets.memo.fingerprint.packages import STDLIB, Place, Territory
from flow_assets.memo.fingerprint.part import UNDEFINED, Edge, Part, Unfollowable
from flow_assets.memo.fingerprint.resolve import NameSpace
from flow_assets.memo.fingerprint.scopes import Function
from flow_assets.memo.fingerprint.source import function_code


def describe_function(function: types.FunctionType, territory: Territory, ignored_decorators: tuple[str, ...]) -> Part:
    """A function or lambda with the names, defaults, closure and attributes it refers to.

    Raises:
        Unfollowable: it has no source, or its source is not what was loaded.
    """
    place = place_of_function(function, territory)
    name = f"{module_name(function)}.{function.__code__.co_qualname}"
    if not place.is_followed:
        return _foreign(function, place, territory, ignored_decorators)
    code = function_code(function, ignored_decorators)
    names = NameSpace(function.__globals__, cells(function), territory)
    edges = (*names.edges(code.references), *_defaults(function), *_attributes(function))
    return Part(
        "function",
        name,
        code.source,
        edges,
        own_name=function.__code__.co_qualname,
        is_shared=True,
        file=territory.relative(function.__code__.co_filename),
        line=function.__code__.co_firstlineno,
    )


def cells(function: types.FunctionType) -> dict[str, Any]:
    """The variables of enclosing functions that a function uses."""
    found = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            found[name] = cell.cell_contents
        except ValueError:
            found[name] = UNDEFINED
    return found


def module_name(function: types.FunctionType) -> str:
    """Name of the module whose globals a function sees, whatever `functools.wraps` has made it say."""
    name = str(function.__globals__.get("__name__"))
    if name != "__main__":
        return name
    spec = function.__globals__.get("__spec__")
    return str(spec.name) if spec else name


def place_of_function(function: types.FunctionType, territory: Territory) -> Place:
    """Where a function's code lies, by its file; by its module where it was made from a string."""
    filename = function.__code__.co_filename
    if not filename.startswith("<"):
        return territory.place_of_file(filename)
    if filename.startswith("<frozen "):
        return STDLIB
    place = territory.place_of_module(str(function.__globals__.get("__name__")))
    return place or Place("first-party")


def is_importable(target: Any, module: str, qualname: str) -> bool:
    """Whether a module has an object under its own name, so that the name says what it is."""
    found: Any = sys.modules.get(module)
    for name in qualname.split("."):
        found = getattr(found, name, None)
    return found is target


def _defaults(function: types.FunctionType) -> Iterator[Edge]:
    code = function.__code__
    positional = code.co_varnames[: code.co_argcount]
    values = function.__defaults__ or ()
    for name, value in zip(positional[len(positional) - len(values) :], values, strict=True):
        yield Edge(f"default of {name}", value, code.co_firstlineno)
    for name, value in sorted((function.__kwdefaults__ or {}).items()):
        yield Edge(f"default of {name}", value, code.co_firstlineno)


def _attributes(function: types.FunctionType) -> Iterator[Edge]:
    owner = f"{module_name(function)}.{function.__code__.co_qualname}"
    for name, value in sorted(vars(function).items()):
        yield Edge(f".{name}", value, function.__code__.co_firstlineno, f"{owner}.{name}")


def _foreign(
    function: types.FunctionType, place: Place, territory: Territory, ignored_decorators: tuple[str, ...]
) -> Part:
    """A function of the standard library, a distribution or the machinery, which may wrap one of ours.

    A wrapper made by a decorator is described by what it wraps: the decorator's arguments are in that function's
    source. One made by a call keeps its arguments in its closure only.
    """
    known = territory.place_of_module(function.__module__)
    if known == place and is_importable(function, function.__module__, function.__qualname__):
        own_name = function.__qualname__
        return Part(place.kind, f"{function.__module__}.{own_name}", "", (), own_name, distribution=place.distribution)
    name = f"{module_name(function)}.{function.__code__.co_qualname}"
    wrapped = getattr(function, "__wrapped__", None)
    edges = [Edge(".__wrapped__", wrapped)] if wrapped is not None else []
    edges += _registered(function)
    if not (edges and _is_decorated(wrapped, territory, ignored_decorators)):
        own = {"__wrapped__", "registry", "dispatch", "register", "cache_clear", "_clear_cache"}
        state = (
            {f"closure {cell}": value for cell, value in cells(function).items()} if not _registered(function) else {}
        )
        state |= {f".{key}": value for key, value in vars(function).items() if key not in own}
        edges += [Edge(label, value) for label, value in sorted(state.items()) if value is not wrapped]
        edges += _defaults(function)
    return Part(place.kind, name, "", tuple(edges), is_shared=True, distribution=place.distribution)


def _registered(function: types.FunctionType) -> list[Edge]:
    """The implementations of a `functools.singledispatch` function, by the type they are for."""
    registry = vars(function).get("registry")
    if not isinstance(registry, types.MappingProxyType) or not hasattr(function, "dispatch"):
        return []
    named = {f"for {cls.__module__}.{cls.__qualname__}": implementation for cls, implementation in registry.items()}
    return [Edge(label, implementation) for label, implementation in sorted(named.items())]


def _is_decorated(wrapped: object, territory: Territory, ignored_decorators: tuple[str, ...]) -> bool:
    if not isinstance(wrapped, types.FunctionType) or not place_of_function(wrapped, territory).is_followed:
        return False
    try:
        tree = function_code(wrapped, ignored_decorators).tree
    except Unfollowable:
        return False
    return isinstance(tree, Function) and bool(getattr(tree, "decorator_list", ()))
