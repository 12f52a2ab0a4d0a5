"""When, and whom do we tell?

For now: when data arrives, in `landing`; which runs to ask Dagster for, in `requesting`. Automation asks rooms below
what is to be done, and never computes.
"""
