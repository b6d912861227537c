"""AssemblyAI's transcripts, as its documents show them."""

from typing import Any

import msgspec
import pytest

from genmux.contract.http import FileBody
from genmux.contract.inputs import MediaInput, MediaRequest
from genmux.contract.jobs import Cancels, Delivery, Finds, Lists
from genmux.contract.statuses import UnknownStatusError
from genmux.types.errors import InvalidRequestError, MalformedReplyError
from genmux.types.jobs import Accepted, Completed, JobState, Processing
from genmux.types.timed_words import Segment, Word
from genmux.types.transcription import Transcript
from tests.recordings import needs_recordings
from tests.unit.providers.documented import replied, walked
from tests.unit.providers.simulated import REGISTRY, model_of
from tests.unit.providers.voiced import body, recorded, told

ASSEMBLY = REGISTRY.load("assemblyai")
WIRE: Any = ASSEMBLY.wires["transcripts"]
TOLD = told("assemblyai")
PRO, TWO = model_of(ASSEMBLY, "universal-3-5-pro"), model_of(ASSEMBLY, "universal-2")
LINK = MediaInput(kind="audio", role="audio", url="https://a.example/talk.mp3")
FILE = FileBody(path="/a/talk.mp3", size=5, media_type="audio/mpeg", name="talk.mp3")
POLLS = [pytest.param(one["body"], msgspec.convert(one["expect"], JobState), id=one["name"]) for one in TOLD["polls"]]


def asked(*inputs: MediaInput, model: Any = PRO, prompt: str = "", **params: Any) -> Any:
    request = MediaRequest(operation="transcribe", prompt=prompt, inputs=inputs, params=params)
    steps = WIRE.prepare(request, model)
    return walked(steps)[1]


@pytest.mark.parametrize(("answer", "state"), POLLS)
def test_a_poll_means_what_the_documents_say(answer: dict[str, Any], state: JobState) -> None:
    requests, found = walked(WIRE.poll({"id": "t-1"}), answer)
    assert found == state
    assert [(one.method, one.url, one.read_only) for one in requests] == [("GET", "/v2/transcript/t-1", True)]


def test_a_transcript_is_an_output_with_times_in_seconds_and_with_speakers() -> None:
    state = walked(WIRE.poll({"id": "t-1"}), TOLD["completed"])[1]
    assert isinstance(state, Completed)
    assert (state.text, state.usage.meters, state.raw) == ("Hello there. Yes.", {"seconds.input.audio": 3}, "completed")
    output = state.outputs[0]
    assert (output.media_type, output.name) == ("application/json", "transcript.json")
    transcript = msgspec.json.decode(output.data or b"", type=Transcript)
    assert (transcript.language, transcript.seconds, transcript.id) == ("en-US", 3, "t-1")
    assert transcript.words[0] == Word(text="Hello", start=0.1, end=0.42, speaker="A", confidence=0.98)
    assert transcript.segments == (
        Segment(text="Hello there.", start=0.1, end=0.9, speaker="A"),
        Segment(text="Yes.", start=1.5, end=1.8, speaker="B"),
    )


def test_words_make_segments_where_there_are_no_utterances_and_silence_is_an_empty_text() -> None:
    state = walked(WIRE.poll({"id": "t-1"}), {**TOLD["completed"], "utterances": None})[1]
    assert len(msgspec.json.decode(state.outputs[0].data, type=Transcript).segments) == 2
    silent = {"id": "t-1", "status": "completed", "text": "", "words": []}
    assert walked(WIRE.poll({"id": "t-1"}), silent)[1].text == ""


@pytest.mark.parametrize("document", [{}, {"id": "t-1"}, {"id": "t-1", "status": "completed", "text": None}])
def test_an_answer_without_what_it_must_say_is_malformed(document: dict[str, Any]) -> None:
    with pytest.raises(MalformedReplyError):
        walked(WIRE.poll({"id": "t-1"}), document)


