"""The composition root: the only place that puts services and flows together."""

from genmux.app.app import App

__all__ = ["App"]
