"""How did it go, and what next?

Reads the ledger, and tells what is there.
"""