def test_a_word_that_is_in_no_table_is_an_error_of_the_poll() -> None:
    with pytest.raises(UnknownStatusError):
        walked(WIRE.poll({"id": "t-1"}), {"id": "t-1", "status": "dreaming"})


def test_an_address_is_told_and_the_language_is_found_out() -> None:
    ready = asked(LINK, prompt="A talk on Ruby.", diarize=True, temperature=0.1)
    http = WIRE.submit(ready, "key-1", "https://hooks.example/1")
    assert (http.method, http.url, http.free) == ("POST", "/v2/transcript", False)
    assert body(http) == {
        "audio_url": "https://a.example/talk.mp3",
        "speech_models": ["universal-3-5-pro"],
        "temperature": 0.1,
        "language_detection": True,
        "speaker_labels": True,
        "prompt": "A talk on Ruby.",
        "webhook_url": "https://hooks.example/1",
    }
    assert ready.warnings == ()


@pytest.mark.parametrize(
    ("language", "written"), [("de-AT", "de"), ("en-US", "en_us"), ("en-GB", "en_uk"), ("en", "en"), ("pt_BR", "pt")]
)
def test_a_language_is_written_as_assemblyai_calls_it(language: str, written: str) -> None:
    said = asked(LINK, language=language).body
    assert said["language_code"] == written
    assert "language_detection" not in said


def test_what_a_model_does_not_heed_is_told() -> None:
    ready = asked(LINK, model=TWO, prompt="names", translate=True)
    assert [one.field for one in ready.warnings] == ["prompt", "translate"]
    assert "prompt" not in ready.body


def test_a_file_is_uploaded_first_for_nothing() -> None:
    given = MediaInput(kind="audio", role="audio", file=FILE)
    request = MediaRequest(operation="transcribe", inputs=(given,))
    requests, ready = walked(WIRE.prepare(request, PRO), {"upload_url": "https://cdn.example/u"})
    assert [(one.method, one.url, one.body, one.free) for one in requests] == [("POST", "/v2/upload", FILE, True)]
    assert ready.body["audio_url"] == "https://cdn.example/u"


@pytest.mark.parametrize("inputs", [(), (LINK, LINK)])
def test_one_sound_is_written_down_at_a_time(inputs: tuple[MediaInput, ...]) -> None:
    with pytest.raises(InvalidRequestError):
        asked(*inputs)


def test_a_webhook_is_a_hint_and_no_more() -> None:
    delivery = Delivery(body=msgspec.json.encode(TOLD["webhook"]), headers={})
    verified = WIRE.verify(delivery, (), 0.0)
    assert not verified.trusted
    assert WIRE.webhook(verified) == ({"id": "t-1"}, Processing(raw="completed"))


def test_nothing_can_be_cancelled_found_or_listed() -> None:
    assert not isinstance(WIRE, Cancels | Finds | Lists)


def test_a_submission_gives_a_ticket_and_one_without_an_id_is_malformed() -> None:
    ready = asked(LINK)
    assert WIRE.submitted(replied({"id": "t-1", "status": "queued"}), ready) == Accepted(ticket={"id": "t-1"})
    with pytest.raises(MalformedReplyError):
        WIRE.submitted(replied({"status": "queued"}), ready)


@needs_recordings
def test_a_recorded_upload_and_a_recorded_submission_are_read() -> None:
    file = "assemblyai/stt/assemblyai-transcription-model-test-21896b69.json"
    steps = WIRE.prepare(
        MediaRequest(operation="transcribe", inputs=(MediaInput(kind="audio", role="audio", file=FILE),)), PRO
    )
    next(steps)
    with pytest.raises(StopIteration) as end:
        steps.send(recorded(file))
    ready = end.value.value
    assert ready.body["audio_url"] == "https://storage.assemblyai.com/mock-upload-url"
    assert WIRE.submitted(recorded(file, 1), ready).ticket == {"id": "9ea68fd3-f953-42c1-9742-976c447fb463"}
