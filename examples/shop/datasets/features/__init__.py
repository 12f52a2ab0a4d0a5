"""What models are fed with: known at the beginning of the hour it is for."""
