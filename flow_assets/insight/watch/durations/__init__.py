"""Is anything slow, or does it hang? `look` is the watch; it judges `calls` and `spans`, and what is `running`."""
