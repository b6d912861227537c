"""What can be asked in a call."""

from typing import Any

from genmux.types.chat import ChatRequest
from genmux.types.embed import EmbedRequest
from genmux.types.generation import GenerationRequest, Input
from genmux.types.realtime import RealtimeTurn
from genmux.types.speech import SpeechRequest
from genmux.types.transcription import TranscriptionRequest

VoiceRequest = SpeechRequest | TranscriptionRequest | RealtimeTurn
CallRequest = ChatRequest | EmbedRequest | VoiceRequest

_SPOKEN = ("voice", "format", "sample_rate", "speed", "language", "instructions", "seed")
_WRITTEN = ("language", "temperature", "diarize", "translate")


def as_generation(request: VoiceRequest) -> GenerationRequest:
    """The same as a generation, for all who count, check or estimate those: parameters by their canonical names."""
    if isinstance(request, SpeechRequest):
        return GenerationRequest(
            operation="text_to_speech",
            model=request.model,
            prompt=request.text,
            params={**_given(request, _SPOKEN), **request.params},
        )
    if isinstance(request, RealtimeTurn):
        turn = {"duration": round(request.seconds, 3), "turns": 1}
        return GenerationRequest(operation="realtime", model=request.model, params=turn)
    audio = request.audio
    source = Input(kind="audio", role="audio", seconds=audio.seconds, bytes=audio.size)
    return GenerationRequest(
        operation="transcribe",
        model=request.model,
        prompt=request.prompt or "",
        inputs=(source,),
        params={**_given(request, _WRITTEN), **request.params},
    )


def _given(request: VoiceRequest, names: tuple[str, ...]) -> dict[str, Any]:
    """What was said; False is as good as nothing."""
    return {name: value for name in names if (value := getattr(request, name)) not in (None, False)}
