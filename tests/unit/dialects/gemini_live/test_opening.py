"""How a session is opened."""

import pytest

from genmux.contract.sessions import Resume, Turn
from genmux.dialects.gemini_live import client
from genmux.types.audio import AudioFormat
from genmux.types.chat import Tool, ToolChoice
from genmux.types.errors import ConfigurationError, ErrorKind, MessageError
from genmux.types.realtime import AppendAudio, SendText, SessionConfig, Transcribing, TurnDetection
from tests.unit.dialects.gemini_live.talking import opened, said, setup_of

SCHEMA = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "enum": ["Bonn"]},
        "days": {"type": "array", "items": {"type": "integer"}},
    },
    "required": ["city"],
    "additionalProperties": False,
}


def test_the_socket_is_beside_the_base_url() -> None:
    host = "https://generativelanguage.googleapis.com"
    path = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"
    assert opened().connect().url == host + path
    vertex = opened(path="/ws/google.cloud.aiplatform.v1.LlmBidiService/BidiGenerateContent", version="")
    assert vertex.connect().url.endswith("/v1beta/ws/google.cloud.aiplatform.v1.LlmBidiService/BidiGenerateContent")


def test_the_setup_says_everything_at_once() -> None:
    config = SessionConfig(
        instructions="Be kind.",
        voice="Puck",
        language="de-DE",
        temperature=0.5,
        max_output_tokens=99,
        turns=TurnDetection(threshold=0.2, prefix_ms=20, silence_ms=300, eagerness="low", interrupts=False),
        transcription=Transcribing(model="whisper-1"),
        params={"generationConfig": {"topP": 0.9}},
    )
    assert setup_of(opened(config)) == {
        "model": "models/gemini-3.8-live",
        "generationConfig": {
            "responseModalities": ["AUDIO"],
            "temperature": 0.5,
            "maxOutputTokens": 99,
            "topP": 0.9,
            "speechConfig": {
                "voiceConfig": {"prebuiltVoiceConfig": {"voiceName": "Puck"}},
                "languageCode": "de-DE",
            },
        },
        "systemInstruction": {"parts": [{"text": "Be kind."}]},
        "realtimeInputConfig": {
            "automaticActivityDetection": {
                "startOfSpeechSensitivity": "START_SENSITIVITY_HIGH",
                "endOfSpeechSensitivity": "END_SENSITIVITY_LOW",
                "prefixPaddingMs": 20,
                "silenceDurationMs": 300,
            },
            "activityHandling": "NO_INTERRUPTION",
        },
        "inputAudioTranscription": {"languageCodes": ["de-DE"]},
        "outputAudioTranscription": {},
        "sessionResumption": {},
        "contextWindowCompression": {"slidingWindow": {}},
    }


def test_a_session_in_writing_has_no_transcripts() -> None:
    setup = setup_of(opened(SessionConfig(modalities=("text",)), compress=False, capabilities={"resumable": False}))
    assert setup == {"model": "models/gemini-3.8-live", "generationConfig": {"responseModalities": ["TEXT"]}}


def test_turns_of_the_client_switch_detection_off() -> None:
    setup = setup_of(opened(SessionConfig(turns=TurnDetection(kind="client", answers=False))))
    assert setup["realtimeInputConfig"] == {"automaticActivityDetection": {"disabled": True}}


def test_tools_have_schemas_in_the_form_of_the_host() -> None:
    tools = (
        Tool(name="weather", description="Look.", parameters=SCHEMA),
        Tool(name="now", parameters={"type": "object", "properties": {}}),
        Tool(name="odd", parameters={"type": "object", "properties": {"x": {"$ref": "#/$defs/X"}}}),
        Tool(name="googleSearch", kind="googleSearch"),
    )
    functions, search = setup_of(opened(SessionConfig(tools=tools)))["tools"]
    assert search == {"googleSearch": {}}
    assert functions["functionDeclarations"] == [
        {
            "name": "weather",
            "description": "Look.",
            "parameters": {
                "type": "OBJECT",
                "properties": {
                    "city": {"type": "STRING", "enum": ["Bonn"]},
                    "days": {"type": "ARRAY", "items": {"type": "INTEGER"}},
                },
                "required": ["city"],
            },
        },
        {"name": "now", "description": ""},
        {"name": "odd", "description": "", "parametersJsonSchema": tools[2].parameters},
    ]


