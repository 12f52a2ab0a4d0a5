"""A web shop's events: hourly, by category, by month, and customers by age."""
