"""What an instance consists of: its class, which is followed, and its state.

Of our own classes that is every attribute, and what they inherit from a built-in type. Of all others it is what
`pickle` would keep: by that protocol, what an equal object is made from. What pickle refuses (an open file, a lock, a
connection, a generator) has no content.
"""

import contextlib
import copyreg
import functools
import os
import struct
import sys
import types
import typing
from collections.abc import Callable
from typing import Any

from flow_assets.memo.fingerprint.packages import Territory
from flow_assets.memo.fingerprint.part import Outside, Unfollowable
from flow_assets.memo.fingerprint.resolve import dynamic_name
from flow_assets.memo.fingerprint.values import Encoder, Rule, type_name

_PAYLOADS: dict[type, Callable[[Any], Any]] = {
    int: int.__int__,
    float: float.__float__,
    complex: complex.__complex__,
    str: str.__str__,
    bytes: bytes.__bytes__,
    bytearray: bytearray.copy,
    tuple: lambda value: tuple(tuple.__iter__(value)),
    list: lambda value: list(list.__iter__(value)),
    dict: lambda value: dict(dict.items(value)),
    set: set.copy,
    frozenset: lambda value: frozenset(frozenset.__iter__(value)),
}
"""Built-in types that a class may extend, each with how to get the plain value."""

_MEMBER = (types.MemberDescriptorType,)
_REFUSED = {
    "duckdb._relation.DuckDBPyRelation": "a relation belongs to a connection",
    "flow_assets.declaration.dataset.Dataset": "datasets know each other by name: take it as a parameter",
}


def refuse_dataset(value: object) -> None:
    """Raise if a value must not be referred to at all, and say why."""
    if reason := _REFUSED.get(type_name(value)):
        raise Unfollowable(f"{type(value).__name__}: {reason}")


def instance(encoder: Encoder, value: Any) -> str:
    """Any instance that has no rule of its own."""
    refuse_dataset(value)
    cls = type(value)
    place = encoder.territory.place_of_module(cls.__module__)
    is_ours = place is not None and place.kind in ("first-party", "machinery")
    if is_ours and not _has_native_state(cls):
        return f"{_class(encoder, cls)}({encoder.state(_state(value))}{_payload(encoder, value)})"
    if not isinstance(value, type) and isinstance(getattr(value, "__wrapped__", None), types.FunctionType):
        return f"{_class(encoder, cls)}({encoder.at('.__wrapped__', value.__wrapped__)})"
    return _reduced(encoder, value)


def _class(encoder: Encoder, cls: type) -> str:
    return encoder.code(cls, f"{cls.__module__}.{cls.__qualname__}")


def _state(value: Any) -> dict[str, Any]:
    """Attributes from `__dict__` and `__slots__`, without what `cached_property` keeps there."""
    cls = type(value)
    state = dict(getattr(value, "__dict__", {}))
    for base in cls.__mro__:
        for name, member in vars(base).items():
            if isinstance(member, functools.cached_property):
                state.pop(name, None)
            elif isinstance(member, _MEMBER):
                with contextlib.suppress(AttributeError):  # a slot without a value
                    state.setdefault(name, member.__get__(value))
    return state


def _payload(encoder: Encoder, value: Any) -> str:
    for base, plain in _PAYLOADS.items():
        if isinstance(value, base):
            return f"; {encoder.at('', plain(value))}"
    return ""


def _has_native_state(cls: type) -> bool:
    """Whether instances hold memory that neither `__dict__`, `__slots__` nor a built-in payload tells about."""
    if issubclass(cls, tuple(_PAYLOADS)):
        return False
    members = {member for base in cls.__mro__ for member in vars(base).values() if isinstance(member, _MEMBER)}
    pointers = len(members) + bool(cls.__weakrefoffset__) + (cls.__dictoffset__ > 0)
    return cls.__basicsize__ > object.__basicsize__ + 8 * pointers


def _reduced(encoder: Encoder, value: Any) -> str:
    try:
        reducer = copyreg.dispatch_table.get(type(value))
        reduced = reducer(value) if reducer else value.__reduce_ex__(4)
    except Exception as error:
        raise Unfollowable(f"a {type_name(value)} has no content that can be read ({error})") from error
    if isinstance(reduced, str):
        return f"{_class(encoder, type(value))}({_global(encoder, value, reduced)})"
    maker, arguments, state, elements, items = (*reduced, None, None, None)[:5]
    texts = [encoder.at("", maker), *(encoder.at(f"({n})", argument) for n, argument in enumerate(arguments))]
    if isinstance(state, dict) and all(isinstance(name, str) for name in state):
        texts.append(encoder.state(state))
    elif state is not None:
        texts.append(encoder.at("", state))
    texts += [encoder.items(elements)] if elements is not None else []
    texts += [encoder.items(items)] if items is not None else []
    return f"{_class(encoder, type(value))}({'; '.join(texts)})"


