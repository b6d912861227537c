"""What differs between the hosts that speak this dialect: the options of a manifest's wire."""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from genmux.contract.sessions import Capabilities
from genmux.dialects.openai_realtime.schema import NAME, PLACES, RATE, TELEPHONE_RATE, Form, Place
from genmux.types.audio import AudioFormat
from genmux.types.errors import ConfigurationError

OFFERED = (
    AudioFormat(sample_rate=RATE),
    AudioFormat(encoding="pcmu", sample_rate=TELEPHONE_RATE),
    AudioFormat(encoding="pcma", sample_rate=TELEPHONE_RATE),
)
"""What OpenAI takes and gives (openai 3.54.0, `realtime_audio_formats`)."""

MUTABLE = frozenset(
    {
        "instructions",
        "modalities",
        "voice",
        "speed",
        "max_output_tokens",
        "turns",
        "transcription",
        "tools",
        "tool_choice",
        "params",
        "extra",
    }
)
"""What can be changed in a session; its voice only before it has spoken, else the provider says so."""

USUAL = Capabilities(
    turn_owner="server",
    input_formats=OFFERED,
    output_formats=OFFERED,
    truncates=True,
    cancels=True,
    commits=True,
    clears=True,
    deletes_items=True,
    creates_responses=True,
    mutable=MUTABLE,
    roles=frozenset({"user", "assistant", "system"}),
    images=True,
    reports_speech=True,
    transcribes_input=True,
    longest_connection=3_600,
    longest_session=3_600,
)
"""What OpenAI's own sessions can do; they last an hour (developers.openai.com/api/docs/guides/realtime, 2026-11)."""


class Profile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options.

    - `path`: added to the base URL; `{model}` in it stands for the model's name.
    - `query`: what is always in the query, such as `{api-version = "2025-10-01"}`.
    - `model`: where the model is named: in the `query`, in the `session`, or nowhere else than in the path (`absent`).
    - `model_query`: the name of the query's field for it.
    - `form`: `ga`, or `beta` for the flat session of before, whose header is then sent.
    - `places`: where settings stand, unlike in that form, by the names of `SessionConfig`: `{turns = "turn_detection"}`. An
      empty place is a setting that the host does not have.
    - `typed`: sessions name their type.
    - `rates`: whether the flat form tells the rate of what goes in (`input_audio_sampling_rate`).
    - `semantic`: turns can end by sense; else they end by silence.
    - `manual`: how turns that end by commits are asked for: by `null`, or by an `object` whose type is null.
    - `transcriber`: the model that writes down what the user says, where nobody names one.
    - `voice_type`: voices are objects of this type.
    - `plain_voices`: the voices that are none.
    - `defaults`: what is always in a session, such as `{truncation = "auto"}`; parameters win.
    - `capabilities`: what the sessions can do, where that is not what OpenAI's can.
    - `append_bytes`: the most of sound that goes into one message.
    """

    path: str = "/realtime"
    query: dict[str, str] = msgspec.field(default_factory=dict)
    model: Literal["query", "session", "absent"] = "query"
    model_query: str = "model"
    form: Form = "ga"
    places: dict[str, str] = msgspec.field(default_factory=dict)
    typed: bool = True
    rates: bool = False
    semantic: bool = True
    manual: Literal["null", "object"] = "null"
    transcriber: str = "gpt-realtime-whisper"
    voice_type: str | None = None
    plain_voices: tuple[str, ...] = ()
    defaults: dict[str, Any] = msgspec.field(default_factory=dict)
    capabilities: dict[str, Any] = msgspec.field(default_factory=dict)
    append_bytes: int = 3_145_728

    def place(self, setting: str) -> Place | None:
        """Where a setting stands; None where the host does not have it."""
        own = self.places.get(setting)
        if own is not None:
            return tuple(own.split(".")) if own else None
        return PLACES[self.form].get(setting)


def read_profile(options: Mapping[str, Any]) -> tuple[Profile, Capabilities]:
    """The options of a manifest. Raises ConfigurationError that names the option that is unknown or wrong."""
    try:
        profile = msgspec.convert(dict(options), Profile)
        merged = msgspec.structs.asdict(USUAL) | profile.capabilities
        capabilities = msgspec.convert(merged, Capabilities, from_attributes=True)
    except msgspec.ValidationError as error:
        raise _wrong(str(error)) from error
    if unknown := sorted(set(profile.capabilities) - set(Capabilities.__struct_fields__)):
        raise _wrong(f"there are no capabilities {', '.join(unknown)}; {', '.join(Capabilities.__struct_fields__)} are")
    return profile, capabilities


def _wrong(fault: str) -> ConfigurationError:
    known = ", ".join(Profile.__struct_fields__)
    return ConfigurationError(f"options of the dialect {NAME}: {fault}; the options are {known}")
