"""Lays the shop's files into the landing folder: made up, messy in known ways, and the same bytes each time.

python -m examples.shop.land --hours 72
"""

import argparse
import gzip
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from typing import Any

from examples.shop.datasets.calendar import CATEGORIES, HOURS, MONTHS
from flow_assets.automation.landing import Delivery, deliver
from flow_assets.declaration import partition_keys
from flow_assets.errors import FlowError
from flow_assets.settings import load_settings

SEED = 20240301
CUSTOMERS = 2000
PRODUCTS_OF_CATEGORY = 10
DEFAULT_AGE = 35
_CITIES = ["Köln", "Zürich", "Málaga", "Gijón", "Graz", ""]
_CHANNELS = ["mail", "search", "video"]


def deliveries(hours: int) -> list[Delivery]:
    """All files, with those of the first `hours` hours."""
    keys = partition_keys(HOURS)[:hours]
    return [
        Delivery(None, "customers.csv", _customers),
        *(Delivery(None, f"products/{name}.jsonl", partial(_products, name)) for name in CATEGORIES.partition_keys),
        *(Delivery(None, f"ads/{month[:7]}.csv", partial(_ads, month)) for month in partition_keys(MONTHS)),
        *(
            Delivery(key[:10], f"events/{HOURS.start(key):%Y/%m/%d/%H}.jsonl.gz", partial(_events, number))
            for number, key in enumerate(keys)
        ),
    ]


def _random(*names: object) -> Random:
    return Random(f"{SEED} {names}")


def _lines(rows: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def _customers() -> bytes:
    random = _random("customers")
    lines = ["customer_id,city,age"]
    for number in range(1, CUSTOMERS + 1):
        lines.append(f"{number},{random.choice(_CITIES)},{_age(random)}")
    return ("\n".join(lines) + "\n").encode("cp1252")


def _age(random: Random) -> str:
    """Most leave the age that the app offers; some enter none, or one that cannot be."""
    way = random.random()
    if way < 0.6:
        return str(DEFAULT_AGE)
    if way < 0.66:
        return random.choice(["", "?"])
    return "199" if way < 0.665 else str(random.randint(14, 88))


def _catalogue(category: str) -> list[dict[str, Any]]:
    random = _random("products", category)
    return [
        {
            "sku": f"{category[:2].upper()}-{number:03}",
            "category": category,
            "name": f"{category.title()} no. {number}",
            "price": random.randint(199, 9999) / 100,
        }
        for number in range(1, PRODUCTS_OF_CATEGORY + 1)
    ]


def _products(category: str) -> bytes:
    return _lines(_catalogue(category))


def _ads(month: str) -> bytes:
    random = _random("ads", month)
    used = [channel for channel in _CHANNELS if (channel, month) != ("video", "2024-01-01")]
    rows = [f"{month},{channel},{random.randint(50_000, 500_000) / 100:.2f}" for channel in used]
    return "\n".join(["month,channel,spend", *rows, ""]).encode()


def _events(hour: int) -> bytes:
    """The hour's own events, and those of the hour before that come late or again, in the order of their arrival."""
    rows = [*_told_in(hour), *_told_after(hour - 1)] if hour else [*_told_in(0)]
    rows.sort(key=lambda row: (row["received_at"], row["event_id"]))
    return gzip.compress(_lines(rows), 6, mtime=0)


def _told_in(hour: int) -> Iterator[dict[str, Any]]:
    for row, way in _happening(hour):
        if way != "late":
            yield row
        if way == "twice":
            yield {**row, "received_at": _time(hour, 3599)}


def _told_after(hour: int) -> Iterator[dict[str, Any]]:
    for row, way in _happening(hour):
        if way in ("late", "again"):
            yield {**row, "received_at": _time(hour + 1, 5 + int(row["event_id"].split("-")[1]) % 1200)}


def _happening(hour: int) -> Iterator[tuple[dict[str, Any], str]]:
    """What happens in an hour, and whether it is told late, twice, again an hour later, or as it should be."""
    random = _random("events", hour)
    products = [product for category in CATEGORIES.partition_keys for product in _catalogue(category)]
    busy = 20 + 4 * min(hour % 24, 24 - hour % 24)
    for number in range(busy + random.randrange(10)):
        second = random.randrange(3500)
        product = random.choice(products)
        is_gone = random.random() < 0.01
        kind = random.choices(["view", "cart", "purchase"], [80, 15, 5])[0]
        way = random.choices(["well", "late", "twice", "again"], [92, 4, 2, 2])[0]
        row = {
            "event_id": f"{hour:04}-{number:04}",
            "received_at": _time(hour, second + random.randrange(60)),
            "occurred_at": _time(hour, second),
            "customer_id": random.randint(1, 150) if random.random() < 0.7 else None,
            "kind": kind.upper() if random.random() < 0.02 else kind,
            "sku": f"XX-{number % 7:03}" if is_gone else product["sku"],
            "quantity": None if kind == "view" else random.randint(1, 3),
            "price": product["price"],
            "properties": {"page": random.choice(["home", "search", "mail"]), "width": random.choice([390, 1280])},
        }
        yield row, way


def _time(hour: int, second: int) -> str:
    start: datetime = HOURS.start(HOURS.start_date).astimezone(UTC)
    return (start + timedelta(hours=hour, seconds=second)).strftime("%Y-%m-%dT%H:%M:%SZ")


def main() -> None:
    """Land the files of the first hours."""
    parser = argparse.ArgumentParser(prog="python -m examples.shop.land", description=main.__doc__)
    parser.add_argument("--hours", type=int, default=len(partition_keys(HOURS)), help="how many hours to deliver")
    hours = parser.parse_args().hours
    try:
        landing = load_settings().landing
        report = deliver(deliveries(hours), landing)
    except FlowError as error:
        sys.exit(f"land: {error}")
    sys.stdout.write(f"Landed {report.written} files in {landing}, {report.unchanged} were there.\n")


if __name__ == "__main__":
    main()
