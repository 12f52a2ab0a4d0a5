"""The days."""

from flow_assets import DailyPartitions

DAILY = DailyPartitions("2013-01-01", end_date="2013-03-01")
