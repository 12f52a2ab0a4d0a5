"""Departures, a file a day."""
