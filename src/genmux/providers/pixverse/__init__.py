"""PixVerse: videos, paid in credits."""

from pathlib import Path

from genmux.contract.error_map import error_map_of
from genmux.contract.manifest import read_manifest
from genmux.contract.provider import Provider
from genmux.contract.statuses import StatusTable
from genmux.providers.pixverse.auth import sign
from genmux.providers.pixverse.wire import PixVerseWire

manifest = read_manifest(Path(__file__).with_name("manifest.toml"))

provider = Provider(
    manifest=manifest,
    auth=sign,
    wires={"video": PixVerseWire(StatusTable(manifest.statuses), error_map_of(manifest.errors))},
)
