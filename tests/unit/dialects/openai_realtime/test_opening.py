"""How a session is opened: where, and with which settings."""

import pytest

from genmux.contract.sessions import Resume, Turn
from genmux.dialects.openai_realtime import client
from genmux.types.audio import AudioFormat
from genmux.types.chat import Tool, ToolChoice
from genmux.types.errors import ConfigurationError, ErrorKind, MessageError
from genmux.types.realtime import SessionConfig, Transcribing, TurnDetection
from tests.unit.dialects.openai_realtime.talking import opened, read, session_of

TOOL = Tool(name="look", description="Look.", parameters={"type": "object", "properties": {}})
WHOLE = SessionConfig(
    instructions="Be kind.",
    voice="marin",
    speed=1.1,
    max_output_tokens=99,
    turns=TurnDetection(threshold=0.4, prefix_ms=200, silence_ms=300, idle_ms=6_000, interrupts=False),
    transcription=Transcribing(language="de", prompt="names"),
    tools=(TOOL,),
    tool_choice=ToolChoice("tool", "look"),
    params={"audio": {"input": {"noise_reduction": {"type": "near_field"}}}, "truncation": "auto"},
)
FLAT = {
    "path": "/voice-live/realtime",
    "query": {"api-version": "2025-10-01"},
    "form": "beta",
    "typed": False,
    "rates": True,
    "voice_type": "azure-standard",
    "plain_voices": ["alloy"],
    "transcriber": "whisper-1",
}


def test_the_model_is_named_in_the_query() -> None:
    request = opened().connect()
    assert (request.method, request.url, request.headers) == ("GET", "/realtime?model=gpt-realtime", ())


def test_a_host_may_want_other_names_in_the_query_or_none() -> None:
    query = {"api-version": "2025-04-01-preview"}
    azure = opened(path="/openai/realtime", query=query, model_query="deployment")
    assert azure.connect().url == "/openai/realtime?api-version=2025-04-01-preview&deployment=gpt-realtime"
    assert opened(path="/{model}/realtime", model="absent").connect().url == "/gpt-realtime/realtime"
    within = opened(model="session")
    assert (within.connect().url, session_of(within)["model"]) == ("/realtime", "gpt-realtime")


def test_the_flat_form_is_asked_for_by_a_header() -> None:
    assert opened(form="beta").connect().headers == (("OpenAI-Beta", "realtime=v1"),)


def test_every_setting_has_its_place() -> None:
    assert session_of(opened(WHOLE)) == {
        "type": "realtime",
        "instructions": "Be kind.",
        "output_modalities": ["audio"],
        "max_output_tokens": 99,
        "audio": {
            "input": {
                "format": {"type": "audio/pcm", "rate": 24_000},
                "noise_reduction": {"type": "near_field"},
                "transcription": {"model": "gpt-realtime-whisper", "language": "de", "prompt": "names"},
                "turn_detection": {
                    "type": "server_vad",
                    "threshold": 0.4,
                    "prefix_padding_ms": 200,
                    "silence_duration_ms": 300,
                    "idle_timeout_ms": 6_000,
                    "create_response": True,
                    "interrupt_response": False,
                },
            },
            "output": {"format": {"type": "audio/pcm", "rate": 24_000}, "voice": "marin", "speed": 1.1},
        },
        "tools": [{"type": "function", "name": "look", "description": "Look.", "parameters": TOOL.parameters}],
        "tool_choice": {"type": "function", "name": "look"},
        "truncation": "auto",
    }


def test_the_flat_form_has_all_side_by_side() -> None:
    config = SessionConfig(
        voice="en-US-Ava", temperature=0.7, turns=TurnDetection(kind="client"), transcription=Transcribing()
    )
    assert session_of(opened(config, **FLAT)) == {
        "modalities": ["text", "audio"],
        "voice": {"type": "azure-standard", "name": "en-US-Ava"},
        "temperature": 0.7,
        "input_audio_format": "pcm16",
        "output_audio_format": "pcm16",
        "input_audio_sampling_rate": 24_000,
        "turn_detection": None,
        "input_audio_transcription": {"model": "whisper-1"},
    }
    assert session_of(opened(SessionConfig(voice="alloy"), **FLAT))["voice"] == "alloy"


