"""Kling: videos and pictures, at addresses of two editions of its API."""

from pathlib import Path
from typing import Any

from genmux.contract.error_map import error_map_of
from genmux.contract.failures import FailureTable
from genmux.contract.manifest import read_manifest
from genmux.contract.provider import Provider
from genmux.contract.statuses import StatusTable
from genmux.providers.kling import body, older_task
from genmux.providers.kling.auth import KlingAuth
from genmux.providers.kling.older_wire import OlderWire
from genmux.providers.kling.wire import TasksWire

manifest = read_manifest(Path(__file__).with_name("manifest.toml"))
tables: dict[str, Any] = {
    "statuses": StatusTable(manifest.statuses),
    "failures": FailureTable(manifest.errors),
    "errors": error_map_of(manifest.errors),
}

provider = Provider(
    manifest=manifest,
    auth=KlingAuth(),
    wires={
        "text": TasksWire("/text-to-video", body.from_text, **tables),
        "image": TasksWire("/image-to-video", body.from_pictures, **tables),
        "omni": TasksWire("/omni-video", body.from_anything, **tables),
        "older_text": OlderWire("/v1/videos/text2video", "video", older_task.video, **tables),
        "older_image": OlderWire("/v1/videos/image2video", "video", older_task.video, **tables),
        "picture": OlderWire("/v1/images/generations", "image", older_task.picture, **tables),
        "pictures": OlderWire("/v1/images/omni-image", "image", older_task.pictures, **tables),
    },
)
