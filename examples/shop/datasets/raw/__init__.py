"""Lines of what the shop's systems deliver, typed, nothing dropped."""
