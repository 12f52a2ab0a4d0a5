"""What is asked for without a person? Exactly what the plan calls for, and nothing twice.

`decide` says from values alone which runs to ask for; `memory` keeps a run that came to nothing from being asked for in
a hot loop; `words` says what was asked for and why; `in_hand` finds what Dagster's runs have in hand. Only that one
and `ticks`, the sensor and the schedule, know Dagster.
"""

from flow_assets.automation.requesting.ticks import REASON_TAG, build_schedules, build_sensors

__all__ = ["REASON_TAG", "build_schedules", "build_sensors"]
