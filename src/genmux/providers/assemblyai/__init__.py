"""AssemblyAI: transcription, live or as a job, with speakers and the time of each word."""

from pathlib import Path

from genmux.contract.error_map import error_map_of
from genmux.contract.failures import FailureTable
from genmux.contract.manifest import read_manifest
from genmux.contract.provider import Provider
from genmux.contract.statuses import StatusTable
from genmux.providers.assemblyai.live import live_wire
from genmux.providers.assemblyai.wire import TranscriptWire

manifest = read_manifest(Path(__file__).with_name("manifest.toml"))
statuses, failures = StatusTable(manifest.statuses), FailureTable(manifest.errors)
provider = Provider(
    manifest=manifest,
    wires={"transcripts": TranscriptWire(statuses, failures), "live": live_wire(error_map_of(manifest.errors))},
)
