"""Is anything slow, or does it hang? `look` is the watch; it judges `calls` and `spans`, and what is `running`."""

from flow_assets.insight.watch.durations.look import durations

__all__ = ["durations"]
