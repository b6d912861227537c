"""Google: pictures while one waits, interactions and operations to be asked for, and files behind the key.

Made from what its manifest says of the provider, not from recordings.
"""

import base64
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from genmux.contract.dialect import Answer
from genmux.testing.simulator.media.ask import Ask
from genmux.testing.simulator.media.desk import Order
from genmux.testing.simulator.media.files import content, download
from genmux.testing.simulator.media.job import SimulatedJob
from genmux.testing.simulator.media.personality import Personality, Route, reply, retry_after
from genmux.testing.simulator.media.refusal import Refusal
from genmux.testing.simulator.media.script import StateWord
from genmux.testing.simulator.steps import Step, whole_answer

ENDINGS: dict[StateWord, str] = {
    "pending": "FINISH_REASON_UNSPECIFIED",
    "processing": "FINISH_REASON_UNSPECIFIED",
    "completed": "STOP",
    "filtered": "IMAGE_SAFETY",
    "failed": "IMAGE_OTHER",
    "cancelled": "OTHER",
    "expired": "OTHER",
}
STATUSES: dict[StateWord, str] = {
    "pending": "queued",
    "processing": "in_progress",
    "completed": "completed",
    "filtered": "completed",
    "failed": "failed",
    "cancelled": "cancelled",
    "expired": "incomplete",
}
RPC = {
    "invalid_request": (400, "INVALID_ARGUMENT"),
    "authentication": (400, "INVALID_ARGUMENT"),
    "permission": (403, "PERMISSION_DENIED"),
    "quota_exceeded": (403, "PERMISSION_DENIED"),
    "not_found": (404, "NOT_FOUND"),
    "conflict": (409, "ABORTED"),
    "content_filtered": (400, "INVALID_ARGUMENT"),
    "rate_limit": (429, "RESOURCE_EXHAUSTED"),
    "server": (500, "INTERNAL"),
    "overloaded": (503, "UNAVAILABLE"),
}
"""HTTP status and word for what is refused; a wrong key is a 400."""

MESSAGES = {
    "authentication": "API key not valid. Please pass a valid API key.",
    "quota_exceeded": "This API method requires billing to be enabled.",
    "content_filtered": "The prompt was blocked for safety reasons.",
}
NO_BILLING = {
    "@type": "type.googleapis.com/google.rpc.ErrorInfo",
    "reason": "BILLING_DISABLED",
    "domain": "googleapis.com",
}
PICTURE_TOKENS, SECOND_TOKENS = 1_120, 5_792


