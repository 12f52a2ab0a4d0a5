"""What is off? Each package is a watch: its `look` looks at a situation, says what it finds and changes nothing.

A watch is a function from a `Situation` to findings. What it finds is the same however often it looks, so that an alert
is opened once. Nothing here knows Dagster: what Dagster has to say comes as values, in `orchestration`.
"""