def test_a_host_may_have_a_setting_elsewhere() -> None:
    places = {"turns": "turn_detection", "voice": "voice", "modalities": ""}
    config = SessionConfig(voice="eve", turns=TurnDetection(kind="client"))
    session = session_of(opened(config, typed=False, places=places, manual="object"))
    assert (session["voice"], session["turn_detection"]) == ("eve", {"type": None})
    assert sorted(session) == ["audio", "turn_detection", "voice"]


def test_words_alone_are_asked_for_alone() -> None:
    assert session_of(opened(SessionConfig(modalities=("text",))))["output_modalities"] == ["text"]
    assert session_of(opened(SessionConfig(modalities=("text", "audio"))))["output_modalities"] == ["audio"]


def test_turns_by_sense_have_eagerness() -> None:
    config = SessionConfig(turns=TurnDetection(kind="semantic", eagerness="low"))
    turns = session_of(opened(config))["audio"]["input"]["turn_detection"]
    assert turns == {
        "type": "semantic_vad",
        "eagerness": "low",
        "create_response": True,
        "interrupt_response": True,
    }
    assert session_of(opened(config, semantic=False))["audio"]["input"]["turn_detection"]["type"] == "server_vad"


def test_the_nearest_format_is_taken() -> None:
    codec = opened(
        SessionConfig(input=AudioFormat(sample_rate=16_000, frame_ms=40), output=AudioFormat(encoding="pcmu"))
    )
    assert codec.input == AudioFormat(sample_rate=24_000, frame_ms=40)
    assert codec.output == AudioFormat(encoding="pcmu", sample_rate=8_000)
    assert session_of(codec)["audio"]["output"]["format"] == {"type": "audio/pcmu"}


def test_what_was_said_before_follows_the_settings() -> None:
    frames = opened(
        resume=Resume(history=(Turn(role="user", text="Hi"), Turn(role="assistant", text="Hello")))
    ).opening()
    assert [read(frame)["type"] for frame in frames] == ["session.update"] + ["conversation.item.create"] * 2
    items = [read(frame)["item"] for frame in frames[1:]]
    assert [(item["role"], item["content"]) for item in items] == [
        ("user", [{"type": "input_text", "text": "Hi"}]),
        ("assistant", [{"type": "output_text", "text": "Hello"}]),
    ]


@pytest.mark.parametrize(
    ("config", "options"),
    [
        (SessionConfig(temperature=0.5), {}),
        (SessionConfig(language="de"), {}),
        (SessionConfig(modalities=("text",)), {"places": {"modalities": ""}}),
    ],
)
def test_a_setting_that_the_host_lacks_is_an_error(config: SessionConfig, options: dict[str, object]) -> None:
    with pytest.raises(MessageError, match="this model's sessions cannot be told") as caught:
        opened(config, **options)
    assert caught.value.kind is ErrorKind.UNSUPPORTED


def test_the_language_goes_along_with_the_transcription() -> None:
    session = session_of(opened(SessionConfig(language="fr", transcription=Transcribing(model="whisper-1"))))
    assert session["audio"]["input"]["transcription"] == {"model": "whisper-1", "language": "fr"}


def test_what_a_host_can_do_is_data() -> None:
    codec = opened(capabilities={"images": False, "roles": ["user"], "input_formats": [{"sample_rate": 16_000}]})
    can = codec.capabilities
    assert (can.images, can.roles, can.truncates) == (False, {"user"}, True)
    assert codec.input.sample_rate == 16_000


@pytest.mark.parametrize("options", [{"colour": 1}, {"capabilities": {"flies": True}}, {"capabilities": {"images": 3}}])
def test_unknown_options_are_a_configuration_error(options: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError, match="options of the dialect openai_realtime"):
        client(options)