class Google(Personality):
    """The personality."""

    name = "google"
    simulates = ("google",)
    key_headers = ("x-goog-api-key",)
    link_lifetime = 172_800.0

    def routes(self) -> tuple[Route, ...]:
        """What is served."""
        return (
            Route("GET", "/models", self.models),
            Route("POST", "/models/{model}:generateContent", self.generate),
            Route("POST", "/models/{model}:predictLongRunning", self.predict),
            Route("GET", "/models/{model}/operations/{id}", self.operation),
            Route("POST", "/interactions", self.interact),
            Route("GET", "/interactions/{id}", self.interaction),
            Route("POST", "/interactions/{id}/cancel", self.cancel),
            Route("GET", "/files/{id}:download", self.moved),
            Route("GET", "/files/{id}", self.file),
            Route("GET", "/download/files/{id}:download", self.served),
        )

    def says(self, wire: str, raw: str) -> bool:
        """Interactions have the words of the table in small letters, answers of pictures the others; operations have none."""
        return wire != "veo" and raw.islower() is (wire == "omni")

    def new_id(self, number: int) -> str:
        """Short, as ids of operations and files are."""
        return f"sim{number:09d}"

    def models(self, ask: Ask) -> Answer:
        """`GET /models`."""
        del ask
        return reply(200, {"models": [{"name": "models/gemini-nano-banana-2.1"}]})

    # ------------------------------------------------------------ pictures
    def generate(self, ask: Ask) -> Iterator[Step]:
        """`POST /models/MODEL:generateContent`."""
        said = ask.json()
        parts = said["contents"][-1]["parts"]
        prompt = "".join(part.get("text", "") for part in parts)
        pictures = sum("inlineData" in part for part in parts)
        order = Order(
            model=ask.args["model"],
            operation="image_to_image" if pictures else "text_to_image",
            prompt=prompt,
            params=said.get("generationConfig", {}),
            media_type="image/png",
            price=Decimal("0.0336"),
            extra={"pictures": pictures},
        )
        return self._waited(ask, ask.accept(order))

    def _waited(self, ask: Ask, job: SimulatedJob) -> Iterator[Step]:
        yield from ask.until_done(job)
        yield whole_answer(reply(200, self.answer(job)))

    def answer(self, job: SimulatedJob) -> dict[str, Any]:
        """What came of it: a draft among the thoughts, words, and pictures; or no content at all."""
        now = self.desk.clock.now()
        made = job.state(now) == "completed" and job.script.word in (None, "STOP")
        shown = job.outputs - job.script.withheld if made else 0
        drawn = {"mimeType": job.media_type, "data": base64.b64encode(content(job, 0)).decode()}
        parts: list[dict[str, Any]] = [{"inlineData": drawn, "thought": True}, {"text": "Here you are."}]
        parts += [
            {"inlineData": {**drawn, "data": base64.b64encode(content(job, index)).decode()}} for index in range(shown)
        ]
        candidate: dict[str, Any] = {"finishReason": job.word(now, ENDINGS), "index": 0}
        if shown:
            candidate["content"] = {"role": "model", "parts": parts}
        elif job.script.reason:
            candidate["finishMessage"] = job.script.reason
        drawn_tokens, asked_tokens = PICTURE_TOKENS * shown, 10 + 258 * job.extra["pictures"]
        return {
            "candidates": [candidate],
            "usageMetadata": {
                "promptTokenCount": asked_tokens,
                "candidatesTokenCount": drawn_tokens,
                "totalTokenCount": asked_tokens + drawn_tokens,
                "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": drawn_tokens}] if shown else [],
            },
            "modelVersion": job.model,
            "responseId": job.id,
        }

    # ------------------------------------------------------------ operations
    def predict(self, ask: Ask) -> Answer:
        """`POST /models/MODEL:predictLongRunning`."""
        said = ask.json()
        (instance,) = said["instances"]
        seconds = said.get("parameters", {}).get("durationSeconds", 8)
        order = Order(
            model=ask.args["model"],
            operation="image_to_video" if "image" in instance else "text_to_video",
            prompt=instance.get("prompt", ""),
            params=said.get("parameters", {}),
            media_type="video/mp4",
            price=Decimal("0.4") * seconds,
        )
        return reply(200, {"name": self._operation_name(ask.accept(order))})

    def operation(self, ask: Ask) -> Answer:
        """`GET /models/MODEL/operations/ID`."""
        job = ask.look(ask.args["id"])
        return reply(200, {"name": self._operation_name(job), **self._operation(job)})

    def _operation_name(self, job: SimulatedJob) -> str:
        return f"models/{job.model}/operations/{job.id}"

    def _operation(self, job: SimulatedJob) -> dict[str, Any]:
        state = job.state(self.desk.clock.now())
        if state in ("pending", "processing"):
            return {}
        if state not in ("completed", "filtered"):
            return {"done": True, "error": {"code": 13, "message": job.script.reason or "Video generation failed."}}
        shown = job.outputs - job.script.withheld if state == "completed" else 0
        made: dict[str, Any] = {}
        if shown:
            made["generatedSamples"] = [{"video": {"uri": self._uri(job)}}]
        if held := job.outputs - shown:
            made["raiMediaFilteredCount"] = held
            made["raiMediaFilteredReasons"] = [job.script.reason or "The video was blocked for safety reasons."]
        return {"done": True, "response": {"generateVideoResponse": made}}

    # ------------------------------------------------------------ interactions
    def interact(self, ask: Ask) -> Answer:
        """`POST /interactions`."""
        said = ask.json()
        blocks = said["input"]
        wanted = said.get("response_format", {})
        seconds = Decimal(wanted.get("duration", "10s").removesuffix("s"))
        order = Order(
            model=said["model"],
            operation=said.get("generation_config", {}).get("video_config", {}).get("task", "text_to_video"),
            prompt="".join(block.get("text", "") for block in blocks),
            params=wanted,
            media_type="video/mp4",
            price=Decimal("0.0695") * seconds,
            extra={"input": blocks, "tokens": int(SECOND_TOKENS * seconds)},
        )
        return reply(200, self.interacted(ask.accept(order)))

    def interaction(self, ask: Ask) -> Answer:
        """`GET /interactions/ID`; an id that nobody knows is a 400."""
        try:
            return reply(200, self.interacted(ask.look(ask.args["id"])))
        except Refusal as refusal:
            if refusal.kind != "not_found":
                raise
            raise Refusal("invalid_request", "Invalid interaction name.") from refusal

    def cancel(self, ask: Ask) -> Answer:
        """`POST /interactions/ID/cancel`."""
        if not ask.cancel(ask.args["id"]):
            raise Refusal("invalid_request", "The interaction has ended.")
        return reply(200, self.interacted(ask.desk.jobs[ask.args["id"]]))

    def interacted(self, job: SimulatedJob) -> dict[str, Any]:
        """An interaction: what was said, and in the end a video, or words where that was kept back."""
        now = self.desk.clock.now()
        state = job.state(now)
        steps: list[dict[str, Any]] = [{"type": "user_input", "content": job.extra["input"]}]
        shown: dict[str, Any] = {
            "id": job.id,
            "object": "interaction",
            "model": job.model,
            "status": job.word(now, STATUSES),
        }
        if state == "completed":
            held = job.script.withheld >= job.outputs
            words = {"type": "text", "text": "I cannot make that video."}
            video = {"type": "video", "mime_type": job.media_type, "uri": self._uri(job)}
            steps += [{"type": "thought", "signature": "c2ltdWxhdGVk"}]
            steps += [{"type": "model_output", "content": [words if held else video]}]
            shown["usage"] = self._usage(0 if held else job.extra["tokens"])
        elif state == "filtered":
            words = {"type": "text", "text": job.script.reason or "I cannot make that video."}
            steps += [{"type": "model_output", "content": [words]}]
            shown["usage"] = self._usage(0)
        elif state in ("failed", "expired"):
            shown["errors"] = [{"code": "internal", "message": job.script.reason or "Video generation failed."}]
        return {**shown, "steps": steps}

    def _usage(self, tokens: int) -> dict[str, Any]:
        return {
            "total_input_tokens": 20,
            "total_output_tokens": tokens,
            "total_thought_tokens": 40,
            "total_tokens": 60 + tokens,
            "output_tokens_by_modality": [{"modality": "video", "tokens": tokens}] if tokens else [],
        }

    # ------------------------------------------------------------ files
    def _uri(self, job: SimulatedJob) -> str:
        return f"{self.server.url(self.name)}/files/{job.id}:download?alt=media"

    def _made(self, ask: Ask) -> SimulatedJob:
        """The job of a file. Raises Refusal where there is no file, or none any more."""
        job = ask.desk.jobs.get(ask.args["id"])
        life = self.link_lifetime if job is None or job.script.link is None else job.script.link
        if job is None or job.state(ask.now) != "completed" or ask.now >= job.ends + life:
            told = f"You do not have permission to access the File {ask.args['id']} or it may not exist."
            raise Refusal("permission", told)
        return job

    def file(self, ask: Ask) -> Answer:
        """`GET /files/ID`."""
        job = self._made(ask)
        return reply(200, {"name": f"files/{job.id}", "mimeType": job.media_type, "state": "ACTIVE"})

    def moved(self, ask: Ask) -> Answer:
        """`GET /files/ID:download`: it is somewhere else on this host."""
        job = self._made(ask)
        there = f"{self.server.url(self.name)}/download/files/{job.id}:download?alt=media"
        told = {"error": {"code": 302, "message": "The file is at another address.", "status": "UNKNOWN"}}
        return reply(302, told, (("location", there),))

    def served(self, ask: Ask) -> Iterator[Step]:
        """`GET /download/files/ID:download`."""
        return download(self._made(ask), 0, dead=self.dead_link(), wants=ask.headers.get("range"))

    def refuse(self, refusal: Refusal) -> Answer:
        """An error as google.rpc has them."""
        status, word = RPC[refusal.kind]
        message = MESSAGES.get(refusal.kind, refusal.message)
        shown: dict[str, Any] = {"code": status, "message": message, "status": word}
        if refusal.kind == "quota_exceeded":
            shown["details"] = [NO_BILLING]
        shown = {"error": shown}
        return reply(200 if refusal.inside_success else status, shown, retry_after(refusal))


personality = Google
