"""The ledger's tables of alerts: what is open and became of it, who was told, what is not to be, and the last look."""

from sqlalchemy import Boolean, Column, Float, Index, Integer, String, Table, Text, text

from flow_assets.ledger.tables import METADATA

__all__ = ["METADATA", "alert_events", "alerts", "deliveries", "looks", "silences"]

_UNRESOLVED = text("resolved_at IS NULL")

alerts = Table(
    "alerts",
    METADATA,
    Column("environment", String, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("watch", String, nullable=False),
    Column("identity", String, nullable=False),
    Column("finding", Text, nullable=False),
    Column("owners", Text, nullable=False, server_default="[]"),
    Column("parts", Text, nullable=False, server_default="{}"),
    Column("opened_at", Float, nullable=False),
    Column("seen_at", Float, nullable=False),
    Column("unseen_since", Float),
    Column("resolved_at", Float),
    Column("acknowledged_by", String, nullable=False, server_default=""),
    Column("note", Text, nullable=False, server_default=""),
    Column("former", Integer),
    Column("reopenings", Integer, nullable=False, server_default="0"),
    Column("is_by_hand", Boolean, nullable=False, server_default="0"),  # somebody resolved it
    Column("is_dismissed", Boolean, nullable=False, server_default="0"),  # and the same is found since
    Column("is_muted", Boolean, nullable=False, server_default="0"),
    Column("is_routed", Boolean, nullable=False, server_default="0"),
    Column("is_settled", Boolean, nullable=False, server_default="0"),
    Index(
        "one_alert_for_one_cause",
        "environment",
        "watch",
        "identity",
        unique=True,
        sqlite_where=_UNRESOLVED,
        postgresql_where=_UNRESOLVED,
    ),
    Index("alerts_of_an_identity", "environment", "watch", "identity", "number"),
)

alert_events = Table(
    "alert_events",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("environment", String, nullable=False),
    Column("number", Integer, nullable=False),
    Column("at", Float, nullable=False),
    Column("kind", String, nullable=False),
    Column("who", String, nullable=False, server_default=""),
    Column("note", Text, nullable=False, server_default=""),
    Index("events_of_an_alert", "environment", "number"),
)

deliveries = Table(
    "deliveries",
    METADATA,
    Column("environment", String, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("destination", String, primary_key=True),
    Column("step", Integer, primary_key=True),
    Column("transition", String, nullable=False),
    Column("severity", String, nullable=False),
    Column("state", String, nullable=False),
    Column("at", Float, nullable=False),
    Column("due_at", Float, nullable=False),
    Column("ended_at", Float),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("error", Text, nullable=False, server_default=""),
    Column("lease", Text, nullable=False, server_default=""),
    Index("deliveries_by_state", "environment", "state", "destination"),
)

silences = Table(
    "silences",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("environment", String, nullable=False),
    Column("number", Integer),
    Column("dataset", String, nullable=False, server_default=""),
    Column("watch", String, nullable=False, server_default=""),
    Column("owner", String, nullable=False, server_default=""),
    Column("until", Float, nullable=False),
    Column("who", String, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Column("at", Float, nullable=False),
    Column("ended_at", Float),
    Index("silences_by_end", "environment", "until"),
)

looks = Table(
    "looks",
    METADATA,
    Column("environment", String, primary_key=True),
    Column("at", Float, nullable=False),
)
