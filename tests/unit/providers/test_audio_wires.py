"""Each host of OpenAI's audio dialect is spoken to as it wants it."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from genmux.contract.http import Form
from genmux.contract.manifest import inherit
from genmux.contract.model import Model
from genmux.contract.wires import Encoded
from genmux.services import prices
from genmux.services.registry import Registry
from genmux.types.errors import UnsupportedError
from genmux.types.speech import SpeechRequest
from genmux.types.transcription import AudioFile, TranscriptionRequest

REGISTRY = Registry()
SOUND = AudioFile(data=b"RIFF", media_type="audio/wav", name="a.wav", size=4)


def model_of(provider_id: str, name: str) -> Model:
    manifest = REGISTRY.manifest(provider_id)
    spec = inherit(manifest.models[name], manifest.model_defaults)
    return Model(provider=provider_id, id=name, wire_id=spec.wire_id or name, spec=spec)


def wire_of(provider_id: str, name: str) -> Any:
    (wire,) = model_of(provider_id, name).spec.operations.values()
    return REGISTRY.load(provider_id).wires[wire]


def spoken(provider_id: str, name: str, *, stream: bool = False, **fields: Any) -> Encoded:
    request = SpeechRequest(model=name, text="Hi", **fields)
    return wire_of(provider_id, name).encode(request, model_of(provider_id, name), stream=stream)


def written(provider_id: str, name: str, **fields: Any) -> Encoded:
    request = TranscriptionRequest(model=name, audio=fields.pop("audio", SOUND), **fields)
    return wire_of(provider_id, name).encode(request, model_of(provider_id, name))


def body(sent: Encoded) -> dict[str, Any]:
    if isinstance(sent.http.body, Form):
        return {field.name: field.value for field in sent.http.body.fields if field.name != "file"}
    return msgspec.json.decode(sent.http.document or b"")


def test_openai_is_asked_for_events_where_it_has_them_since_they_tell_the_tokens() -> None:
    assert body(spoken("openai", "gpt-4o-mini-tts", instructions="Softly.")) == {
        "model": "gpt-4o-mini-tts",
        "input": "Hi",
        "voice": "alloy",
        "instructions": "Softly.",
        "stream_format": "sse",
    }
    plain = spoken("openai", "tts-1-hd", instructions="Softly.", stream=True)
    assert "stream_format" not in body(plain)
    assert [one.field for one in plain.warnings] == ["instructions"]


@pytest.mark.parametrize(
    ("name", "wishes", "response_format"),
    [
        ("gpt-transcribe", {"words": True, "diarize": True}, "json"),
        ("gpt-4o-mini-transcribe", {"segments": True}, "json"),
        ("whisper-1", {"words": True}, "verbose_json"),
        ("gpt-4o-transcribe-diarize", {"diarize": True}, "diarized_json"),
    ],
)
def test_openai_is_asked_for_the_format_that_each_model_has(
    name: str, wishes: dict[str, Any], response_format: str
) -> None:
    sent = written("openai", name, **wishes)
    assert body(sent)["response_format"] == response_format
    assert bool(sent.warnings) == (response_format == "json")


def test_openai_cuts_what_is_to_be_told_apart_by_speakers_and_takes_no_prompt_for_it() -> None:
    sent = written("openai", "gpt-4o-transcribe-diarize", diarize=True, prompt="names")
    assert body(sent)["chunking_strategy"] == "auto"
    assert [one.field for one in sent.warnings] == ["prompt"]


def test_whisper_is_heard_whole_and_others_as_the_text_comes() -> None:
    assert not hasattr(wire_of("openai", "whisper-1"), "reader")
    assert hasattr(wire_of("openai", "gpt-transcribe"), "reader")
    assert not hasattr(wire_of("groq", "whisper-large-v3"), "reader")
    assert hasattr(wire_of("mistral", "voxtral-mini-transcribe-3"), "reader")


def test_groq_fetches_addresses_and_only_the_large_model_translates() -> None:
    sent = written("groq", "whisper-large-v3", audio=AudioFile(url="https://a.test/a.mp3"), translate=True)
    assert (sent.http.url, body(sent)["url"]) == ("/audio/translations", "https://a.test/a.mp3")
    with pytest.raises(UnsupportedError, match="whisper-large-v3-turbo does not translate"):
        written("groq", "whisper-large-v3-turbo", translate=True)


def test_groq_speaks_with_a_voice_of_its_own_and_takes_no_speed() -> None:
    sent = spoken("groq", "canopylabs/orpheus-v1-english", format="wav", speed=1.5)
    assert body(sent) == {
        "model": "canopylabs/orpheus-v1-english",
        "input": "Hi",
        "voice": "autumn",
        "response_format": "wav",
    }
    assert [one.field for one in sent.warnings] == ["speed"]


def test_mistral_has_a_form_of_its_own() -> None:
    sent = written(
        "mistral",
        "voxtral-mini-2602",
        language="fr",
        segments=True,
        words=True,
        diarize=True,
        prompt="x",
        audio=AudioFile(url="https://a.test/a.mp3"),
        params={"context_bias": ["Chablis"]},
    )
    assert body(sent) == {
        "model": "voxtral-mini-2602",
        "language": "fr",
        "timestamp_granularities": "segment",
        "diarize": "true",
        "context_bias": "Chablis",
        "file_url": "https://a.test/a.mp3",
    }
    assert [one.field for one in sent.warnings] == ["prompt", "words"]


def test_mistral_gives_speech_in_json_and_as_events() -> None:
    whole, streamed = (spoken("mistral", "voxtral-mini-tts-3", format="mp3", stream=stream) for stream in (False, True))
    assert body(whole) == {
        "model": "voxtral-mini-tts-3",
        "input": "Hi",
        "voice_id": "gb_jane_neutral",
        "response_format": "mp3",
    }
    assert body(streamed) == {**body(whole), "stream": True}


@pytest.mark.parametrize("provider_id", ["openai", "groq", "mistral"])
def test_every_model_of_sound_has_a_price(provider_id: str) -> None:
    catalogue = Path(prices.__file__).with_name("catalogue") / f"{provider_id}.json"
    priced = msgspec.json.decode(catalogue.read_bytes())["models"]
    for name in REGISTRY.manifest(provider_id).models:
        if model_of(provider_id, name).spec.operations.keys() & {"text_to_speech", "transcribe"}:
            assert name in priced
