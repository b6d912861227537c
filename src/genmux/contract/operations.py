"""The closed list of operations: what a model can be asked to do."""

from typing import Literal, get_args

from genmux.types.calls import CallRequest
from genmux.types.chat import ChatRequest
from genmux.types.embed import EmbedRequest
from genmux.types.realtime import RealtimeTurn
from genmux.types.speech import SpeechRequest
from genmux.types.transcription import TranscriptionRequest

Operation = Literal[
    "chat",
    "embed",
    "rerank",
    "text_to_image",
    "image_to_image",
    "edit_image",
    "upscale",
    "text_to_video",
    "image_to_video",
    "video_to_video",
    "text_to_speech",
    "text_to_music",
    "text_to_sound",
    "transcribe",
    "realtime",
]
OPERATIONS: tuple[Operation, ...] = get_args(Operation)

KINDS: dict[str, tuple[Operation, ...]] = {
    "text": ("chat",),
    "embedding": ("embed", "rerank"),
    "image": ("text_to_image", "image_to_image", "edit_image", "upscale"),
    "video": ("text_to_video", "image_to_video", "video_to_video"),
    "audio": ("text_to_speech", "text_to_music", "text_to_sound", "transcribe"),
    "realtime": ("realtime",),
}
"""Which operations make a provider one of a kind."""

OUTPUTS: dict[Operation, str] = {
    operation: kind for kind in ("image", "video", "audio") for operation in KINDS[kind] if operation != "transcribe"
}
"""What the operations of jobs make."""

_ASKED: dict[type, Operation] = {
    ChatRequest: "chat",
    EmbedRequest: "embed",
    SpeechRequest: "text_to_speech",
    TranscriptionRequest: "transcribe",
    RealtimeTurn: "realtime",
}


def operation_of(request: CallRequest) -> Operation:
    """What a request asks for."""
    return _ASKED[type(request)]
