"""The native API under /api/v1, with its OpenAPI document. Imported when it is first asked for."""
