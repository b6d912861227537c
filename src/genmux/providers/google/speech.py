"""Gemini's speech: an answer whose modality is sound (`:generateContent`), whole or as events.

Older models stream and answer samples; those of 3.8 answer with a WAV file where it comes whole, of which the samples are taken.

Sources: google-genai 3.6.1 (fields), docs.cloud.google.com/gemini-enterprise-agent-platform/models/text-to-speech (migration guide),
recorded traffic of 2.5; read 2026-11-27. Not verified: that the Gemini API itself takes `speechMetadata` (its SDK sends it there).
"""

from collections.abc import Iterable

from genmux.contract.asked import heeded, own_fields, voice_of
from genmux.contract.error_map import ErrorMap, classify, stream_error
from genmux.contract.http import HttpReply, WireEvent, json_request, malformed
from genmux.contract.model import Model
from genmux.contract.speaking import spoken
from genmux.contract.statuses import StatusTable, UnknownStatusError
from genmux.contract.wires import Encoded, Sent
from genmux.providers.google.content import ANSWER, Answer
from genmux.providers.google.ending import ending_of
from genmux.providers.google.sound import Sound, sounds_in
from genmux.providers.google.usage import content_usage
from genmux.types.content import Fields
from genmux.types.errors import ErrorKind, ProviderError, Retry
from genmux.types.parts import UsagePart
from genmux.types.speech import SpeechDelta, SpeechPart, SpeechRequest, SpeechResult, SpeechStart
from genmux.types.usage import Usage


class SpeechWire:
    """One request, whose answer is sound."""

    def __init__(self, statuses: StatusTable, errors: ErrorMap) -> None:
        self._statuses = statuses
        self._errors = errors

    def encode(self, request: SpeechRequest, model: Model, *, stream: bool = False) -> Encoded:
        """Write the request."""
        voice, usual = voice_of(request, model)
        known, warnings = heeded(request, model, ("speed", "language", "instructions", "seed"))
        part: Fields = {"text": request.text}
        if "instructions" in known:
            part["speechMetadata"] = {"style": known["instructions"]}
        speech: Fields = {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": voice}}}
        if "language" in known:
            speech["languageCode"] = known["language"]
        own, foreign = own_fields(request)
        body: Fields = {
            **own,
            "contents": [{"role": "user", "parts": [part]}],
            "generationConfig": {"responseModalities": ["AUDIO"], "speechConfig": speech},
        }
        call = "streamGenerateContent?alt=sse" if stream else "generateContent"
        return Encoded(json_request(f"/models/{model.wire_id}:{call}", body, stream=stream), usual + warnings + foreign)

    def decode(self, reply: HttpReply, sent: Sent[SpeechRequest]) -> SpeechResult:
        """Read the sound. Raises ProviderError where there is none: it was refused, or the model spoke in writing."""
        del sent
        told = reply.read(ANSWER)
        if told.error is not None:
            raise classify(reply, self._errors)
        sounds = sounds_in(told)
        if not sounds:
            raise silence(told, self._statuses)
        audio = b"".join(one.data for one in sounds)
        return spoken(audio, sounds[0].format, usage=content_usage(told.usage_metadata), status=reply.status)

    def reader(self, sent: Sent[SpeechRequest]) -> "SpeechReader":
        """Start reading one stream."""
        del sent
        return SpeechReader(self._statuses, self._errors)


class SpeechReader:
    """Reads a stream of answers. The last one says why it ended, and what was used."""

    def __init__(self, statuses: StatusTable, errors: ErrorMap) -> None:
        self._statuses = statuses
        self._errors = errors
        self._first: Sound | None = None
        self._last = Answer()
        self._usage: Usage | None = None

    def feed(self, event: WireEvent) -> Iterable[SpeechPart]:
        """One answer. Raises ProviderError."""
        told = event.read(ANSWER)
        if told.error is not None:
            raise stream_error({"error": told.error}, self._errors)
        for one in sounds_in(told):
            if self._first is None:
                self._first = one
                yield SpeechStart(format=one.format)
            yield SpeechDelta(one.data)
        if told.usage_metadata is not None:
            self._usage = content_usage(told.usage_metadata)
        if told.prompt_feedback is not None or any(one.finish_reason for one in told.candidates):
            self._last = told

    def close(self) -> Iterable[SpeechPart]:
        """The end: what was used. Raises ProviderError where there was no sound, or the end came too early."""
        if self._first is None:
            raise silence(self._last, self._statuses)
        if not self._last.candidates:
            raise malformed("the stream ended before it said why")
        return () if self._usage is None else (UsagePart(self._usage),)


def silence(told: Answer, statuses: StatusTable) -> ProviderError:
    """The error for an answer without a sound."""
    raw, words = ending_of(told)
    try:
        filtered = statuses(raw) == "filtered"
    except UnknownStatusError:
        filtered = False
    message = f"no sound was made ({raw})" + (f": {words}" if words else "")
    if filtered:
        return ProviderError(message, kind=ErrorKind.CONTENT_FILTERED, code=raw, retry=Retry.NEVER)
    return ProviderError(message, kind=ErrorKind.SERVER, code=raw, retry=Retry.UNSURE)
