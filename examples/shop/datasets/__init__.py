"""What exists: one dataset, one file; `calendar.py` holds the partitions they share."""
