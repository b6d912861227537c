"""Budgets, holds and the lines of the ledger as rows."""
