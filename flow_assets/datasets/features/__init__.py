"""What a model may know of a flight at its scheduled departure, and what it is to predict.

A feature uses nothing that became known later: `departure_known_utc`, `outcome_known_utc` and the weather's `known_utc`
say when. `delay_training_set` joins the features with the label.
"""
