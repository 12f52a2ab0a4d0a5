"""The text of a value: typed, so that different values never have the same text, and equal ones always have.

Plain values are written as Python writes them (`1`, `1.0`, `True`, `'1'`, `b'1'` all differ), others as their type and
what they consist of. A dict is written in its order, which code can observe; a set in a sorted one. Code inside a value
(a lambda in a dict, the class of an instance) is written as its name and followed by an edge. Texts and paths that
mention the checkout's folder are written without it. A cycle is written as the distance to what it returns to. There is
no last resort: what has no rule here or in the modules beside it is an error.
"""

import datetime
import decimal
import enum
import fractions
import pathlib
import re
import types
import uuid
import zoneinfo
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from flow_assets.memo.fingerprint.packages import Territory
from flow_assets.memo.fingerprint.part import ROOT, Edge, Outside, Unfollowable
from flow_assets.memo.fingerprint.tree import sha256

Rule = Callable[["Encoder", Any], str]


@dataclass
class Encoder:
    """Writes one value and gathers the code it contains.

    Attributes:
        is_ignored: whether an object is left out, told by the object.
        edges: the code met so far, labelled by where it lies in the value.
    """

    territory: Territory
    is_ignored: Callable[[object], bool]
    edges: list[Edge] = field(default_factory=list)
    _open: list[int] = field(default_factory=list)
    _path: list[str] = field(default_factory=list)

    exact: ClassVar[dict[type, Rule]] = {}
    by_base: ClassVar[list[tuple[Callable[[Any], bool], Rule]]] = []

    def text(self, value: Any) -> str:
        """The value's text.

        Raises:
            Unfollowable: no rule covers it.
        """
        rule = self.exact.get(type(value))
        if rule and rule in _ATOMS:
            return rule(self, value)
        if self.is_ignored(value):
            return "<ignored>"
        if id(value) in self._open:
            return f"<cycle {len(self._open) - self._open.index(id(value))}>"
        self._open.append(id(value))
        try:
            return (rule or self._rule(value))(self, value)
        finally:
            self._open.pop()

    def at(self, step: str, value: Any) -> str:
        """The text of a part of the value, `step` below it."""
        self._path.append(step)
        try:
            return self.text(value)
        except Unfollowable as problem:
            if self._path and not str(problem).startswith("at "):
                raise Unfollowable(f"at {''.join(self._path)}: {problem}") from problem
            raise
        finally:
            self._path.pop()

    def code(self, target: Any, name: str) -> str:
        """A place for code that is followed by an edge."""
        self.edges.append(Edge("".join(self._path) or "type", target))
        return f"<{name}>"

    def items(self, values: Iterable[Any]) -> str:
        """The texts of a sequence's elements."""
        return ", ".join(self.at(f"[{position}]", value) for position, value in enumerate(values))

    def pairs(self, mapping: Mapping[Any, Any]) -> str:
        """The texts of a mapping's items, in its order."""
        entries = []
        for key, value in mapping.items():
            label = self.at("{key}", key)
            entries.append(f"{label}: {self.at(f'[{label}]', value)}")
        return f"{{{', '.join(entries)}}}"

    def state(self, attributes: Mapping[str, Any]) -> str:
        """The texts of an object's attributes, sorted by name."""
        return ", ".join(f"{name}={self.at(f'.{name}', attributes[name])}" for name in sorted(attributes, key=str))

    def unordered(self, values: Iterable[Any]) -> str:
        """The texts of a set's elements, sorted; code that has the same name is told apart by its place in the file."""
        written = []
        for value in values:
            start = len(self.edges)
            text = self.at("{element}", value)
            mine = self.edges[start:]
            del self.edges[start:]
            written.append((text, [_first_line(edge.target) for edge in mine], mine))
        written.sort(key=lambda element: element[:2])
        self.edges += [edge for element in written for edge in element[2]]
        return ", ".join(element[0] for element in written)

    def path(self, text: str) -> str:
        """A text as it reads in every checkout."""
        pieces = self.territory.split(text)
        return repr(text) if len(pieces) == 1 else f"{ROOT}{pieces!r}"

    def _rule(self, value: Any) -> Rule:
        for matches, rule in self.by_base:
            if matches(value):
                return rule
        raise Unfollowable(f"a {type_name(value)} has no content that can be read")


def type_name(value: object) -> str:
    """`module.qualname` of a value's type."""
    return f"{type(value).__module__}.{type(value).__qualname__}"


