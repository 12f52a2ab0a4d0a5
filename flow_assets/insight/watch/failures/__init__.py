"""What failed? `look` is the watch over partitions, runs, and what stands still: sensors, schedules, daemons."""

from flow_assets.insight.watch.failures.look import failures

__all__ = ["failures"]
