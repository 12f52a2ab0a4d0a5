"""What visitors of the shop did, as received; one row is a line of the hour's landed file.

Source: the shop's event collector, `events/{date:%Y/%m/%d/%H}.jsonl.gz`, one file an hour; 3,605 lines in 72 hours.
A file that holds a line received in another hour is refused. Kept as they are: events sent twice, events that arrive an
hour late, kinds in capitals, products that are not sold, and `properties`, an object, as its JSON text.
"""

import pyarrow as pa

from examples.shop.datasets.calendar import HOURS, received_in
from flow_assets import (
    DatasetSchema,
    Float64,
    Int32,
    Int64,
    PartitionContext,
    String,
    TimestampUtc,
    column,
    dataset,
    landed,
)


class RawEvents(DatasetSchema):
    """Fields as in the source."""

    line_number: Int64 = column("Line of the landed file, 1 for the first")
    event_id: String = column("Identity that the visitor's browser gave the event")
    received_at: TimestampUtc = column("When the shop received it")
    occurred_at: TimestampUtc = column("When it happened, by the browser's clock")
    customer_id: Int64 = column("Customer; null for a visitor who is not signed in", nullable=True)
    kind: String = column("What happened: view, cart or purchase, now and then in capitals")
    sku: String = column("Product")
    quantity: Int32 = column("How many; null for a view", nullable=True)
    price: Float64 = column("Price of one as shown", unit="euros")
    properties: String = column("What else the browser told, as JSON")


@dataset(
    schema=RawEvents,
    partitions=HOURS,
    source=landed("events/{date:%Y/%m/%d/%H}.jsonl.gz"),
    sort_by=["line_number"],
    owners=("team:shop",),
)
def raw_events(lines: pa.Table, hour: PartitionContext) -> pa.Table:
    """Hand on the lines, which the schema types, unless one is of another hour than its file."""
    return received_in(lines, hour)
