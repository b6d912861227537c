"""ElevenLabs: speech with times and many voices, and Scribe, which writes down what was said."""

from pathlib import Path

from genmux.contract.error_map import error_map_of
from genmux.contract.manifest import read_manifest
from genmux.contract.provider import Provider
from genmux.providers.elevenlabs.scribe import ScribeWire
from genmux.providers.elevenlabs.speech import SpeechWire

manifest = read_manifest(Path(__file__).with_name("manifest.toml"))
provider = Provider(
    manifest=manifest, wires={"speech": SpeechWire(error_map_of(manifest.errors)), "scribe": ScribeWire()}
)
