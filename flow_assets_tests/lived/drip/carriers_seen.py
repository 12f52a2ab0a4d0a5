"""A carrier that ever flew."""

import duckdb

from flow_assets import DatasetSchema, Int64, String, all_partitions, column, dataset


class CarriersSeen(DatasetSchema):
    carrier: String = column("Carrier")
    days: Int64 = column("On how many days")


@dataset(schema=CarriersSeen, sort_by=["carrier"], ins={"distances": all_partitions()})
def carriers_seen(distances: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    return distances.query("distances", "SELECT carrier, count(*) AS days FROM distances GROUP BY ALL")
