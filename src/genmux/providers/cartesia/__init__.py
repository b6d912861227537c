"""Cartesia: Sonic, which speaks with little delay, and Ink, which writes down."""

from pathlib import Path

from genmux.contract.error_map import error_map_of
from genmux.contract.manifest import read_manifest
from genmux.contract.provider import Provider
from genmux.providers.cartesia.ink import InkWire
from genmux.providers.cartesia.sonic import SonicWire

manifest = read_manifest(Path(__file__).with_name("manifest.toml"))
provider = Provider(manifest=manifest, wires={"sonic": SonicWire(error_map_of(manifest.errors)), "ink": InkWire()})
