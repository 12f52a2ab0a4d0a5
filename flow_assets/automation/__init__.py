"""When, and whom do we tell?

When data arrives, in `landing`; which runs to ask Dagster for, in `requesting`; who looks whether anything is off, in
`watching`; whom that is told, in `alerting`. Automation asks rooms below what is to be done, and never computes.
"""
