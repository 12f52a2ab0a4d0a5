"""What failed? `look` is the watch over partitions, runs, and what stands still: sensors, schedules, daemons."""
