"""No setting of a caller changes which model is asked, and for which text: that was allowed, and its price is held."""

from typing import Any

import msgspec
import pytest

from genmux.contract.http import Form, HttpRequest
from genmux.types.realtime import SendText, SessionConfig
from tests.unit.providers.voiced import Voiced, body, form, query

THEIRS: dict[str, Any] = dict.fromkeys(
    ("model", "model_id", "speech_model", "speech_models", "input", "text", "transcript", "contents", "context_id"),
    "theirs",
)
SPEECH = [
    Voiced("cartesia", "sonic-3"),
    Voiced("elevenlabs", "eleven_flash_v2_5"),
    Voiced("deepgram", "aura-2"),
    Voiced("google", "gemini-3.8-flash-tts"),
    Voiced("openai", "gpt-4o-mini-tts"),
]
TRANSCRIPTS = [
    Voiced("cartesia", "ink-whisper"),
    Voiced("elevenlabs", "scribe_v2"),
    Voiced("deepgram", "nova-3"),
    Voiced("openai", "gpt-4o-transcribe"),
]
SESSIONS = [
    Voiced("deepgram", "flux-general"),
    Voiced("assemblyai", "universal-streaming-english"),
    Voiced("google", "gemini-3.8-live"),
    Voiced("openai", "gpt-realtime"),
]
SAYING = [Voiced("cartesia", "sonic-3"), Voiced("elevenlabs", "eleven_flash_v2_5")]


def named(voiced: Voiced) -> str:
    return voiced.model.reference


def said(http: HttpRequest) -> dict[str, Any]:
    """Everything that a request says of the model and the text."""
    told = form(http) if isinstance(http.body, Form) else body(http) if (http.document or b"")[:1] == b"{" else {}
    return {name: value for name, value in {**query(http)[1], **told}.items() if name in THEIRS}


@pytest.mark.parametrize("voiced", [*SPEECH, *TRANSCRIPTS], ids=named)
@pytest.mark.parametrize("way", ["params", "extra"])
def test_a_setting_does_not_replace_the_model_or_the_text(voiced: Voiced, way: str) -> None:
    ask = voiced.speech if voiced in SPEECH else voiced.sound
    more: dict[str, Any] = {"voice": "v"} if voiced in SPEECH else {}
    plain = said(voiced.encoded(ask(**more)).http)
    assert plain
    more[way] = THEIRS
    told = said(voiced.encoded(ask(**more)).http)
    assert {name: told[name] for name in plain} == plain


@pytest.mark.parametrize("voiced", [*SPEECH, *TRANSCRIPTS], ids=named)
def test_a_field_of_another_dialect_stays_here_with_a_warning(voiced: Voiced) -> None:
    ask = voiced.speech if voiced in SPEECH else voiced.sound
    more: dict[str, Any] = {"voice": "v"} if voiced in SPEECH else {}
    encoded = voiced.encoded(ask(**more, dialect="elsewhere", extra={"colour": "blue"}))
    assert "blue" not in repr(encoded.http)
    assert [one.detail for one in encoded.warnings if one.field == "extra"] == [
        "fields of elsewhere have no place here: colour"
    ]


@pytest.mark.parametrize("voiced", SESSIONS, ids=named)
def test_a_setting_does_not_replace_the_model_of_a_session(voiced: Voiced) -> None:
    def opened(**config: Any) -> Any:
        codec = voiced.wire.open(SessionConfig(**config), voiced.model)
        frames = [msgspec.json.decode(one) for one in codec.opening()]
        settings = frames[0].get("session") or frames[0].get("setup") if frames else {}
        found = {**query(codec.connect())[1], **{f"session.{name}": one for name, one in settings.items()}}
        return {name: found[name] for name in found if name.rpartition(".")[2] in THEIRS}

    plain = opened()
    assert plain
    told = opened(params=THEIRS)
    assert {name: told[name] for name in plain} == plain
    assert "session.model" in plain or "session.model" not in told


@pytest.mark.parametrize("voiced", SAYING, ids=named)
def test_a_setting_does_not_replace_the_model_or_the_text_that_is_being_written(voiced: Voiced) -> None:
    def sent(**config: Any) -> Any:
        codec = voiced.wire.saying(SessionConfig(voice="v", **config), voiced.model)
        frames = [msgspec.json.decode(one) for one in codec.send(SendText("Hello. "))]
        frames = [{name: value for name, value in one.items() if name in THEIRS} for one in frames]
        return query(codec.connect())[1].get("model_id"), frames

    plain = sent()
    told = sent(params=THEIRS)
    assert told[0] == plain[0]
    assert [{name: one[name] for name in known} for one, known in zip(told[1], plain[1], strict=True)] == plain[1]
