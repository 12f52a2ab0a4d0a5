"""Different values of a constant have different fingerprints."""

import pytest

from flow_assets.memo.fingerprint import fingerprint
from flow_assets_tests.memo.fingerprint.projects import imported, write_project

VALUES = [
    ("int to float", "1", "1.0"),
    ("int to bool", "1", "True"),
    ("int to text", "1", "'1'"),
    ("int to decimal", "1", "Decimal(1)"),
    ("int to fraction", "1", "Fraction(1)"),
    ("int to enum", "1", "Level(1)"),
    ("int to none", "0", "None"),
    ("text to bytes", "'1'", "b'1'"),
    ("bytes to bytearray", "b'1'", "bytearray(b'1')"),
    ("decimal exponent", "Decimal('1')", "Decimal('1.0')"),
    ("zero sign", "0.0", "-0.0"),
    ("complex zero sign", "complex(0.0, 0.0)", "complex(0.0, -0.0)"),
    ("nan to inf", "float('nan')", "float('inf')"),
    ("list to tuple", "[1]", "(1,)"),
    ("tuple nesting", "(1, (2,))", "(1, 2)"),
    ("set to frozenset", "{1}", "frozenset({1})"),
    ("set element", "{1, 2}", "{1, 3}"),
    ("dict key type", "{1: 'a'}", "{'1': 'a'}"),
    ("dict order", "{'a': 1, 'b': 2}", "{'b': 2, 'a': 1}"),
    ("ordered dict", "OrderedDict(a=1)", "dict(a=1)"),
    ("defaultdict factory", "defaultdict(int)", "defaultdict(list)"),
    ("counter", "Counter('aab')", "Counter('abb')"),
    ("deque limit", "deque([1], 3)", "deque([1], 4)"),
    ("mapping proxy", "MappingProxyType({'a': 1})", "MappingProxyType({'a': 2})"),
    ("range step", "range(0, 9, 2)", "range(0, 9, 3)"),
    ("slice", "slice(1, 2)", "slice(1, None)"),
    ("pattern", "re.compile('a+')", "re.compile('a*')"),
    ("pattern flags", "re.compile('a')", "re.compile('a', re.I)"),
    ("path", "Path('a/b')", "Path('a/c')"),
    ("path to text", "Path('a')", "'a'"),
    ("pure path flavour", "PurePosixPath('a')", "PureWindowsPath('a')"),
    ("date", "date(2013, 1, 1)", "date(2013, 1, 2)"),
    ("date to datetime", "date(2013, 1, 1)", "datetime(2013, 1, 1)"),
    ("datetime zone", "datetime(2013, 1, 1)", "datetime(2013, 1, 1, tzinfo=UTC)"),
    ("zone", "ZoneInfo('America/New_York')", "ZoneInfo('America/Chicago')"),
    ("fixed zone", "timezone(timedelta(hours=1))", "timezone(timedelta(hours=2))"),
    ("timedelta", "timedelta(hours=1)", "timedelta(hours=2)"),
    ("time", "time(1)", "time(2)"),
    ("uuid", "UUID(int=1)", "UUID(int=2)"),
    ("partial argument", "partial(int, base=2)", "partial(int, base=8)"),
    ("partial function", "partial(max, 1)", "partial(min, 1)"),
    ("lambda in dict", "{'f': lambda x: x + 1}", "{'f': lambda x: x + 2}"),
    ("second lambda on a line", "[lambda x: x + 1, lambda x: x + 2]", "[lambda x: x + 1, lambda x: x + 3]"),
    ("order of lambdas on a line", "[lambda x: x + 1, lambda x: x + 2]", "[lambda x: x + 2, lambda x: x + 1]"),
    ("lambda in lambda", "lambda: lambda: 1", "lambda: lambda: 2"),
    ("lambda default", "lambda x=1: x", "lambda x=2: x"),
    ("set of lambdas", "{lambda: 1, lambda: 2}", "{lambda: 1, lambda: 3}"),
    ("itemgetter", "itemgetter(1)", "itemgetter(2)"),
    ("native function", "math.floor", "math.ceil"),
    ("native method", "'a'.join", "'b'.join"),
    ("unbound native method", "str.upper", "str.lower"),
    ("type", "int", "float"),
    ("generic type", "list[int]", "list[str]"),
    ("union", "int | None", "int | str"),
    ("literal", "Literal['a']", "Literal['b']"),
    ("literal type", "Literal[1]", "Literal[True]"),
    ("annotated", "Annotated[int, 'a']", "Annotated[int, 'b']"),
    ("namespace", "SimpleNamespace(a=1)", "SimpleNamespace(a=2)"),
    ("instance state", "Rule(1)", "Rule(2)"),
    ("slots state", "Slotted(1)", "Slotted(2)"),
    ("private slots state", "Private(1)", "Private(2)"),
    ("bound method state", "Rule(1).apply", "Rule(2).apply"),
    ("bound method", "Rule(1).apply", "Rule(1).refuse"),
    ("class method's class", "Rule.make", "Stricter.make"),
    ("subclass of list", "Numbers([1])", "Numbers([2])"),
    ("subclass of dict", "Mapping(a=1)", "Mapping(a=2)"),
    ("subclass of str", "Text('a')", "Text('b')"),
    ("subclass of int", "Whole(1)", "Whole(2)"),
    ("subclass to its base", "Text('a')", "'a'"),
    ("subclass of datetime", "Moment(2013, 1, 1)", "Moment(2013, 1, 2)"),
    ("named tuple", "Pair(1, 2)", "Pair(1, 3)"),
    ("named tuple to tuple", "Pair(1, 2)", "(1, 2)"),
    ("dataclass instance", "Limits(1)", "Limits(2)"),
    ("enum member", "Level.LOW", "Level.HIGH"),
    ("flag", "Access.READ | Access.WRITE", "Access.READ"),
    ("array value", "np.array([1, 2])", "np.array([1, 3])"),
    ("array type", "np.array([1, 2])", "np.array([1.0, 2.0])"),
    ("array shape", "np.array([[1, 2]])", "np.array([[1], [2]])"),
    ("array of objects", "np.array([1, None], dtype=object)", "np.array([1, 'a'], dtype=object)"),
    ("array of bool", "np.array([True])", "np.array([1], dtype='int8')"),
    ("large array", "np.arange(100)", "np.arange(100) + (np.arange(100) == 50)"),
    ("masked array", "np.ma.array([1, 2], mask=[0, 1])", "np.ma.array([1, 2], mask=[1, 0])"),
    ("numpy scalar", "np.int32(1)", "np.int64(1)"),
    ("numpy dtype", "np.dtype('i4')", "np.dtype('i8')"),
    ("numpy structured dtype", "np.dtype([('a', 'i4')])", "np.dtype([('b', 'i4')])"),
    ("numpy date", "np.datetime64('2013-01-01')", "np.datetime64('2013-01-02')"),
    ("numpy function", "np.add", "np.subtract"),
    ("random state", "np.random.default_rng(1)", "np.random.default_rng(2)"),
    ("frame value", "pd.DataFrame({'a': [1]})", "pd.DataFrame({'a': [2]})"),
    ("frame type", "pd.DataFrame({'a': [1]})", "pd.DataFrame({'a': [1.0]})"),
    ("frame column", "pd.DataFrame({'a': [1]})", "pd.DataFrame({'b': [1]})"),
    ("frame index", "pd.DataFrame({'a': [1]})", "pd.DataFrame({'a': [1]}, index=[5])"),
    ("series name", "pd.Series([1], name='a')", "pd.Series([1], name='b')"),
    ("series", "pd.Series(['a', 'b'])", "pd.Series(['a', 'c'])"),
    ("series of arrow", "pd.Series([1], dtype='int64[pyarrow]')", "pd.Series([1], dtype='int32[pyarrow]')"),
    ("categorical", "pd.Categorical(['a'], ['a', 'b'])", "pd.Categorical(['a'], ['b', 'a'])"),
    ("timestamp", "pd.Timestamp('2013-01-01')", "pd.Timestamp('2013-01-01', tz='UTC')"),
    ("timestamp nanosecond", "pd.Timestamp(1)", "pd.Timestamp(2)"),
    ("missing value", "pd.NA", "pd.NaT"),
    ("offset", "pd.offsets.Day(1)", "pd.offsets.Day(2)"),
    ("pandas dtype", "pd.Int64Dtype()", "pd.Int32Dtype()"),
    ("arrow type", "pa.int32()", "pa.int64()"),
    ("arrow time zone", "pa.timestamp('us', 'UTC')", "pa.timestamp('us')"),
    ("arrow nullability", "pa.schema([pa.field('a', pa.int32())])", "pa.schema([pa.field('a', pa.int32(), False)])"),
    ("arrow metadata", "pa.schema([], metadata={'a': 'b'})", "pa.schema([], metadata={'a': 'c'})"),
    ("arrow nested nullability", "pa.list_(pa.field('i', pa.int8()))", "pa.list_(pa.field('i', pa.int8(), False))"),
    ("arrow array", "pa.array([1, None])", "pa.array([1, 2])"),
    ("arrow table", "pa.table({'a': [1]})", "pa.table({'b': [1]})"),
    ("arrow scalar", "pa.scalar(1)", "pa.scalar(2)"),
    ("arrow function", "pc.add", "pc.subtract"),
]

