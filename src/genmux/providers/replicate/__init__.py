"""Replicate: predictions by version, by official model and by deployment."""

from pathlib import Path

from genmux.contract.manifest import read_manifest
from genmux.contract.provider import Provider
from genmux.providers.replicate.wire import Predictions

_MANIFEST = read_manifest(Path(__file__).with_name("manifest.toml"))

provider = Provider(manifest=_MANIFEST, wires={"predictions": Predictions(_MANIFEST)})

__all__ = ["provider"]
