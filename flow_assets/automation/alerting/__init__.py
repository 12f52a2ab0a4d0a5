"""Whom do we tell? Routes lead from alerts to destinations, and what is due is delivered to them."""
