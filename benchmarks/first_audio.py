"""How long somebody who has asked a question waits for the first sound of the answer, and where the time goes.

    python benchmarks/first_audio.py [--model local/voice] [--rounds 5]

The questions are spoken by local/hibari and sent in real time, a frame of 20 ms after the other, with silence after them, as a
microphone does. Time counts from the last loud frame. The weights must be installed (`genmux local install whisper-tiny`).
"""

import argparse
import asyncio
import statistics
import time
from array import array

from genmux import AsyncClient
from genmux.app.voice import warm
from genmux.flows.voice.session import Session
from genmux.types.realtime_events import (
    AudioChunk,
    InputTranscriptDone,
    OutputTranscriptDelta,
    RealtimeEvent,
    ResponseDone,
    ResponseStarted,
    SpeechStopped,
    SpeechSuspected,
)

QUESTIONS = (
    "What is the capital of France?",
    "Please tell me a short story about a dog and a cat.",
    "How far is it from here to the railway station?",
)
RATE, FRAME = 16_000, 0.02
SIZE = int(RATE * FRAME) * 2
LOUD = 300
"""Of 32,768: what is fainter is silence."""

STAGES: dict[str, type[RealtimeEvent]] = {
    "the end of speech is noticed": SpeechStopped,
    "the question is in writing": InputTranscriptDone,
    "the model is asked": ResponseStarted,
    "the first clause is written": OutputTranscriptDelta,
    "first sound": AudioChunk,
}
BUDGET, TO_HOLD = 900.0, 50.0
"""Milliseconds, in the middle of all rounds: until the first sound, and until a player is told to hold it."""


async def main() -> None:
    """Measure, and print a line for each stage."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="local/voice")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    async with AsyncClient() as client:
        spoken = [
            (await client.speak(text, model="local/hibari", format="pcm", sample_rate=RATE)).audio for text in QUESTIONS
        ]
        await warm(client.app, given.model)
        times: dict[str, list[float]] = {name: [] for name in STAGES}
        holds: list[float] = []
        for number in range(given.rounds):
            for sound in spoken:
                async with client.realtime(given.model, input=RATE, output=24_000, transcription=True) as session:
                    for name, took in (await answered(session, sound)).items():
                        times[name].append(took)
                    holds.append(await held(session, sound))
            print(f"round {number + 1}: first sound after {times['first sound'][-1]:.0f} ms", flush=True)
    for name, all_ in times.items():
        print(f"{name:32} p50 {statistics.median(all_):6.0f} ms   most {max(all_):6.0f} ms")
    middle = statistics.median(times["first sound"])
    print(f"asked {BUDGET:.0f} ms: {'ok' if middle <= BUDGET else 'SLOW'}")
    middle = statistics.median(holds)
    print(
        f"somebody speaks into the answer: sound is held after p50 {middle:.0f} ms, most {max(holds):.0f} ms", end="; "
    )
    print(f"asked {TO_HOLD:.0f} ms: {'ok' if middle <= TO_HOLD else 'SLOW'}")


async def answered(session: Session, sound: bytes) -> dict[str, float]:
    """Ask, and tell after how many milliseconds each stage was reached."""
    reached: dict[str, float] = {}
    question = Question(sound)
    talking = asyncio.create_task(question.say(session))
    async for event in session.events():
        for name, kind in STAGES.items():
            if isinstance(event, kind):
                reached.setdefault(name, time.perf_counter())
        if isinstance(event, AudioChunk | ResponseDone):
            break
    await talking
    return {name: (at - question.ended) * 1_000 for name, at in reached.items()}


async def held(session: Session, sound: bytes) -> float:
    """Speak into the answer; gives after how many milliseconds whoever plays it is told to hold it."""
    question = Question(sound)
    talking = asyncio.create_task(question.say(session))
    async for event in session.events(SpeechSuspected):
        assert isinstance(event, SpeechSuspected)
        break
    at = time.perf_counter()
    talking.cancel()
    return (at - question.begun) * 1_000


class Question:
    """A question that is sent with silence after it, in real time. `begun` and `ended` are when its speech did."""

    def __init__(self, sound: bytes) -> None:
        self.begun = self.ended = 0.0
        self._pieces = [sound[at : at + SIZE] for at in range(0, len(sound), SIZE)]
        loud = [n for n, one in enumerate(self._pieces) if max(map(abs, array("h", one)), default=0) > LOUD]
        self._first, self._last = loud[0], loud[-1]

    async def say(self, session: Session) -> None:
        """Send it."""
        begun = time.perf_counter()
        for number, piece in enumerate(self._pieces + [bytes(SIZE)] * round(1.5 / FRAME)):
            wait = begun + number * FRAME - time.perf_counter()
            if wait > 0:
                await asyncio.sleep(wait)
            if number == self._first:
                self.begun = time.perf_counter()
            await session.send_audio(piece)
            if number == self._last:
                self.ended = time.perf_counter()


if __name__ == "__main__":
    asyncio.run(main())
