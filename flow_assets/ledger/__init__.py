"""What do we hold now?

The ledger is a SQL database: the current version of every partition, the whole history of changes, what failed and
why, who is computing what at the moment, the KPIs of every publication, and the alerts. It never holds data. Losing it
loses history, KPIs, holds and alerts, but no computed partition: those are found again in the store.
"""

from flow_assets.ledger.alerts import Alerts
from flow_assets.ledger.changes import Block, Failure, HistoryEntry, Judgement, Kpi, Publication
from flow_assets.ledger.claims import Claims, Owner
from flow_assets.ledger.database import open_database
from flow_assets.ledger.holdings import Holding, Holdings
from flow_assets.ledger.states import PartitionStates, States, replace_states

__all__ = [
    "Alerts",
    "Block",
    "Claims",
    "Failure",
    "HistoryEntry",
    "Holding",
    "Holdings",
    "Judgement",
    "Kpi",
    "Owner",
    "PartitionStates",
    "Publication",
    "States",
    "open_database",
    "replace_states",
]
