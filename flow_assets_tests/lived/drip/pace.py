"""How fast it goes."""

SECONDS = 0.0
