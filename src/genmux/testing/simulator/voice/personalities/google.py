"""Gemini's speech: a WAV file where it comes whole, events of samples where it is streamed. Made from its recordings."""

from typing import Any

import msgspec

from genmux.testing.simulator.media.refusal import Refusal
from genmux.testing.simulator.voice.call import VoiceCall
from genmux.testing.simulator.voice.personality import Told, VoicePersonality, VoiceRoute, told_json
from genmux.testing.simulator.voice.sounds import encoded, pieces, speech

RATE = 24_000
RPC = {
    "authentication": (400, "INVALID_ARGUMENT", "API_KEY_INVALID"),
    "quota_exceeded": (403, "PERMISSION_DENIED", "BILLING_DISABLED"),
    "rate_limit": (429, "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED"),
    "server": (500, "INTERNAL", ""),
}


class Google(VoicePersonality):
    """The personality."""

    name = "google"
    key_header = "x-goog-api-key"

    def routes(self) -> tuple[VoiceRoute, ...]:
        """What is served."""
        return (VoiceRoute("POST", "/models/{call}", self.speak),)

    def speak(self, call: VoiceCall) -> Told:
        """Either way."""
        said, (_, _, how) = call.json(), call.arg("call").partition(":")
        text = said["contents"][-1]["parts"][0]["text"]
        if said["generationConfig"]["responseModalities"] != ["AUDIO"]:
            raise Refusal("invalid_request", "this model only speaks")
        used = {
            "promptTokenCount": len(text),
            "candidatesTokenCount": 2 * len(text),
            "candidatesTokensDetails": [{"modality": "AUDIO", "tokenCount": 2 * len(text)}],
        }
        if how == "generateContent":
            return told_json(
                {"candidates": [_heard(speech(text, "wav", RATE), "audio/wav", "STOP")], "usageMetadata": used}
            )
        kind = f"audio/L16;codec=pcm;rate={RATE}"
        told = [{"candidates": [_heard(one, kind, None)]} for one in pieces(speech(text, "pcm", RATE))]
        last: dict[str, Any] = {"candidates": [{"finishReason": "STOP", "index": 0}], "usageMetadata": used}
        lines = (b"data: " + msgspec.json.encode(one) + b"\r\n\r\n" for one in (*told, last))
        return Told(pieces=tuple(lines), media_type="text/event-stream")

    def refuse(self, refusal: Refusal) -> Told:
        """An error in the manner of Google's services; a wrong key is a 400."""
        status, word, reason = RPC.get(refusal.kind, (refusal.status, "INVALID_ARGUMENT", ""))
        error: dict[str, Any] = {"code": status, "message": refusal.message, "status": word}
        if reason:
            error["details"] = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason}]
        return told_json({"error": error}, status=status)


def _heard(data: bytes, media_type: str, finish: str | None) -> dict[str, Any]:
    blob = {"inlineData": {"mimeType": media_type, "data": encoded(data)}}
    told: dict[str, Any] = {"content": {"role": "model", "parts": [blob]}, "index": 0}
    return told | ({"finishReason": finish} if finish else {})


personality = Google
