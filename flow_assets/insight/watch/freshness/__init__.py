"""What is late? `look` is the watch; `series` is what is there, `pace` how it came, `lateness` what is late of it."""

from flow_assets.insight.watch.freshness.look import freshness

__all__ = ["freshness"]
