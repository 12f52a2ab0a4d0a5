"""One page that people look at: what is there, how it went, and what is off.

`gather` reads the ledger and makes values of it; `render` makes a page of the values that needs nothing but itself.
"""
