"""Who looks, and when? One sensor a watch, and what they need to know of Dagster.

What is off is found by the watches in `insight.watch`, which know nothing of Dagster; here they are given what it
says, and what they find is handed to the alerts. A sensor here asks for no run. `flow watch` looks in the same way from
outside: it sees that Dagster itself does not run, or that the code does not load.
"""

from flow_assets.automation.watching.deployment import build_watches, watch_once

__all__ = ["build_watches", "watch_once"]
