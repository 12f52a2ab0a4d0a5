"""A meter that was ever read."""

import pandas as pd

from flow_assets import DatasetSchema, Int64, String, all_partitions, column, dataset


class MetersSeen(DatasetSchema):
    meter: String = column("Name of the meter")
    days: Int64 = column("On how many days")


@dataset(schema=MetersSeen, sort_by=["meter"], ins={"readings": all_partitions()})
def meters_seen(readings: pd.DataFrame) -> pd.DataFrame:
    return readings.groupby("meter").size().rename("days").reset_index()
