"""Speak a text, write it down again, print subtitles. No key: the voice plays tones that only its ears understand."""

import tempfile
from pathlib import Path

from genmux import Client, TranscriptDelta, TranscriptDone

VOICE, EARS = "mock/voice", "mock/ears"  # or local/hibari and local/whisper-tiny, or any provider's

with Client() as client:
    speech = client.speak("good morning", model=VOICE, format="wav")
    file = speech.save(Path(tempfile.mkdtemp()) / "morning.wav")
    print("spoken:", speech.media_type, len(speech.audio), "bytes, cost:", speech.cost.amount if speech.cost else "?")

    transcript = client.transcribe(file, model=EARS)
    print("heard:", transcript.text)
    print(transcript.srt())

    for part in client.stream_transcription(file, model=EARS):  # the text as it comes
        match part:
            case TranscriptDelta(text=text):
                print(text, end="", flush=True)
            case TranscriptDone(transcript=whole):
                print(f" ({whole.seconds} s)")
            case _:
                pass
