"""How is a dataset made?

Compute, conform, write, publish, measure: everything between a plan and a publication, for Dagster and for tests alike.
Only this room publishes. What Dagster sees of it lies in `skin`.
"""
