"""When, and whom do we tell?

For now: when data arrives, in `landing`. Automation asks rooms below for what is to be done, and never computes.
"""
