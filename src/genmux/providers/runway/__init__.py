"""Runway: video, images and sound, paid in credits that it tells before and after."""

from pathlib import Path

from genmux.contract.failures import FailureTable
from genmux.contract.manifest import read_manifest
from genmux.contract.provider import Provider
from genmux.contract.statuses import StatusTable
from genmux.providers.runway.body import Placing, keyframes, picture, references, video
from genmux.providers.runway.wire import RunwayWire

ENDPOINTS: dict[str, tuple[str, Placing]] = {
    "image": ("/v1/text_to_image", references),
    "video": ("/v1/text_to_video", keyframes),
    "animate": ("/v1/image_to_video", keyframes),
    "restyle": ("/v1/video_to_video", video("promptVideo")),
    "edit": ("/v1/video_to_video", video("videoUri")),
    "upscale": ("/v1/image_upscale", picture("imageUri")),
    "sound": ("/v1/sound_effect", keyframes),
    "speech": ("/v1/text_to_speech", keyframes),
}
"""Each wire by the name that the manifest's operations give: where it sends, and how it places the inputs."""

manifest = read_manifest(Path(__file__).with_name("manifest.toml"))
provider = Provider(
    manifest=manifest,
    wires={
        name: RunwayWire(path, place, statuses=StatusTable(manifest.statuses), failures=FailureTable(manifest.errors))
        for name, (path, place) in ENDPOINTS.items()
    },
)
