"""Transcripts of AssemblyAI, against its simulated API."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import pytest

from genmux.contract.http import FileBody
from genmux.contract.inputs import MediaInput
from genmux.types.errors import AuthenticationError, InvalidRequestError
from genmux.types.jobs import Completed, Failed, Pending, Processing
from genmux.types.transcription import Transcript
from tests.unit.providers.simulated import Life

Begin = Callable[..., Awaitable[Life]]
OF = ("universal-3-5-pro", "transcribe")
LINK = MediaInput(kind="audio", role="audio", url="https://a.example/talk.mp3")


async def test_a_sound_waits_is_listened_to_and_is_written_down(life: Begin) -> None:
    assembly = await life("assemblyai")
    ticket = await assembly.accepted(*OF, "[[queue 10]] [[work 20]]", inputs=(LINK,), diarize=True)
    assert await assembly.poll(*OF, ticket) == Pending(raw="queued")
    assembly.simulator.advance(15)
    assert await assembly.poll(*OF, ticket) == Processing(raw="processing")
    assembly.simulator.advance(20)
    state = await assembly.poll(*OF, ticket)
    assert isinstance(state, Completed)
    transcript = msgspec.json.decode(state.outputs[0].data or b"", type=Transcript)
    assert [one.speaker for one in transcript.segments] == ["A", "B"]


async def test_a_file_is_uploaded_and_billed_once(life: Begin, tmp_path: Path) -> None:
    path = tmp_path / "talk.wav"
    path.write_bytes(b"RIFF" + bytes(300_000))
    assembly = await life("assemblyai")
    file = FileBody(path=str(path), size=path.stat().st_size, media_type="audio/wav", name="talk.wav")
    await assembly.accepted(*OF, inputs=(MediaInput(kind="audio", role="audio", file=file),))
    assert [one.size for one in assembly.simulator["assemblyai"].desk.uploads.values()] == [300_004]
    assert len(assembly.simulator.bills()) == 1


async def test_a_failure_says_why_and_a_refusal_bills_nothing(life: Begin) -> None:
    assembly = await life("assemblyai")
    failed = await assembly.accepted(*OF, "[[failed Transcoding failed.]]", inputs=(LINK,))
    assembly.simulator.advance(5)
    state = await assembly.poll(*OF, failed)
    assert isinstance(state, Failed)
    assert (state.message, state.kind) == ("Transcoding failed.", "invalid_request")
    with pytest.raises(InvalidRequestError):
        await assembly.submit(*OF, "[[refused]]", inputs=(LINK,))
    assert len(assembly.simulator.bills()) == 1


async def test_without_a_key_nothing_is_taken(life: Begin) -> None:
    assembly = await life("assemblyai", credential={})
    with pytest.raises(AuthenticationError):
        await assembly.submit(*OF, inputs=(LINK,))
