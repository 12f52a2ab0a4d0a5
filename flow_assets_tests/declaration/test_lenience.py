"""What cannot be let pass, because a column or a key says otherwise."""

import pytest

from flow_assets import DatasetSchema, Int64, String, column, dataset, not_null, unique
from flow_assets.errors import DefinitionError


class Strict(DatasetSchema):
    """One column that must be there."""

    name: String = column("Name")


def declare(schema: type[DatasetSchema]) -> None:
    @dataset(schema=schema, sort_by=["name"])
    def things() -> None:
        """Return nothing."""


@pytest.mark.parametrize("lenient", [{"severity": "warn"}, {"tolerance": 1}, {"tolerance": 0.5}])
def test_a_column_that_is_not_nullable_tolerates_no_null(lenient: dict[str, object]) -> None:
    class Things(DatasetSchema):
        name: String = column("Name", rules=[not_null(**lenient)])  # type: ignore[arg-type]

    with pytest.raises(DefinitionError, match="name is not nullable, so no null can be tolerated"):
        declare(Things)


@pytest.mark.parametrize("lenient", [{"severity": "warn"}, {"tolerance": 1}])
def test_the_key_tolerates_no_repetition(lenient: dict[str, object]) -> None:
    class Things(DatasetSchema):
        name: String = column("Name", rules=[unique(**lenient)])  # type: ignore[arg-type]

    with pytest.raises(DefinitionError, match="`sort_by` identifies a row, so no repetition can be tolerated"):
        declare(Things)


def test_what_leaves_for_the_quarantine_need_not_be_tolerated() -> None:
    class Things(DatasetSchema):
        name: String = column("Name", rules=[not_null(quarantine=True), unique(quarantine=True)])
        number: Int64 = column("Number", nullable=True, rules=[not_null(severity="warn"), unique(tolerance=0.1)])

    declare(Things)
    declare(Strict)
