"""What runs out? `look` is the watch over memory and disks, `machine` what there is of them."""

from flow_assets.insight.watch.resources.look import resources

__all__ = ["resources"]
