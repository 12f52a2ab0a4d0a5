"""Helpers."""

FACTOR = 10


def scaled(column):
    return f"{column} * {FACTOR}"
