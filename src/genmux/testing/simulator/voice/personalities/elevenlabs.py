"""ElevenLabs: speech with the times of letters, Scribe, and pages of voices. Made from what the wires' sources say."""

from typing import Any

import msgspec

from genmux.testing.simulator.media.refusal import Refusal
from genmux.testing.simulator.voice.call import VoiceCall
from genmux.testing.simulator.voice.personality import Told, VoicePersonality, VoiceRoute, told_json
from genmux.testing.simulator.voice.sounds import LETTER, SAID, SECONDS, TEXT, encoded, pieces, speech

STATUSES = {
    "authentication": (401, "invalid_api_key"),
    "quota_exceeded": (401, "quota_exceeded"),
    "rate_limit": (429, "too_many_concurrent_requests"),
    "not_found": (404, "voice_not_found"),
}
KINDS = {"pcm": "pcm", "wav": "wav", "mp3": "mp3", "ulaw": "g711", "alaw": "g711", "opus": "OggS"}
MEDIA = {"pcm": "audio/pcm", "wav": "audio/wav", "mp3": "audio/mpeg", "OggS": "audio/ogg", "g711": "audio/basic"}
VOICES = tuple(f"voice-{number:03d}" for number in range(1, 131))


class ElevenLabs(VoicePersonality):
    """The personality."""

    name = "elevenlabs"
    key_header = "xi-api-key"

    def routes(self) -> tuple[VoiceRoute, ...]:
        """What is served."""
        path = "/v1/text-to-speech/{voice}"
        return (
            VoiceRoute("POST", path, self.speak),
            VoiceRoute("POST", f"{path}/stream", self.speak),
            VoiceRoute("POST", f"{path}/with-timestamps", self.timed),
            VoiceRoute("POST", f"{path}/stream/with-timestamps", self.timed_stream),
            VoiceRoute("POST", "/v1/speech-to-text", self.write),
            VoiceRoute("GET", "/v2/voices", self.voices, paid=False),
        )

    def speak(self, call: VoiceCall) -> Told:
        """Sound alone."""
        kind, data = self._sound(call)
        cost = str(len(call.json()["text"]))
        headers = (("character-cost", cost), ("request-id", "req-1"))
        return Told(pieces=tuple(pieces(data)), media_type=MEDIA[kind], headers=headers)

    def timed(self, call: VoiceCall) -> Told:
        """Sound with the times of letters."""
        _, data = self._sound(call)
        text = call.json()["text"]
        return told_json({"audio_base64": encoded(data), "alignment": _letters(text, 0), "normalized_alignment": None})

    def timed_stream(self, call: VoiceCall) -> Told:
        """The same, a line of JSON for each piece."""
        _, data = self._sound(call)
        text = call.json()["text"]
        sounds = pieces(data)
        size = len(text) // len(sounds) + 1
        lines = [
            {"audio_base64": encoded(sound), "alignment": _letters(text[at : at + size], at) if text[at:] else None}
            for number, sound in enumerate(sounds)
            for at in (number * size,)
        ]
        return Told(pieces=tuple(msgspec.json.encode(one) + b"\n" for one in lines))

    def write(self, call: VoiceCall) -> Told:
        """What was said."""
        form = call.form()
        if not ("file" in form or "source_url" in form):
            raise Refusal("invalid_request", "there is no file")
        named = form["diarize"].data == b"true" if "diarize" in form else False
        words: list[dict[str, Any]] = []
        for one in SAID:
            speaker = {"speaker_id": f"speaker_{one.speaker}"} if named else {}
            spoken = {"text": one.text, "start": one.start, "end": one.end, "type": "word", "logprob": -0.01}
            words += [
                spoken | speaker,
                {"text": " ", "start": one.end, "end": one.end, "type": "spacing", "logprob": 0.0},
            ]
        told = {"language_code": "eng", "language_probability": 0.99, "text": TEXT, "words": words[:-1]}
        return told_json(told | {"transcription_id": "tr-1", "audio_duration_secs": SECONDS})

    def voices(self, call: VoiceCall) -> Told:
        """A page of voices."""
        start, size = int(call.query.get("next_page_token", "0")), int(call.query.get("page_size", "10"))
        page = [
            {"voice_id": one, "name": one.title(), "labels": {"language": "en"}} for one in VOICES[start : start + size]
        ]
        more = start + size < len(VOICES)
        return told_json({"voices": page, "has_more": more, "next_page_token": str(start + size) if more else None})

    def refuse(self, refusal: Refusal) -> Told:
        """An error in `detail`."""
        status, word = STATUSES.get(refusal.kind, (refusal.status, refusal.code))
        return told_json({"detail": {"status": word, "message": refusal.message}}, status=status)

    def _sound(self, call: VoiceCall) -> tuple[str, bytes]:
        coding, rate = call.query["output_format"].split("_")[:2]
        if call.arg("voice") == "nobody":
            raise Refusal("not_found", "A voice with voice_id nobody was not found.")
        kind = KINDS[coding]
        return kind, speech(call.json()["text"], kind, int(rate))


def _letters(text: str, at: int) -> dict[str, Any]:
    starts = [round((at + number) * LETTER, 3) for number in range(len(text))]
    return {
        "characters": [*text],
        "character_start_times_seconds": starts,
        "character_end_times_seconds": [round(start + LETTER, 3) for start in starts],
    }


personality = ElevenLabs
