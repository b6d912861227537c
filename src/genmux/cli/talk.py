"""`genmux talk`: a conversation aloud, with microphone and speaker, or from one sound file into another."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from genmux.cli.console import note, print_json
from genmux.cli.options import Reach
from genmux.cli.session import listen, reached, reported
from genmux.types.audio import ENCODINGS, AudioFormat
from genmux.types.errors import InvalidRequestError

if TYPE_CHECKING:
    from genmux.cli.talking import Conversation
    from genmux.client.async_client import AsyncClient
    from genmux.flows.voice.session import Session

HEARD = AudioFormat(sample_rate=16_000)
"""How the microphone is recorded."""

SPOKEN = AudioFormat(sample_rate=24_000)
"""How answers are played and written."""

BRIEF = "You are talking aloud with somebody. Answer in one or two short sentences, without lists or markup."
"""How a model is to answer where nobody says."""


def talk(  # noqa: PLR0913 — one option each
    *,
    model: Annotated[
        str | None,
        Parameter(name=("--model", "-m"), help="A realtime model, or any text model; `local/voice` by default."),
    ] = None,
    in_: Annotated[Path | None, Parameter(name="--in", help="A sound file in place of the microphone.")] = None,
    out: Annotated[Path | None, Parameter(name=("--out", "-o"), help="A WAV file in place of the speaker.")] = None,
    voice: Annotated[str | None, Parameter(help="The voice that answers.")] = None,
    instructions: Annotated[str | None, Parameter(name=("--instructions", "-s"), help="How to answer.")] = None,
    language: Annotated[str | None, Parameter(help="What is spoken, such as en.")] = None,
    record: Annotated[Path | None, Parameter(help="A folder to keep both sides in, as sound and in writing.")] = None,
    common: Reach | None = None,
) -> None:
    """Talk with a model; Ctrl-C ends it. Wear headphones, or the model hears itself.

    What is said is printed; after each answer comes how long it took from the end of speech to the first sound, and what it
    did cost. `genmux talk --in question.wav --out answer.wav` needs neither microphone nor speaker.
    """
    common = common or Reach()
    setup: dict[str, Any] = {
        "voice": voice,
        "instructions": instructions or BRIEF,
        "language": language,
        "record": record,
    }
    with reported(common):
        question, answer = _files(in_, out)
        try:
            import asyncio

            asyncio.run(_talk(model, question, answer, setup, common))
        except KeyboardInterrupt:
            if in_ is not None:
                raise


def _files(question: Path | None, answer: Path | None) -> tuple[Path | None, Path | None]:
    """Where they are. Raises InvalidRequestError for what cannot be read or written, before anything is opened."""
    asked = None if question is None else question.expanduser()
    place = None if answer is None else answer.expanduser()
    if asked is not None and not asked.is_file():
        raise InvalidRequestError(f"the file {str(question)!r} is not there", param="in")
    if place is not None and place.suffix.lower() not in ("", ".wav"):
        message = f"answers are written as WAV; call it {str(place.with_suffix('.wav'))!r} instead of {str(answer)!r}"
        raise InvalidRequestError(message, param="out")
    if place is not None and not place.parent.is_dir():
        raise InvalidRequestError(f"there is no folder {str(place.parent)!r} to write into", param="out")
    return asked, place


async def _talk(
    model: str | None, question: Path | None, answer: Path | None, setup: dict[str, Any], common: Reach
) -> None:
    from genmux.app.voice import warm
    from genmux.cli.talking import Conversation
    from genmux.client.async_client import AsyncClient

    url, key = reached(common)
    async with AsyncClient(config=common.config, gateway=url, key=key) as client:
        listen(client.app, common)
        samples = None if question is None else await _samples(client, question)
        opening = client.realtime(model, input=HEARD, output=SPOKEN, transcription=True, **setup)
        if url is None:
            await warm(client.app, model)
        async with opening as session:
            conversation = Conversation(session, HEARD, SPOKEN, quiet=common.json)
            await _converse(session, conversation, samples, to_file=answer is not None)
        if answer is not None:
            conversation.save(answer)
        if common.json:
            print_json(conversation.summary(answer))
        else:
            note(conversation.total())


async def _converse(session: "Session", conversation: "Conversation", samples: bytes | None, *, to_file: bool) -> None:
    """Talk until the file is answered, or for ever."""
    import asyncio

    from genmux.cli.sound_devices import Microphone, Speaker

    loop = asyncio.get_running_loop()
    speaker: Speaker | None = None
    microphone: Microphone | None = None
    try:
        if not to_file:
            speaker = Speaker(SPOKEN, lambda ms, item: loop.call_soon_threadsafe(session.playback.played, ms, item))
            conversation.speaker = speaker
        if samples is not None:
            await conversation.ask(samples)
            return
        heard: asyncio.Queue[bytes] = asyncio.Queue()
        microphone = Microphone(HEARD, lambda data: loop.call_soon_threadsafe(heard.put_nowait, data))
        note("listening; Ctrl-C ends it")
        await conversation.hold(heard)
    finally:
        for device in (microphone, speaker):
            if device is not None:
                device.close()


async def _samples(client: "AsyncClient", question: Path) -> bytes:
    """What is in a sound file, as the microphone would have recorded it. Raises AudioError."""
    import asyncio

    encoding: Any = question.suffix.lower().removeprefix(".")
    source = AudioFormat(encoding=encoding if encoding in ENCODINGS else "wav")
    return await client.app.audio_tools().convert(await asyncio.to_thread(question.read_bytes), source, HEARD)
