"""Is the data good? `look` is the watch over `broken_rules` and over metrics `drifting` within their limits."""