@pytest.mark.parametrize(
    "config",
    [
        SessionConfig(speed=1.2),
        SessionConfig(tool_choice=ToolChoice("required")),
        SessionConfig(tool_choice="none"),
        SessionConfig(transcription=Transcribing(prompt="names")),
        SessionConfig(turns=TurnDetection(answers=False)),
    ],
)
def test_what_there_is_no_word_for_is_an_error(config: SessionConfig) -> None:
    with pytest.raises(MessageError, match="this model's sessions cannot") as caught:
        opened(config)
    assert caught.value.kind is ErrorKind.UNSUPPORTED


def test_a_model_that_only_speaks_is_not_asked_to_write() -> None:
    with pytest.raises(MessageError, match="cannot answer with text"):
        opened(SessionConfig(modalities=("text",)), modalities=["audio"])


def test_the_true_rate_goes_with_every_frame() -> None:
    for rate, true in ((16_000, 16_000), (48_000, 48_000), (22_050, 24_000)):
        codec = opened(SessionConfig(input=AudioFormat(sample_rate=rate)))
        assert codec.input.sample_rate == true
        (frame,) = said(codec, AppendAudio(b"\1\2"))
        assert frame == {"realtimeInput": {"audio": {"data": "AQI=", "mimeType": f"audio/pcm;rate={true}"}}}
    assert opened().output.sample_rate == 24_000


def test_a_session_goes_on_with_a_handle() -> None:
    assert setup_of(opened(resume=Resume(handle="h")))["sessionResumption"] == {"handle": "h"}


def test_without_a_handle_what_was_said_goes_before_the_first_command() -> None:
    turns = (Turn(role="user", text="Hi"), Turn(role="assistant", text="Hello"))
    codec = opened(resume=Resume(history=turns))
    assert len(codec.opening()) == 1
    first, second = said(codec, SendText("And now?"))
    assert first["clientContent"] == {
        "turns": [{"role": "user", "parts": [{"text": "Hi"}]}, {"role": "model", "parts": [{"text": "Hello"}]}],
        "turnComplete": False,
    }
    assert second["clientContent"]["turnComplete"] is True
    assert len(said(codec, SendText("And then?"))) == 1


def test_defaults_of_a_model_are_in_every_setup() -> None:
    thinking = {"generationConfig": {"thinkingConfig": {"thinkingLevel": "low"}}}
    setup = setup_of(opened(defaults=thinking))
    assert setup["generationConfig"] == {"responseModalities": ["AUDIO"], "thinkingConfig": {"thinkingLevel": "low"}}


@pytest.mark.parametrize("options", [{"colour": 1}, {"capabilities": {"flies": True}}, {"capabilities": {"images": 3}}])
def test_unknown_options_are_a_configuration_error(options: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError, match="options of the dialect gemini_live"):
        client(options)


def test_where_context_cannot_be_updated_nothing_is_mutable() -> None:
    assert opened().capabilities.mutable == {"instructions", "tools"}
    assert opened(context_updates=False).capabilities.mutable == frozenset()


def test_settings_of_another_dialect_are_left_out_with_a_warning() -> None:
    foreign = SessionConfig(extra={"tracing": "auto", "include": []}, dialect="openai_realtime", params={"x": 1})
    codec = opened(foreign)
    setup = setup_of(codec)
    assert ("tracing" in setup, "include" in setup, setup["x"]) == (False, False, 1)
    assert [(one.kind, one.field) for one in codec.warnings] == [
        ("unsupported", "session.tracing"),
        ("unsupported", "session.include"),
    ]
    assert opened().warnings == ()
    assert setup_of(opened(SessionConfig(extra={"y": 2}, dialect="gemini_live")))["y"] == 2
