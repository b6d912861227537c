"""Checks of our own: small scripts that `make check` runs and tests/unit/tools tests."""
