"""What differs between hosts."""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from genmux.dialects.openai_audio.schema import NAME, SPEECH, TRANSCRIPTIONS, TRANSLATIONS, Granularity, ResponseFormat
from genmux.types.errors import ConfigurationError

SPEECH_FIELDS = ("instructions", "speed")
TRANSCRIPTION_FIELDS = ("language", "prompt", "temperature")


class Profile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What differs between hosts. A wire speaks (`text_to_speech`) or listens (`transcribe`); each has its own options.

    - `operation`: which of both the wire does.
    - `speech`: the path for speech, added to the base URL.
    - `transcriptions`: the path for transcriptions.
    - `translations`: the path for translations into English; empty where the host has none.
    - `streams`: whether the answer can come in parts.
    - `takes`: the fields that the host takes beside those that it needs; without it `instructions` and `speed` for speech,
      `language`, `prompt` and `temperature` for transcriptions. Others are left out with a warning.
    - `rename`: what the host calls a field, such as `{voice = "voice_id"}`.
    - `defaults`: fields that are always sent; parameters of the same name win.
    - `format_names`: what the host calls an encoding of sound, such as `{opus = "ogg"}`.
    - `sample_rate`: in Hz, of the sound that the host makes when it is not asked for another.
    - `voice_ids`: a voice whose name begins so goes as `{"id": …}`; empty where all go as text.
    - `events`: whether speech is asked for as events (`stream_format`), which tell the usage; else it comes as bytes.
    - `json_speech`: whether speech comes as base64 in JSON, and streamed (`stream`) as events that have it so.
    - `formats`: the values of `response_format` for transcripts; none where the host does not know the field.
    - `granularities`: the times that can be asked for.
    - `diarize`: the field by which speakers are asked for, where that is not the format `diarized_json`.
    - `url`: the field for the address of a sound; empty where the host fetches none.
    - `list_suffix`: what is put behind the name of a field of a form that may be there several times.
    """

    operation: Literal["text_to_speech", "transcribe"] = "text_to_speech"
    speech: str = SPEECH
    transcriptions: str = TRANSCRIPTIONS
    translations: str = TRANSLATIONS
    streams: bool = True
    takes: tuple[str, ...] | None = None
    rename: dict[str, str] = msgspec.field(default_factory=dict)
    defaults: dict[str, Any] = msgspec.field(default_factory=dict)
    format_names: dict[str, str] = msgspec.field(default_factory=dict)
    sample_rate: int = 24_000
    voice_ids: str = ""
    events: bool = False
    json_speech: bool = False
    formats: tuple[ResponseFormat, ...] = ("json", "verbose_json", "diarized_json")
    granularities: tuple[Granularity, ...] = ("word", "segment")
    diarize: str = ""
    url: str = ""
    list_suffix: str = "[]"

    @property
    def taken(self) -> tuple[str, ...]:
        """The fields that may be sent."""
        if self.takes is not None:
            return self.takes
        return SPEECH_FIELDS if self.operation == "text_to_speech" else TRANSCRIPTION_FIELDS


def read_profile(options: Mapping[str, Any]) -> Profile:
    """The options of a manifest. Raises ConfigurationError that names the option that is unknown or wrong."""
    try:
        return msgspec.convert(dict(options), Profile)
    except msgspec.ValidationError as error:
        known = ", ".join(Profile.__struct_fields__)
        message = f"options of the dialect {NAME}: {error}; the options are {known}"
        raise ConfigurationError(message) from error
