"""Talk with a text model: it gets ears and a voice. No key: what stands in for models says so."""

import asyncio

from genmux import AsyncClient, AudioChunk, OutputTranscriptDone, ResponseDone
from genmux.types.realtime import Transcribing


def weather(city: str) -> str:
    """The weather of a city. The model may call this."""
    return f"sunny in {city}"


async def main() -> None:
    """Say something, hear the answer."""
    async with AsyncClient() as client:
        opening = client.realtime(
            "mock/echo",  # or local/voice, or any chat or realtime model
            instructions="Answer in one short sentence.",
            tools=[weather],
            transcription=Transcribing(model="mock/ears"),
            speak="mock/voice",
        )
        async with opening as session:
            await session.send_text("how are you")  # or `send_audio` with what a microphone hears
            sound = bytearray()
            async for event in session:
                match event:
                    case AudioChunk(data=data):
                        sound += data  # whoever plays it says so: session.playback.played(milliseconds)
                    case OutputTranscriptDone(text=text):
                        print("answer:", text)
                    case ResponseDone(cost=cost):
                        print(len(sound), "bytes of sound, cost:", cost.amount if cost else "unknown")
                        break
                    case _:
                        pass


asyncio.run(main())
