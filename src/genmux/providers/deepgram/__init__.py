"""Deepgram: Aura, whose voices are part of the model's name, and transcription with speakers, utterances and words."""

from pathlib import Path

from genmux.contract.manifest import read_manifest
from genmux.contract.provider import Provider
from genmux.providers.deepgram.listen import ListenWire
from genmux.providers.deepgram.speak import SpeakWire

provider = Provider(
    manifest=read_manifest(Path(__file__).with_name("manifest.toml")),
    wires={"speak": SpeakWire(), "listen": ListenWire()},
)
