"""What exists? One dataset, one file: what a row is and what not to trust, its schema, its function.

Datasets know each other by name, never by import; `calendar.py` holds the partitions they share. Adding a dataset means
adding a file here and nothing anywhere else. Nothing here knows how a dataset is run, stored or scheduled.
"""
