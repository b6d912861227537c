"""Deepgram: Aura, whose voices are part of the model's name, and transcription, live or with speakers, utterances and words."""

from pathlib import Path

from genmux.contract.error_map import error_map_of
from genmux.contract.manifest import read_manifest
from genmux.contract.provider import Provider
from genmux.providers.deepgram.flux import flux_wire
from genmux.providers.deepgram.listen import ListenWire
from genmux.providers.deepgram.speak import SpeakWire

manifest = read_manifest(Path(__file__).with_name("manifest.toml"))
provider = Provider(
    manifest=manifest,
    wires={"speak": SpeakWire(), "listen": ListenWire(), "flux": flux_wire(error_map_of(manifest.errors))},
)
