"""Histories that agree up to an instant and differ after it, made from a few real days."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from flow_assets.declaration import Dataset
from flow_assets_tests.datasets.driver import Tables, compute, graph, raw_dates

MINUTE = pd.Timedelta(minutes=1)
FEATURES = (
    "airport_congestion",
    "carrier_reliability",
    "aircraft_rotation",
    "weather_at_departure",
    "delay_training_set",
)


@dataclass(frozen=True)
class Slice:
    """Raw tables of a day and the three before, cut to some aircraft, and the departures of them."""

    day: str
    raw: Tables
    departures: pd.DataFrame

    @cached_property
    def features(self) -> Mapping[str, pa.Table]:
        """What the datasets make of the slice as it is."""
        return features(self.day, self.raw)

    @cached_property
    def targets(self) -> list[tuple[str, pd.Timestamp]]:
        """Key and scheduled departure of the day's flights that arrived, first those whose aircraft was still out."""
        rows = self.features["delay_training_set"].to_pylist()
        rows.sort(key=lambda r: (r["previous_status"] not in {"waiting", "departed"}, r["flight_id"]))
        return [(row["flight_id"], pd.Timestamp(row["scheduled_departure_utc"])) for row in rows]

    @cached_property
    def lines(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """The raw flights, and the departure that each is."""
        flights = self.raw["raw_flights"].to_pandas(types_mapper=pd.ArrowDtype)
        ids = pd.to_datetime(flights[["year", "month", "day"]].astype(int)).dt.strftime("%Y-%m-%d-")
        ids += (
            flights["carrier"].astype(str) + "-" + flights["flight"].astype(str) + "-" + flights["origin"].astype(str)
        )
        return flights.to_dict("records"), self.departures.set_index("flight_id").loc[ids].reset_index().to_dict(
            "records"
        )

    @property
    def midnight(self) -> pd.Timestamp:
        return pd.Timestamp(self.day, tz="America/New_York").tz_convert("UTC")


def cut(raw: Tables, day: str, aircraft: int = 60) -> Slice:
    """A slice of the year: the aircraft that fly most on `day`, and every flight without one."""
    last = date.fromisoformat(day)
    wanted = pa.array([(last - timedelta(n)).isoformat() for n in range(4)])
    tables = dict(raw)
    for name in ("raw_flights", "raw_weather"):
        tables[name] = raw[name].filter(pc.is_in(raw_dates(raw[name]), value_set=wanted))
    flights = tables["raw_flights"].to_pandas(types_mapper=pd.ArrowDtype)
    busiest = flights[flights["day"] == last.day]["tailnum"].value_counts().index[:aircraft]
    diverted = flights["dep_time"].notna() & flights["arr_delay"].isna()
    tables["raw_flights"] = _arrow(
        flights[flights["tailnum"].isin(busiest) | flights["tailnum"].isna() | diverted], tables["raw_flights"].schema
    )
    departures = compute(graph().get("departures"), tables).to_pandas(types_mapper=pd.ArrowDtype)
    return Slice(day, tables, departures)


def differ_after(cutting: Slice, now: pd.Timestamp, target: str, seed: int) -> Tables:
    """The slice's raw tables with everything that became known after `now` changed.

    The target's own times and delays change too, whenever they became known; it goes on arriving.
    """
    rng = np.random.default_rng(seed)
    rows = [_other_outcome(dict(row), then, now, target, rng) for row, then in zip(*cutting.lines, strict=True)]
    weather = cutting.raw["raw_weather"].to_pandas(types_mapper=pd.ArrowDtype)
    is_future = weather["time_hour"] + 60 * MINUTE > now
    for name in ("temp", "dewp", "humid", "wind_speed", "wind_gust", "precip", "pressure", "visib"):
        weather.loc[is_future, name] = rng.uniform(0, 100, is_future.sum())
    weather = weather[~is_future | (rng.random(len(weather)) < 0.8)]
    return cutting.raw | {
        "raw_flights": _arrow(pd.DataFrame(rows), cutting.raw["raw_flights"].schema),
        "raw_weather": _arrow(weather, cutting.raw["raw_weather"].schema),
    }


def features(day: str, raw: Tables, variants: Mapping[str, Dataset] | None = None) -> Mapping[str, pa.Table]:
    """The feature datasets and the training set of `day`, with some datasets replaced by `variants`."""
    made = dict(raw)
    for dataset in graph().select(["delay_training_set"]):
        if dataset.name not in made:
            made[dataset.name] = compute(
                (variants or {}).get(dataset.name, dataset), made, [day] if _is_feature(dataset) else ()
            )
    return {name: made[name] for name in FEATURES}


def seen_of(made: Mapping[str, pa.Table], target: str) -> dict[str, Any]:
    """What the features say of one flight, without the label."""
    seen = {}
    for name, table in made.items():
        if "flight_id" in table.column_names:
            seen[name] = table.filter(pc.equal(table["flight_id"], target)).to_pylist()
            seen[name] = [{c: value for c, value in row.items() if c != "is_late"} for row in seen[name]]
    assert all(len(rows) == 1 for rows in seen.values())
    return seen


def _is_feature(dataset: Dataset) -> bool:
    return dataset.layer == "features"


def _other_outcome(
    row: dict[str, Any], then: dict[str, Any], now: pd.Timestamp, target: str, rng: Any
) -> dict[str, Any]:
    """Another ending of a flight, as far as it was open at `now`; each becomes known after `now` as well."""
    is_target = then["flight_id"] == target
    is_nameless = pd.isna(row["tailnum"])  # in the source only the cancelled are
    if is_nameless or (not is_target and then["outcome_known_utc"] <= now):
        return row
    day_end = pd.Timestamp(then["flight_date"]).tz_localize("America/New_York") + pd.DateOffset(days=1)
    if is_target:
        ending = "arrive"
    elif then["departure_known_utc"] <= now:
        ending = rng.choice(["arrive", "divert"]) if day_end + pd.DateOffset(days=1) > now else "arrive"
    else:
        ending = rng.choice(["arrive", "divert", "cancel"]) if day_end > now else "arrive"
    if is_target or then["departure_known_utc"] > now:
        row |= {"dep_delay": _later(then["scheduled_departure_utc"], now, rng), "dep_time": rng.integers(1, 2400)}
    row |= {"arr_delay": _later(then["scheduled_arrival_utc"], now, rng), "arr_time": rng.integers(1, 2400)}
    row |= {"air_time": rng.integers(20, 700)}
    lost = {"arrive": (), "divert": ("arr_delay", "arr_time", "air_time")}
    missing = lost.get(ending, ("dep_delay", "dep_time", "arr_delay", "arr_time", "air_time"))
    return row | dict.fromkeys(missing)


def _later(scheduled: pd.Timestamp, now: pd.Timestamp, rng: Any) -> int:
    """A delay, or an earliness, with which something scheduled becomes known after `now`."""
    return max(int((now - scheduled) // MINUTE), -120) + int(rng.integers(1, 300))


def _arrow(frame: pd.DataFrame, schema: pa.Schema) -> pa.Table:
    return pa.Table.from_pydict(
        {c: pa.array([None if pd.isna(v) else v for v in frame[c]], schema.field(c).type) for c in schema.names}
    )