IMPORTS = """
    import math, re
    from collections import *
    from dataclasses import dataclass
    from datetime import *
    from decimal import Decimal
    from enum import Enum, Flag, IntEnum
    from fractions import Fraction
    from functools import partial
    from operator import itemgetter
    from pathlib import *
    from types import MappingProxyType, SimpleNamespace
    from typing import Annotated, Literal, NamedTuple
    from uuid import UUID
    from zoneinfo import ZoneInfo
    import numpy as np
    import pandas as pd
    import pyarrow as pa
    import pyarrow.compute as pc

    class Level(IntEnum):
        LOW = 1
        HIGH = 2

    class Access(Flag):
        READ = 1
        WRITE = 2

    class Rule:
        def __init__(self, limit): self.limit = limit
        def apply(self, x): return x < self.limit
        def refuse(self, x): return not self.apply(x)
        @classmethod
        def make(cls): return cls(1)

    class Stricter(Rule): pass

    class Slotted:
        __slots__ = ("limit",)
        def __init__(self, limit): self.limit = limit

    class Private:
        __slots__ = ("__limit",)
        def __init__(self, limit): self.__limit = limit

    class Numbers(list): pass
    class Mapping(dict): pass
    class Text(str): pass
    class Whole(int): pass
    class Moment(datetime): pass

    class Pair(NamedTuple):
        a: int
        b: int

    @dataclass(frozen=True)
    class Limits:
        low: int
"""


FACTORY = """
    def compute(): return None

    def make(VALUE):
        def compute(): return VALUE
        return compute
"""


@pytest.fixture(scope="module")
def digests(tmp_path_factory):
    """The fingerprint of a function around each value in the table; all of them from one import."""
    texts = list(dict.fromkeys(text for _, *pair in VALUES for text in pair))
    project = f"{IMPORTS}{FACTORY}\n    VALUES = [{', '.join(texts)}]\n"
    with imported(write_project(tmp_path_factory.mktemp("values"), project)) as module:
        return {t: fingerprint(module.make(v)).digest for t, v in zip(texts, module.VALUES, strict=True)}


@pytest.mark.parametrize(("before", "after"), [case[1:] for case in VALUES], ids=[case[0] for case in VALUES])
def test_every_value_has_a_type_and_a_content(digests, before, after):
    assert digests[before] != digests[after]
