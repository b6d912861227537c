"""What is installed: which providers there are, where they come from, and whether each can be used."""

from genmux.services.registry.info import ProviderInfo
from genmux.services.registry.registry import Registry

__all__ = ["ProviderInfo", "Registry"]
