"""Google: pictures and speech of Gemini, videos of Omni and Veo."""

from pathlib import Path

from genmux.contract.error_map import error_map_of
from genmux.contract.failures import FailureTable
from genmux.contract.manifest import read_manifest
from genmux.contract.provider import Provider
from genmux.contract.statuses import StatusTable
from genmux.providers.google.images import ImagesWire
from genmux.providers.google.omni import OmniWire
from genmux.providers.google.speech import SpeechWire
from genmux.providers.google.veo import VeoWire

manifest = read_manifest(Path(__file__).with_name("manifest.toml"))
statuses, failures = StatusTable(manifest.statuses), FailureTable(manifest.errors)
provider = Provider(
    manifest=manifest,
    wires={
        "images": ImagesWire(statuses),
        "omni": OmniWire(statuses, failures),
        "speech": SpeechWire(statuses, error_map_of(manifest.errors)),
        "veo": VeoWire(statuses, failures),
    },
)
