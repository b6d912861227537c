"""Does a text to be spoken, or a sound to be written down, fit its model?"""

from collections.abc import Iterator

import msgspec

from genmux.contract.model import Model
from genmux.services.checks.generations import checked
from genmux.types.calls import VoiceRequest, as_generation
from genmux.types.errors import ValidationError
from genmux.types.realtime import RealtimeTurn
from genmux.types.speech import SpeechRequest
from genmux.types.transcription import TranscriptionRequest

OURS = ("format", "sample_rate", "language", "speed", "instructions", "temperature", "diarize", "translate", "seed")
"""What a model that says nothing of it is not asked for, or does without: conversion and warnings are for these."""


def voice_faults(request: VoiceRequest, model: Model) -> tuple[str, ...]:
    """Everything that is wrong with a request for this model, in words; empty when it fits."""
    if isinstance(request, RealtimeTurn):  # what a session may be is checked when it is opened
        return ()
    asked = as_generation(request)
    known = model.spec.params
    params = {name: value for name, value in asked.params.items() if name in known or name not in OURS}
    if "format" in params and known["format"].choices:  # another one is made out of what there is
        params.pop("format")
    found = [*_plain_faults(request)]
    try:
        checked(
            msgspec.structs.replace(asked, params=params, inputs=() if not model.spec.inputs else asked.inputs), model
        )
    except ValidationError as error:
        found += error.faults
    return tuple(found)


def _plain_faults(request: SpeechRequest | TranscriptionRequest) -> Iterator[str]:
    if isinstance(request, SpeechRequest):
        if not request.text.strip():
            yield "`text` is empty; say what is to be spoken"
        if request.speed is not None and not 0.1 <= request.speed <= 10:
            yield f"`speed` is {request.speed}; it must be 0.1 to 10"
        if request.sample_rate is not None and not 4_000 <= request.sample_rate <= 192_000:
            yield f"`sample_rate` is {request.sample_rate} Hz; it must be 4000 to 192000"
        return
    audio = request.audio
    if sum(one is not None for one in (audio.data, audio.path, audio.url)) != 1:
        yield "`audio` must be bytes, a path or a URL: exactly one of them"
    if audio.data is not None and not audio.data:
        yield "`audio` is empty; there is nothing to be written down"
