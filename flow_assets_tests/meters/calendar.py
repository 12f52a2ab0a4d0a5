"""The days."""

from flow_assets import DailyPartitions

DAILY = DailyPartitions("2024-03-01", end_date="2024-03-06")
