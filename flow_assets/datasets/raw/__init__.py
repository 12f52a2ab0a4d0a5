"""What sources delivered, line by line: typed, nothing dropped, nothing repaired, names as in the source."""
