"""Accounts with their sealed credentials, and who uses them at the moment."""
