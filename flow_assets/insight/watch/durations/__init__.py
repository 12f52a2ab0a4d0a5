"""Is anything slow, or does it hang? `look` is the watch; it judges `calls` and `ended_runs`, and what is `running`."""
