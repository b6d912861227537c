"""The Python facade."""
