"""What visitors of the shop did, as received; one row is a line of the hour's landed file.

Source: the shop's event collector, `events/{date:%Y/%m/%d/%H}.jsonl.gz`, one file an hour; 3,605 lines in 72 hours.
A file that holds a line received in another hour is refused. Kept as they are: events sent twice, events that arrive an
hour late, kinds in capitals, products that are not sold, and `properties`, an object, as its JSON text. Up to a fifth
of an hour's lines may be of events sent twice (`event_id_unique` warns of more), as `events` leaves the second out.
"""

import pyarrow as pa

from examples.shop.datasets.calendar import HOURS, received_in
from flow_assets import (
    DatasetSchema,
    Float64,
    Int32,
    Int64,
    PartitionContext,
    Rule,
    String,
    TimestampUtc,
    column,
    dataset,
    ge,
    gt,
    landed,
    row_rule,
    str_matches,
    unique,
)


class RawEvents(DatasetSchema):
    """Fields as in the source."""

    line_number: Int64 = column("Line of the landed file, 1 for the first")
    event_id: String = column(
        "Identity that the visitor's browser gave the event", rules=[unique(severity="warn", tolerance=0.2)]
    )
    received_at: TimestampUtc = column("When the shop received it")
    occurred_at: TimestampUtc = column("When it happened, by the browser's clock")
    customer_id: Int64 = column("Customer; null for a visitor who is not signed in", nullable=True)
    kind: String = column(
        "What happened: view, cart or purchase, now and then in capitals",
        rules=[str_matches("(?i)(view|cart|purchase)$")],
    )
    sku: String = column("Product")
    quantity: Int32 = column("How many; null for a view", nullable=True, rules=[ge(1)])
    price: Float64 = column("Price of one as shown", unit="euros", rules=[gt(0)])
    properties: String = column("What else the browser told, as JSON")

    @classmethod
    def rules(cls) -> list[Rule]:
        """Nothing is told before it happened."""
        return [row_rule("occurred_at <= received_at", name="happens_before_it_is_received")]


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
