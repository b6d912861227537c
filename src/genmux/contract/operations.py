"""The closed list of operations: what a model can be asked to do."""

from typing import Literal, get_args

Operation = Literal[
    "chat",
    "embed",
    "rerank",
    "text_to_image",
    "image_to_image",
    "upscale",
    "text_to_video",
    "image_to_video",
    "video_to_video",
    "text_to_speech",
    "text_to_music",
    "transcribe",
    "realtime",
]
OPERATIONS: tuple[Operation, ...] = get_args(Operation)

KINDS: dict[str, tuple[Operation, ...]] = {
    "text": ("chat",),
    "embedding": ("embed", "rerank"),
    "image": ("text_to_image", "image_to_image", "upscale"),
    "video": ("text_to_video", "image_to_video", "video_to_video"),
    "audio": ("text_to_speech", "text_to_music", "transcribe"),
    "realtime": ("realtime",),
}
"""Which operations make a provider one of a kind."""
