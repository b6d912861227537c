"""Speech and transcripts in OpenAI's dialect against recorded traffic."""

from collections.abc import Iterator

from genmux.contract.http import HttpReply, HttpRequest
from genmux.contract.manifest import ModelSpec
from genmux.contract.model import Model
from genmux.contract.wires import Sent
from genmux.dialects.openai_audio import client
from genmux.dialects.openai_audio.speech_wire import SpeechWire
from genmux.dialects.openai_audio.transcription_wire import TranscriptionWire
from genmux.testing.replay import Outcome, replay
from genmux.types.speech import SpeechRequest
from genmux.types.transcription import AudioFile, TranscriptionRequest
from tests.recordings import RECORDINGS, Exchange, exchanges, needs_recordings

pytestmark = needs_recordings

HOSTS = ("openai", "groq", "mistral")
MODEL = Model(provider="p", id="m", wire_id="m", spec=ModelSpec())
HTTP = HttpRequest(method="POST", url="/")

TOLD: dict[str, tuple[str, dict[str, float]]] = {
    "openai/stt/transcription-basic-functionality-openai-whisper-1-can-trans-1f9f4dae.json": (
        "Ruby is a programming language designed for developer happiness.",
        {"seconds.input.audio": 4},
    ),
    "mistral/stt/transcription-basic-functionality-mistral-voxtral-mini-lates-0b661803.json": (
        "Ruby is a programming language designed for developer happiness.",
        {"tokens.input": 380, "tokens.input.audio": 375, "tokens.output": 11, "seconds.input.audio": 3},
    ),
    "groq/stt/groq-transcription-model-test-a75e61c5.json": ("Hello world", {}),
}
"""What stands in some replies, read by a person."""


def recorded(capability: str) -> Iterator[Exchange]:
    for host in HOSTS:
        for exchange in exchanges(provider=host, capability=capability):
            if "/audio/" in exchange.path or not exchange.path:
                yield exchange


def reply_of(exchange: Exchange) -> HttpReply:
    headers = {name.lower(): value for name, value in exchange.response.get("headers", {}).items()}
    return HttpReply(status=exchange.status, headers=headers, body=exchange.response_body)


def test_speech_and_transcripts_go_round() -> None:
    places = [RECORDINGS / host / what for host in HOSTS for what in ("tts", "stt")]
    outcomes: list[Outcome] = [*replay([place for place in places if place.is_dir()])]
    sound = [one for one in outcomes if one.status != "unsupported"]
    different = [
        f"{one.file}#{one.index}"
        for one in sound
        if one.status != "ok" or one.request_round_trip is False or one.response_round_trip is not True
    ]
    assert different == []
    assert len(sound) >= 33
    # one exchange of a recording that speaks and hears is an answer in words, of another API
    assert [(one.file, one.index) for one in outcomes if one.status == "unsupported"] == [
        ("openai/tts/test-voice-pipeline-830dbeef.json", 1)
    ]


def test_sound_is_read_as_it_came_with_the_encoding_that_it_has() -> None:
    wire = client({})
    assert isinstance(wire, SpeechWire)
    beginnings = {"wav": b"RIFF", "flac": b"fLaC", "opus": b"OggS", "mp3": b"\xff\xf3"}
    seen: set[str] = set()
    for exchange in recorded("tts"):
        if "body_b64" not in exchange.response or exchange.file.startswith("groq/"):  # those of Groq are no sound
            continue
        sent = Sent(SpeechRequest(model="m", text="x"), MODEL, HTTP)
        read = wire.decode(reply_of(exchange), sent)
        assert read.audio == exchange.response_body
        assert read.audio.startswith(beginnings.get(read.format.encoding, b""))
        seen.add(read.format.encoding)
    assert seen == {"wav", "mp3", "flac", "opus", "pcm"}


def test_transcripts_say_what_a_person_reads_in_them() -> None:
    wire = client({"operation": "transcribe"})
    assert isinstance(wire, TranscriptionWire)
    sent = Sent(TranscriptionRequest(model="m", audio=AudioFile(data=b"x")), MODEL, HTTP)
    found = {
        exchange.file: (read.text, read.usage.meters)
        for exchange in recorded("stt")
        if exchange.file in TOLD
        for read in (wire.decode(reply_of(exchange), sent),)
    }
    assert found == TOLD
