import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pandas
import pyarrow
import pytest
from pydantic import BaseModel

from flow_assets import PartitionContext
from flow_assets.declaration import Frame
from flow_assets.declaration.signature import Signature
from flow_assets.errors import DefinitionError

if TYPE_CHECKING:
    from decimal import Decimal


class Window(BaseModel):
    days: int = 28


class Other(BaseModel):
    pass


def line_of(function: Any) -> str:
    return rf"{Path(__file__).name}:{function.__code__.co_firstlineno}: "


def test_annotations_say_what_fills_a_parameter() -> None:
    def function(
        a: duckdb.DuckDBPyRelation, b: pandas.DataFrame, c: pyarrow.Table, window: Window, partitions: PartitionContext
    ) -> None: ...

    signature = Signature.of(function)
    assert signature.frames == {"a": Frame.DUCKDB, "b": Frame.PANDAS, "c": Frame.ARROW}
    assert signature.config == ("window", Window)
    assert signature.context == "partitions"


def test_annotations_may_be_written_as_text() -> None:
    def function(a: "duckdb.DuckDBPyRelation") -> "pandas.DataFrame": ...

    assert Signature.of(function).frames == {"a": Frame.DUCKDB}


def test_the_location_is_that_of_the_function_itself() -> None:
    def noisy(function: Any) -> Any:
        @functools.wraps(function)
        def wrapper(*args: Any) -> Any:
            return function(*args)

        return wrapper

    def function(a: pandas.DataFrame) -> None: ...

    assert Signature.of(noisy(function)).location == f"{__file__}:{function.__code__.co_firstlineno}"


def no_annotation(a) -> None: ...  # type: ignore[no-untyped-def]
def wrong_annotation(a: int) -> None: ...
def any_annotation(a: Any) -> None: ...
def union_annotation(a: pandas.DataFrame | pyarrow.Table) -> None: ...


@pytest.mark.parametrize("function", [no_annotation, wrong_annotation, any_annotation, union_annotation])
def test_a_parameter_says_what_it_takes(function: Any) -> None:
    known = r"`duckdb\.DuckDBPyRelation`, `pandas\.DataFrame`, `pyarrow\.Table`"
    with pytest.raises(DefinitionError, match=rf"{line_of(function)}parameter `a` must .* frame \({known}\)"):
        Signature.of(function)


def only_for_type_checking(a: "Decimal") -> None: ...
def no_such_attribute(a: "duckdb.NoSuchThing") -> None: ...  # type: ignore[name-defined]


@pytest.mark.parametrize("function", [only_for_type_checking, no_such_attribute])
def test_an_annotation_that_cannot_be_resolved_is_told(function: Any) -> None:
    with pytest.raises(DefinitionError, match=rf"{line_of(function)}annotation cannot be resolved: .*(Decimal|NoSuch)"):
        Signature.of(function)


def two_configs(a: Window, b: Other) -> None: ...
def two_contexts(a: PartitionContext, b: PartitionContext) -> None: ...


@pytest.mark.parametrize("function", [two_configs, two_contexts])
def test_config_and_context_are_taken_once(function: Any) -> None:
    with pytest.raises(DefinitionError, match=rf"{line_of(function)}at most one parameter"):
        Signature.of(function)
