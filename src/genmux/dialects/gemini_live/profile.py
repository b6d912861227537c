"""What differs between the hosts and models that speak this dialect: the options of a manifest's wire."""

from collections.abc import Mapping
from typing import Any

import msgspec

from genmux.contract.sessions import Capabilities
from genmux.dialects.gemini_live.schema import NAME
from genmux.types.audio import AudioFormat
from genmux.types.errors import ConfigurationError
from genmux.types.realtime import Modality

RATES = (16_000, 8_000, 24_000, 32_000, 44_100, 48_000)
"""Of what goes in: any, as long as it is told truly; the first is what the models hear at (ai.google.dev, Live API, 2026-11)."""

USUAL = Capabilities(
    turn_owner="server",
    input_formats=tuple(AudioFormat(sample_rate=rate) for rate in RATES),
    output_formats=(AudioFormat(sample_rate=24_000),),
    commits=True,
    answers_tools=True,
    mutable=frozenset({"instructions", "tools"}),
    roles=frozenset({"user", "assistant"}),
    images=True,
    transcribes_input=True,
    interim_transcripts=True,
    resumable=True,
    longest_connection=600,
)
"""What the sessions can do; a connection lasts about 10 minutes (the same)."""

UNCOMPRESSED = 900.0
"""Seconds that a session lasts whose context is not compressed (the same; with pictures, 120)."""


class Profile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options.

    - `path`: the socket's path on the host.
    - `version`: the ending of the provider's base URL that is not part of the host's address.
    - `model_prefix`: what stands before a model's name.
    - `defaults`: what is always in the setup; parameters win.
    - `compress`: the context is compressed when it is full, so that a session may last.
    - `modalities`: what the models can answer with.
    - `context_updates`: instructions and tools can be changed in a session.
    - `capabilities`: what the sessions can do, where that is not as usual.
    - `append_bytes`: the most of sound that goes into one message.
    """

    path: str = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"
    version: str = "/v1beta"
    model_prefix: str = "models/"
    defaults: dict[str, Any] = msgspec.field(default_factory=dict)
    compress: bool = True
    modalities: tuple[Modality, ...] = ("audio", "text")
    context_updates: bool = True
    capabilities: dict[str, Any] = msgspec.field(default_factory=dict)
    append_bytes: int = 1_048_576


def read_profile(options: Mapping[str, Any]) -> tuple[Profile, Capabilities]:
    """The options of a manifest. Raises ConfigurationError that names the option that is unknown or wrong."""
    try:
        profile = msgspec.convert(dict(options), Profile)
        usual = msgspec.structs.asdict(USUAL)
        if not profile.context_updates:
            usual["mutable"] = frozenset()
        if not profile.compress:
            usual["longest_session"] = UNCOMPRESSED
        capabilities = msgspec.convert(usual | profile.capabilities, Capabilities, from_attributes=True)
    except msgspec.ValidationError as error:
        raise _wrong(str(error)) from error
    if unknown := sorted(set(profile.capabilities) - set(Capabilities.__struct_fields__)):
        raise _wrong(f"there are no capabilities {', '.join(unknown)}; {', '.join(Capabilities.__struct_fields__)} are")
    return profile, capabilities


def _wrong(fault: str) -> ConfigurationError:
    known = ", ".join(Profile.__struct_fields__)
    return ConfigurationError(f"options of the dialect {NAME}: {fault}; the options are {known}")
