"""Luma's Dream Machine: video and images, from text and from pictures."""

from pathlib import Path

from genmux.contract.failures import FailureTable
from genmux.contract.manifest import read_manifest
from genmux.contract.provider import Provider
from genmux.contract.statuses import StatusTable
from genmux.providers.luma.body import Shape, image, video
from genmux.providers.luma.wire import LumaWire

ENDPOINTS: dict[str, tuple[str, Shape]] = {
    "video": ("video", video),
    "image": ("image", image),
}
"""Each wire by the name that the manifest's operations give: where it sends, and the shape of its body."""

manifest = read_manifest(Path(__file__).with_name("manifest.toml"))
provider = Provider(
    manifest=manifest,
    wires={
        name: LumaWire(path, shape, statuses=StatusTable(manifest.statuses), failures=FailureTable(manifest.errors))
        for name, (path, shape) in ENDPOINTS.items()
    },
)
