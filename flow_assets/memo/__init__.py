"""Must we do it again?

The fingerprint of a dataset's code, the key of a partition, the plan for all of them, and the explanation of each
decision. Deciding reads the ledger, the landing folder and the store's listing; it reads no data and no Dagster.
"""
