"""The store in a PostgreSQL, for several processes."""
