"""How fast embedded models speak and write down: seconds of work for each second of sound, loading left out.

    python benchmarks/speech.py [--rounds 5] [--models local/whisper-tiny local/whisper-base]

The weights must be installed (`genmux local install whisper-tiny`). Everything goes through an App, as in life: with the child
process, the conversion of formats and the bill.
"""

import argparse
import asyncio
import statistics
import time

from genmux.app import App
from genmux.types.speech import SpeechDelta, SpeechRequest
from genmux.types.transcription import AudioFile, TranscriptionRequest

TEXT = (
    "The quick brown fox jumps over the lazy dog. Please send the invoice to the office before Friday afternoon. "
    "The weather in London will be cloudy with a chance of rain. I would like a cup of coffee and two slices of toast. "
    "How far is it from here to the railway station?"
)
SPEECH_BUDGET, TRANSCRIPTION_BUDGET = 0.05, 0.15
"""Times real time, at most."""


async def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--models", nargs="+", default=["local/whisper-tiny"])
    given = parser.parse_args()
    app = App()
    try:
        sound, seconds = await speech(app, given.rounds)
        for model in given.models:
            await transcription(app, model, AudioFile(data=sound), seconds, given.rounds)
    finally:
        await app.aclose()


async def speech(app: App, rounds: int) -> tuple[bytes, float]:
    """Speak, and give the sound and its seconds."""
    for format_ in ("wav", "mp3"):
        request = SpeechRequest(model="local/hibari", text=TEXT, format=format_)
        made = await app.speaking.speak(request)
        seconds = made.seconds or 0.0
        times = [await timed(app.speaking.speak(request)) for _ in range(rounds)]
        show(f"local/hibari as {format_}", times, seconds, SPEECH_BUDGET)
    firsts = [await first(app) for _ in range(rounds)]
    print(f"{'first sound':32} {statistics.median(firsts) * 1_000:7.0f} ms")
    return made.audio, seconds


async def first(app: App) -> float:
    """Seconds until the first sound of a stream."""
    begun = time.perf_counter()
    stream = await app.speaking.stream(SpeechRequest(model="local/hibari", text=TEXT, format="pcm"))
    async for part in stream:
        if isinstance(part, SpeechDelta):
            break
    took = time.perf_counter() - begun
    await stream.aclose()
    return took


async def transcription(app: App, model: str, audio: AudioFile, seconds: float, rounds: int) -> None:
    """Write down."""
    for words in (False, True):
        request = TranscriptionRequest(model=model, audio=audio, words=words)
        await app.transcribing.transcribe(request)
        times = [await timed(app.transcribing.transcribe(request)) for _ in range(rounds)]
        show(f"{model}{' with words' if words else ''}", times, seconds, TRANSCRIPTION_BUDGET)


async def timed(work: object) -> float:
    """Seconds that it takes."""
    begun = time.perf_counter()
    await work
    return time.perf_counter() - begun


def show(what: str, times: list[float], seconds: float, budget: float) -> None:
    """Print one line."""
    factor = statistics.median(times) / seconds
    print(f"{what:32} {factor:7.4f} x real time (asked {budget}) {'ok' if factor <= budget else 'SLOW'}")


if __name__ == "__main__":
    asyncio.run(main())
