"""Who looks, and when? One sensor a watch, and what they need to know of Dagster.

What is off is found by the watches in `insight.watch`, which know nothing of Dagster; here they are given what it
says, and what they find is handed to the alerts. A sensor here asks for no run. `flow watch` looks in the same way from
outside: it sees that Dagster itself does not run, or that the code does not load.
"""

from flow_assets.automation.watching.outside import look_from_outside
from flow_assets.automation.watching.ticks import build_watch_sensors

__all__ = ["build_watch_sensors", "look_from_outside"]
