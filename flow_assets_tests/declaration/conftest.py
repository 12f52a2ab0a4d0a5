from collections.abc import Callable
from typing import Any

import pytest
from duckdb import DuckDBPyRelation

from flow_assets import DatasetSchema, String, column, dataset
from flow_assets.declaration import Dataset, Input, Partitions


class Letters(DatasetSchema):
    letter: String = column("A letter")
    day: String = column("The day it was written")


@pytest.fixture
def schema() -> type[DatasetSchema]:
    return Letters


@pytest.fixture
def declare() -> Callable[..., Dataset]:
    """Declares a dataset by name and inputs."""

    def declare(
        name: str, *reads: str, partitions: Partitions | None = None, ins: dict[str, Input] | None = None
    ) -> Dataset:
        def function() -> DuckDBPyRelation: ...

        function.__name__ = name
        function.__signature__ = _signature(reads)  # type: ignore[attr-defined]
        function.__annotations__ = dict.fromkeys(reads, DuckDBPyRelation)
        return dataset(schema=Letters, sort_by=["letter"], partitions=partitions, ins=ins)(function)

    return declare


def _signature(names: tuple[str, ...]) -> Any:
    from inspect import Parameter, Signature

    return Signature([Parameter(name, Parameter.POSITIONAL_OR_KEYWORD) for name in names])
