"""The composition root: the only place that puts services and flows together."""

from genmux.app.app import NO_STORE, App, StoreRole

__all__ = ["NO_STORE", "App", "StoreRole"]
