"""The manifests that come with genmux, whatever else is installed or configured on this machine."""

from collections.abc import Iterator

from genmux.contract.manifest import Manifest, read_manifest
from genmux.services.registry.discovery import built_in


def built_in_manifests() -> Iterator[Manifest]:
    """All of them, sorted by id."""
    return (read_manifest(place.manifest) for place in built_in() if place.manifest is not None)
