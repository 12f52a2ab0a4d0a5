"""How fast is it, beside what?

One file a measurement; `subjects/` holds the programs that are measured, and `results/` what came out. `python -m
benchmarks --help` says how to run them, `docs/benchmarks.md` how to read them.
"""
