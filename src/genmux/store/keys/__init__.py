"""Organisations, teams, keys, shared rate limits and the audit log as rows."""
