"""The columns of a dataset, declared once as a pandera model."""

from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any

import pandas as pd
import pandera.pandas as pa
import pyarrow as arrow

from flow_assets.errors import DefinitionError

Bool = Annotated[pd.ArrowDtype, arrow.bool_()]
Int16 = Annotated[pd.ArrowDtype, arrow.int16()]
Int32 = Annotated[pd.ArrowDtype, arrow.int32()]
Int64 = Annotated[pd.ArrowDtype, arrow.int64()]
Float64 = Annotated[pd.ArrowDtype, arrow.float64()]
String = Annotated[pd.ArrowDtype, arrow.string()]
Date = Annotated[pd.ArrowDtype, arrow.date32()]
TimestampUtc = Annotated[pd.ArrowDtype, arrow.timestamp("us", "UTC")]


@dataclass(frozen=True)
class ColumnDeclaration:
    """One column: its Arrow type, whether it may be null, and what it means.

    Attributes:
        digits: decimals to which values are rounded before they are hashed and written, so that results do not depend
            on the order of floating-point sums; None keeps them as they are.
    """

    name: str
    type: arrow.DataType
    nullable: bool
    description: str
    unit: str | None = None
    digits: int | None = None


def column(
    description: str, *, unit: str | None = None, nullable: bool = False, digits: int | None = None
) -> Any:  # pandera's own Field returns Any, for the class body to type-check
    """Describe a column of a `DatasetSchema`.

    Example:
        `departure_delay_minutes: Int32 = column("Minutes after schedule", unit="minutes", nullable=True)`
    """
    return pa.Field(nullable=nullable, description=description, metadata={"unit": unit, "digits": digits})


class DatasetSchema(pa.DataFrameModel):
    """Base of every dataset's schema: a pandera `DataFrameModel` with Arrow types and a description for each column."""

    @classmethod
    def columns(cls) -> tuple[ColumnDeclaration, ...]:
        """The declared columns, in order.

        Raises:
            DefinitionError: a column has no Arrow type or no description, or declares a rule nobody would check.
        """
        return _columns(cls)

    @classmethod
    def arrow_schema(cls) -> arrow.Schema:
        """The Arrow schema of the data as it is written."""
        return arrow.schema([arrow.field(c.name, c.type, c.nullable) for c in cls.columns()])


@cache
def _columns(schema: type[DatasetSchema]) -> tuple[ColumnDeclaration, ...]:
    declared = schema.to_schema()
    if declared.checks or declared.unique or declared.index or declared.parsers:
        raise DefinitionError(
            f"{schema.__name__}: rules on the whole frame, an index and parsers are not supported; "
            "use columns, `nullable` and `sort_by`."
        )
    return tuple(_declaration(schema.__name__, name, col) for name, col in declared.columns.items())


def _declaration(schema: str, name: str, declared: Any) -> ColumnDeclaration:
    arrow_type = getattr(getattr(declared.dtype, "type", None), "pyarrow_dtype", None)
    metadata = declared.metadata or {}
    if arrow_type is None:
        raise DefinitionError(f"{schema}.{name}: annotate it with an Arrow type, such as `String` or `Int32`.")
    if not declared.description:
        raise DefinitionError(f'{schema}.{name}: say what it means: `column("...")`.')
    if declared.checks or declared.unique or declared.parsers or not declared.required:
        raise DefinitionError(
            f"{schema}.{name}: rules, parsers and optional columns are not supported; use `nullable` and `sort_by`."
        )
    return ColumnDeclaration(
        name, arrow_type, declared.nullable, declared.description, metadata.get("unit"), metadata.get("digits")
    )