def _first_line(target: object) -> int:
    code = getattr(target, "__code__", None)
    return code.co_firstlineno if isinstance(code, types.CodeType) else 0


def _integer(_: Encoder, value: int) -> str:
    return repr(value) if value.bit_length() < 10_000 else hex(value)


def _complex(_: Encoder, value: complex) -> str:
    return f"complex({value.real!r}, {value.imag!r})"


def _text(encoder: Encoder, value: str) -> str:
    return encoder.path(value)


def _literal(_: Encoder, value: object) -> str:
    return repr(value)


_ATOMS: set[Rule] = {_literal, _integer, _complex, _text}


def _set(encoder: Encoder, value: Any) -> str:
    return f"{type(value).__name__}({{{encoder.unordered(value)}}})"


def _called(name: str, *parts: Callable[[Any], Any]) -> Rule:
    """A rule that writes `name(...)` of the parts of a value."""
    return lambda encoder, value: f"{name}({encoder.items(part(value) for part in parts)})"


def _attributes(name: str, *attributes: str) -> Rule:
    def rule(encoder: Encoder, value: Any) -> str:
        return f"{name}({encoder.state({attribute: getattr(value, attribute) for attribute in attributes})})"

    return rule


def _path(encoder: Encoder, value: pathlib.PurePath) -> str:
    return f"{type(value).__name__.removeprefix('Posix').removeprefix('Windows')}({encoder.path(str(value))})"


def _outside(encoder: Encoder, value: Outside) -> str:
    return encoder.code(value, value.name)


def _zone(_: Encoder, value: zoneinfo.ZoneInfo) -> str:
    if value.key is None:
        raise Unfollowable("a time zone without a key has no content that can be read")
    return f"ZoneInfo({value.key!r})"


def digest_text(content: bytes) -> str:
    """Bytes too many to show."""
    return f"{len(content)} bytes, sha256 {sha256(content)}"


_DATE = ("year", "month", "day")
_TIME = ("hour", "minute", "second", "microsecond", "tzinfo", "fold")

_LITERALS: tuple[type, ...] = (type(None), bool, float, bytes, type(...), type(NotImplemented))
_PATHS = (pathlib.PosixPath, pathlib.WindowsPath, pathlib.PurePosixPath, pathlib.PureWindowsPath)

Encoder.exact.update(dict.fromkeys(_LITERALS, _literal))
Encoder.exact.update(dict.fromkeys(_PATHS, _path))
Encoder.exact.update(
    {
        int: _integer,
        complex: _complex,
        str: _text,
        bytearray: lambda _, value: f"bytearray({bytes(value)!r})",
        memoryview: lambda _, value: f"memoryview({value.format!r}, {value.shape!r}, {value.tobytes()!r})",
        list: lambda encoder, value: f"[{encoder.items(value)}]",
        tuple: lambda encoder, value: f"({encoder.items(value)},)",
        dict: lambda encoder, value: encoder.pairs(value),
        types.MappingProxyType: lambda encoder, value: f"mappingproxy({encoder.pairs(value)})",
        set: _set,
        frozenset: _set,
        range: _attributes("range", "start", "stop", "step"),
        slice: _attributes("slice", "start", "stop", "step"),
        re.Pattern: _attributes("re.Pattern", "pattern", "flags"),
        datetime.date: _attributes("date", *_DATE),
        datetime.time: _attributes("time", *_TIME),
        datetime.datetime: _attributes("datetime", *_DATE, *_TIME),
        datetime.timedelta: _attributes("timedelta", "days", "seconds", "microseconds"),
        datetime.timezone: _called("timezone", lambda zone: zone.utcoffset(None), lambda zone: zone.tzname(None)),
        zoneinfo.ZoneInfo: _zone,
        decimal.Decimal: lambda _, value: f"Decimal({str(value)!r})",
        fractions.Fraction: _attributes("Fraction", "numerator", "denominator"),
        uuid.UUID: lambda _, value: f"UUID({value.hex!r})",
        Outside: _outside,
    }
)


def enum_member(encoder: Encoder, value: enum.Enum) -> str:
    """A member of an enumeration: its class, which is followed, and its name; a flag may have none but a value."""
    cls = type(value)
    name = getattr(value, "_name_", None) or f"value {encoder.text(value._value_)}"
    return f"{encoder.code(cls, f'{cls.__module__}.{cls.__qualname__}')}.{name}"


Encoder.by_base.append((lambda value: isinstance(value, enum.Enum), enum_member))
