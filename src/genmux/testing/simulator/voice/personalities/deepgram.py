"""Deepgram: Aura, whose voice is in the query, and transcription with utterances. Made from its recordings."""

from typing import Any

from genmux.testing.simulator.media.refusal import Refusal
from genmux.testing.simulator.voice.call import VoiceCall
from genmux.testing.simulator.voice.personality import Told, VoicePersonality, VoiceRoute, told_json
from genmux.testing.simulator.voice.sounds import SAID, SECONDS, TEXT, Said, pieces, speech

CODES = {
    "authentication": (401, "INVALID_AUTH"),
    "quota_exceeded": (402, "ASR_PAYMENT_REQUIRED"),
    "rate_limit": (429, "TOO_MANY_REQUESTS"),
    "invalid_request": (400, "Bad Request"),
}
KINDS = {"mulaw": "g711", "alaw": "g711", "mp3": "mp3", "opus": "OggS", "flac": "fLaC", "aac": "aac"}
RATES = {"g711": "8000", "fLaC": "48000", "OggS": "48000"}
MEDIA = {"pcm": "audio/l16", "wav": "audio/wav", "mp3": "audio/mpeg", "OggS": "audio/ogg", "g711": "audio/mulaw"}


class Deepgram(VoicePersonality):
    """The personality."""

    name = "deepgram"

    def routes(self) -> tuple[VoiceRoute, ...]:
        """What is served."""
        return (VoiceRoute("POST", "/v1/speak", self.speak), VoiceRoute("POST", "/v1/listen", self.listen))

    def speak(self, call: VoiceCall) -> Told:
        """Sound alone."""
        text = call.json()["text"]
        coding = call.query.get("encoding", "linear16")
        kind = (
            ("wav" if call.query.get("container", "wav") == "wav" else "pcm") if coding == "linear16" else KINDS[coding]
        )
        data = speech(text, kind, int(call.query.get("sample_rate", RATES.get(kind, "24000"))))
        headers = (
            ("dg-char-count", str(len(text))),
            ("dg-model-name", call.query["model"]),
            ("dg-request-id", "req-1"),
        )
        return Told(pieces=tuple(pieces(data)), media_type=MEDIA.get(kind, "audio/x"), headers=headers)

    def listen(self, call: VoiceCall) -> Told:
        """What was said."""
        if not call.body:
            raise Refusal("invalid_request", "Bad Request: failed to process audio: corrupt or unsupported data")
        named = "diarize_model" in call.query
        words = [_word(one, named=named) for one in SAID]
        halves = (SAID[:2], SAID[2:])
        utterances = [
            {
                "start": half[0].start,
                "end": half[-1].end,
                "confidence": 0.99,
                "channel": 0,
                "transcript": " ".join(one.text for one in half),
                **({"speaker": half[0].speaker} if named else {}),
            }
            for half in halves
        ]
        channel: dict[str, Any] = {"alternatives": [{"transcript": TEXT, "confidence": 0.99, "words": words}]}
        if call.query.get("detect_language") == "true":
            channel["detected_language"] = "en"
        metadata = {"request_id": "req-1", "duration": SECONDS, "channels": 1}
        return told_json({"metadata": metadata, "results": {"channels": [channel], "utterances": utterances}})

    def refuse(self, refusal: Refusal) -> Told:
        """An error with `err_code`."""
        status, code = CODES.get(refusal.kind, (refusal.status, refusal.code))
        return told_json({"err_code": code, "err_msg": refusal.message, "request_id": "req-1"}, status=status)


def _word(one: Said, *, named: bool) -> dict[str, Any]:
    plain = one.text.lower().strip(".?")
    told = {"word": plain, "punctuated_word": one.text, "start": one.start, "end": one.end, "confidence": 0.99}
    return told | ({"speaker": one.speaker, "speaker_confidence": 0.9} if named else {})


personality = Deepgram
