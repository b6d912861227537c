"""AssemblyAI: a sound is uploaded, a transcript is submitted and asked for; its webhooks are unsigned and tell no text.

Made from what its manifest says of the provider, not from recordings.
"""

from typing import Any

import msgspec

from genmux.contract.dialect import Answer
from genmux.testing.simulator.media.ask import Ask
from genmux.testing.simulator.media.desk import Order
from genmux.testing.simulator.media.job import SimulatedJob
from genmux.testing.simulator.media.personality import Hook, Personality, Route, reply, retry_after
from genmux.testing.simulator.media.refusal import Refusal
from genmux.testing.simulator.media.script import StateWord

WORDS: dict[StateWord, str] = {
    "pending": "queued",
    "processing": "processing",
    "completed": "completed",
    "filtered": "error",
    "failed": "error",
    "cancelled": "error",
    "expired": "error",
}
TEXT = "Hello there. Who is it?"
WORD_TIMES = (("Hello", 100, 400, "A"), ("there.", 450, 900, "A"), ("Who", 1_200, 1_400, "B"), ("is", 1_450, 1_600, "B"),
              ("it?", 1_650, 1_900, "B"))  # fmt: skip
UTTERANCES = (("Hello there.", 100, 900, "A"), ("Who is it?", 1_200, 1_900, "B"))
ENDS = {"completed", "error"}


class AssemblyAI(Personality):
    """The personality."""

    name = "assemblyai"
    simulates = ("assemblyai",)
    key_headers = ("authorization",)
    hook_states = ("completed", "filtered", "failed", "cancelled", "expired")

    def routes(self) -> tuple[Route, ...]:
        """What is served."""
        return (
            Route("POST", "/v2/upload", self.upload),
            Route("POST", "/v2/transcript", self.submit),
            Route("GET", "/v2/transcript/{id}", self.poll),
        )

    def upload(self, ask: Ask) -> Answer:
        """`POST /v2/upload`: the body is the file."""
        if not ask.body:
            raise Refusal("invalid_request", "the upload is empty")
        kept = ask.desk.upload("audio", "application/octet-stream", ask.body)
        return reply(200, {"upload_url": f"{self.server.url(self.name)}/uploads/{kept.id}"})

    def submit(self, ask: Ask) -> Answer:
        """`POST /v2/transcript`."""
        said = ask.json()
        if not said.get("audio_url"):
            raise Refusal("invalid_request", "audio_url is required")
        order = Order(
            model=said["speech_models"][0],
            operation="transcribe",
            prompt=said.get("prompt", ""),
            params={name: value for name, value in said.items() if name not in {"prompt", "webhook_url"}},
            callback=said.get("webhook_url"),
            media_type="application/json",
            extra={"request": said},
        )
        return reply(200, self.shown(ask.accept(order)))

    def poll(self, ask: Ask) -> Answer:
        """`GET /v2/transcript/{id}`."""
        return reply(200, self.shown(ask.look(ask.args["id"])))

    def hook(self, job: SimulatedJob, *, secret: str, stamp: float) -> Hook:
        """The id and the status, signed by nobody."""
        del secret, stamp
        word = job.word(self.desk.clock.now(), WORDS)
        body = msgspec.json.encode({"transcript_id": job.id, "status": word if word in ENDS else "completed"})
        return Hook(url=job.callback or "", body=body, headers={"content-type": "application/json"})

    def refuse(self, refusal: Refusal) -> Answer:
        """An error: words, and nothing else."""
        return reply(refusal.status, {"error": refusal.message}, retry_after(refusal))

    def shown(self, job: SimulatedJob) -> dict[str, Any]:
        """A transcript."""
        now = self.desk.clock.now()
        state, asked = job.state(now), job.extra["request"]
        told: dict[str, Any] = {"id": job.id, "status": job.word(now, WORDS), "audio_url": asked["audio_url"]}
        told |= {"text": None, "words": None, "utterances": None, "error": None, "audio_duration": None}
        if state == "completed" and job.outputs > job.script.withheld:
            labels = bool(asked.get("speaker_labels"))
            told |= {
                "text": TEXT,
                "words": [_told(one, labels=labels) for one in WORD_TIMES],
                "utterances": [_told(one, labels=True) for one in UTTERANCES] if labels else None,
                "language_code": asked.get("language_code", "en_us"),
                "audio_duration": 2,
            }
        elif state not in {"pending", "processing", "completed"}:
            told["error"] = job.script.reason or f"Transcription {state}"
        return told


def _told(one: tuple[str, int, int, str], *, labels: bool) -> dict[str, Any]:
    text, start, end, speaker = one
    return {"text": text, "start": start, "end": end, "confidence": 0.98, "speaker": speaker if labels else None}


personality = AssemblyAI
