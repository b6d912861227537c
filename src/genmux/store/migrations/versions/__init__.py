"""The steps, in files that Alembic reads."""
