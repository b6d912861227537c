"""The history of the store's tables. `genmux.store.migrating` brings a database to its end.

Each file in `versions/` is one step, named `NNNN_words.py`, whose four digits are its `revision`; `down_revision` is the
one before. A step says with explicit operations what it changes and never looks at today's tables. SQLite and PostgreSQL
run the same steps, each step in one transaction with all others that are due.
"""
