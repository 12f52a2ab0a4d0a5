"""Cleaned, keyed, in UTC."""
