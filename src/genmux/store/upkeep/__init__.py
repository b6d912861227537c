"""Looking after a store: backup, restore, retention, and what is in it."""
