"""The words of OpenAI's audio: names, tables, and what replies and events are made of.

Sources: the types of the official SDK (openai 3.54), docs.mistral.ai (speech and transcription of Voxtral 2 and 3), groq-python 1.7,
read 2026-11-27; and recorded traffic.
"""

from typing import Any, Final, Literal

import msgspec

NAME: Final = "openai_audio"
"""By which the dialect is named, in manifests, in `dialect` fields, and in the `extra` of results."""

SPEECH: Final = "/audio/speech"
TRANSCRIPTIONS: Final = "/audio/transcriptions"
TRANSLATIONS: Final = "/audio/translations"

ResponseFormat = Literal["json", "text", "srt", "verbose_json", "vtt", "diarized_json"]
Granularity = Literal["word", "segment"]
StreamFormat = Literal["audio", "sse"]
Way = Literal["transcriptions", "translations"]

DONE: Final = b"[DONE]"
"""The data that ends a stream of a transcript."""

AUDIO_DELTA: Final = "speech.audio.delta"
AUDIO_DONE: Final = "speech.audio.done"
TEXT_DELTA: Final = "transcript.text.delta"
TEXT_SEGMENT: Final = "transcript.text.segment"
TEXT_DONE: Final = "transcript.text.done"

MEANINGS: dict[str, str] = {
    TEXT_DELTA: TEXT_DELTA,
    TEXT_SEGMENT: TEXT_SEGMENT,
    TEXT_DONE: TEXT_DONE,
    "transcription.text.delta": TEXT_DELTA,
    "transcription.segment": TEXT_SEGMENT,
    "transcription.done": TEXT_DONE,
}
"""What the events of a transcript mean: OpenAI's names, and Mistral's."""


class SpeechEvent(msgspec.Struct, kw_only=True):
    """One event of streamed speech, or a whole reply in JSON. `audio_data` is what Mistral calls the sound."""

    type: str = ""
    audio: str | None = None
    audio_data: str | None = None
    usage: dict[str, Any] | None = None
    error: Any = None

    @property
    def sound(self) -> str | None:
        """The sound in base64."""
        return self.audio if self.audio is not None else self.audio_data


SPEECH_EVENT: "msgspec.json.Decoder[SpeechEvent]" = msgspec.json.Decoder(SpeechEvent)
OBJECT: "msgspec.json.Decoder[dict[str, Any]]" = msgspec.json.Decoder(dict[str, Any])
