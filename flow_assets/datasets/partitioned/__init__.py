"""Cleaned, keyed and in UTC: every defect of the source is repaired or kept on purpose, and counted."""
