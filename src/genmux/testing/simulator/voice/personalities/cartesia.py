"""Cartesia: Sonic as bytes and as events, Ink, and pages of voices. Made from what the wires' sources say."""

from typing import Any

import msgspec

from genmux.testing.simulator.media.refusal import Refusal
from genmux.testing.simulator.voice.call import VoiceCall
from genmux.testing.simulator.voice.personality import Told, VoicePersonality, VoiceRoute, told_json
from genmux.testing.simulator.voice.sounds import SAID, SECONDS, TEXT, encoded, pieces, spans, speech

KINDS = {"pcm_s16le": "pcm", "pcm_mulaw": "g711", "pcm_alaw": "g711"}
CODES = {"rate_limit": "concurrency_limited"}
VOICES = tuple(f"voice-{number:03d}" for number in range(1, 131))


class Cartesia(VoicePersonality):
    """The personality."""

    name = "cartesia"

    def routes(self) -> tuple[VoiceRoute, ...]:
        """What is served."""
        return (
            VoiceRoute("POST", "/tts/bytes", self.speak),
            VoiceRoute("POST", "/tts/sse", self.events),
            VoiceRoute("POST", "/stt", self.write),
            VoiceRoute("GET", "/voices", self.voices, paid=False),
        )

    def speak(self, call: VoiceCall) -> Told:
        """Sound alone."""
        data = self._sound(call, call.json()["output_format"]["container"])
        return Told(pieces=tuple(pieces(data)), media_type=call.headers.get("accept", "audio/wav"))

    def events(self, call: VoiceCall) -> Told:
        """Sound in base64, and times where they are wished for."""
        said = call.json()
        if said["output_format"]["container"] != "raw":
            raise Refusal("invalid_request", "output_format.container must be raw")
        told: list[dict[str, Any]] = [
            {"type": "chunk", "data": encoded(one), "done": False, "status_code": 206}
            for one in pieces(self._sound(call, "raw"))
        ]
        if said.get("add_timestamps"):
            words, starts, ends = zip(*spans(said["transcript"]), strict=True)
            times = {"words": words, "start": starts, "end": ends}
            told.insert(1, {"type": "timestamps", "done": False, "status_code": 206, "word_timestamps": times})
        told.append({"type": "done", "done": True, "status_code": 200})
        lines = (f"event: {one['type']}\ndata: ".encode() + msgspec.json.encode(one) + b"\n\n" for one in told)
        return Told(pieces=tuple(lines), media_type="text/event-stream")

    def write(self, call: VoiceCall) -> Told:
        """What was said."""
        form = call.form()
        if "file" not in form:
            raise Refusal("invalid_request", "there is no file")
        language = form["language"].data.decode() if "language" in form else "en"
        words = [{"word": one.text, "start": one.start, "end": one.end} for one in SAID]
        told = {"type": "transcript", "text": TEXT, "language": language, "duration": SECONDS, "request_id": "req-1"}
        return told_json(told | ({"words": words} if "timestamp_granularities[]" in form else {}))

    def voices(self, call: VoiceCall) -> Told:
        """A page of voices."""
        after, size = call.query.get("starting_after"), int(call.query.get("limit", "10"))
        start = VOICES.index(after) + 1 if after else 0
        page = [
            {"id": one, "name": one.title(), "language": "en", "locales": []} for one in VOICES[start : start + size]
        ]
        return told_json({"data": page, "has_more": start + size < len(VOICES)})

    def refuse(self, refusal: Refusal) -> Told:
        """An error with `error_code`."""
        code = CODES.get(refusal.kind)
        told = {"error_code": code, "title": refusal.code, "message": refusal.message, "request_id": "req-1"}
        return told_json(told, status=refusal.status)

    def _sound(self, call: VoiceCall, container: str) -> bytes:
        said = call.json()
        wished = said["output_format"]
        if said["voice"]["id"] == "nobody":
            raise Refusal("not_found", "voice not found")
        kind = KINDS[wished["encoding"]] if container == "raw" else container
        return speech(said["transcript"], kind, wished["sample_rate"])


personality = Cartesia
