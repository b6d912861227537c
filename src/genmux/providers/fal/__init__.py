"""fal: models of many makers behind one queue."""

from pathlib import Path

from genmux.contract.manifest import read_manifest
from genmux.contract.provider import Provider
from genmux.providers.fal.wire import Queue

_MANIFEST = read_manifest(Path(__file__).with_name("manifest.toml"))

provider = Provider(manifest=_MANIFEST, wires={"queue": Queue(_MANIFEST)})

__all__ = ["provider"]