def _global(encoder: Encoder, value: Any, name: str) -> str:
    """What a package has under a name, such as a ufunc: pickle keeps no more of it than that."""
    found = set()
    for module, loaded in list(sys.modules.items()):
        if getattr(loaded, "__dict__", {}).get(name) is value:
            place = encoder.territory.place_of_module(module)
            found |= {module.partition(".")[0]} if place and place.kind in ("package", "stdlib") else set()
    if not found:
        raise Unfollowable(f"a {type_name(value)} that no package knows as {name!r} has no content that can be read")
    top = min(found)
    return encoder.code(native(encoder.territory, top, f"{top}.{name}"), f"{top}.{name}")


def _partial(encoder: Encoder, value: Any) -> str:
    parts = {"func": value.func, "args": value.args, "keywords": value.keywords, **vars(value)}
    return f"{type(value).__name__}({encoder.state(parts)})"


def _parts(name: str, *attributes: str) -> Rule:
    def rule(encoder: Encoder, value: Any) -> str:
        return f"{name}({encoder.state({attribute: getattr(value, attribute, None) for attribute in attributes})})"

    return rule


def _native_method(encoder: Encoder, value: Any) -> str:
    """A method of a built-in object: the object and the name."""
    if name := dynamic_name(value):
        raise Unfollowable(f"`{name}` may refer to anything")
    owner = getattr(value, "__self__", None)
    if owner is None or isinstance(owner, types.ModuleType):
        name = f"{getattr(value, '__module__', None) or 'builtins'}.{value.__qualname__}"
        return encoder.code(native(encoder.territory, str(value.__module__ or "builtins"), name), name)
    return f"method {value.__name__} of {encoder.at('.__self__', owner)}"


def native(territory: Territory, module: str, name: str) -> Outside:
    """The leaf for something compiled."""
    place = territory.place_of_module(module)
    if place is None or place.kind == "first-party":
        raise Unfollowable(f"{name} is compiled code of no known distribution")
    return Outside("builtin", name) if module == "builtins" else place.outside(name)


def _alias(encoder: Encoder, value: Any) -> str:
    """A parametrized type: `list[int]`, `Annotated[...]`, `int | None`, `Literal[...]`."""
    metadata = getattr(value, "__metadata__", ())
    origin = value.__origin__ if metadata else typing.get_origin(value)
    arguments = value.__args__ if metadata else typing.get_args(value)
    parts = [origin, list(arguments), *metadata]
    return f"{type(value).__name__}[{encoder.items(parts)}]"


def _type_variable(encoder: Encoder, value: Any) -> str:
    names = ("__name__", "__bound__", "__constraints__", "__covariant__", "__contravariant__")
    return f"{type(value).__name__}({encoder.state({name: getattr(value, name, None) for name in names})})"


_NATIVE_METHODS: tuple[type, ...] = (
    types.BuiltinFunctionType,
    types.MethodWrapperType,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
    types.ClassMethodDescriptorType,
    types.GetSetDescriptorType,
    types.MemberDescriptorType,
)


def _native_descriptor(encoder: Encoder, value: Any) -> str:
    if isinstance(value, types.BuiltinFunctionType | types.MethodWrapperType):
        return _native_method(encoder, value)
    return f"{type(value).__name__} {value.__name__} of {encoder.at('', value.__objclass__)}"


def _is_alias(value: object) -> bool:
    return isinstance(value, types.GenericAlias | types.UnionType) or (
        type(value).__module__ == "typing" and typing.get_origin(value) is not None
    )


Encoder.exact.update(
    {
        functools.partial: _partial,
        functools.partialmethod: _partial,
        types.MethodType: _parts("method", "__func__", "__self__"),
        property: _parts("property", "fget", "fset", "fdel"),
        staticmethod: _parts("staticmethod", "__func__"),
        classmethod: _parts("classmethod", "__func__"),
        functools.cached_property: _parts("cached_property", "func"),
        struct.Struct: _parts("Struct", "format"),
        type(os.environ): lambda _, value: "os.environ",
        typing.TypeVar: _type_variable,
        typing.ParamSpec: _type_variable,
        typing.ForwardRef: _parts("ForwardRef", "__forward_arg__"),
        typing.NewType: _parts("NewType", "__name__", "__supertype__"),
    }
)
Encoder.exact.update(dict.fromkeys(_NATIVE_METHODS, _native_descriptor))
Encoder.by_base.append((_is_alias, _alias))
