"""xAI: the Grok models, which the manifest describes alone, and videos, which have a wire of their own."""

from pathlib import Path

from genmux.contract.failures import FailureTable
from genmux.contract.manifest import read_manifest
from genmux.contract.provider import Provider
from genmux.contract.statuses import StatusTable
from genmux.providers.xai.video import VideoWire

manifest = read_manifest(Path(__file__).with_name("manifest.toml"))
statuses, failures = StatusTable(manifest.statuses), FailureTable(manifest.errors)

provider = Provider(
    manifest=manifest,
    wires={
        "videos": VideoWire("/videos/generations", statuses, failures),
        "video_edits": VideoWire("/videos/edits", statuses, failures),
        "video_extensions": VideoWire("/videos/extensions", statuses, failures, user=False),
    },
)
