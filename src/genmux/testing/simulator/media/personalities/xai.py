"""xAI: videos that are asked for again with 202 as the answer, pictures for which one waits, costs in ticks, no webhooks.

Made from its documents and recorded traffic (see the manifest of the provider). One stray thing is left out: bodies of a 202
that are no JSON.
"""

import base64
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from genmux.contract.dialect import Answer
from genmux.testing.simulator.media.ask import Ask
from genmux.testing.simulator.media.desk import Order
from genmux.testing.simulator.media.files import content
from genmux.testing.simulator.media.job import SimulatedJob
from genmux.testing.simulator.media.personality import Personality, Route, reply
from genmux.testing.simulator.media.refusal import Refusal
from genmux.testing.simulator.media.script import StateWord
from genmux.testing.simulator.steps import Step, whole_answer

WORDS: dict[StateWord, str] = {
    "pending": "pending",
    "processing": "pending",
    "completed": "done",
    "filtered": "done",
    "failed": "failed",
    "cancelled": "failed",
    "expired": "expired",
}
OPERATIONS = {"generations": "text_to_video", "edits": "video_to_video", "extensions": "video_to_video"}
TICKS = 10_000_000_000
"""In a US dollar."""


class XAI(Personality):
    """The personality."""

    name = "xai"
    simulates = ("xai",)
    key_headers = ("authorization",)
    refunds = frozenset({"failed", "expired"})

    def routes(self) -> tuple[Route, ...]:
        """What is served."""
        return (
            Route("POST", "/videos/{way}", self.submit),
            Route("GET", "/videos/{id}", self.poll),
            Route("POST", "/images/{way}", self.paint),
        )

    def submit(self, ask: Ask) -> Answer:
        """`POST /videos/generations`, `edits` and `extensions`."""
        said = ask.json()
        way = ask.args["way"]
        if way != "generations" and not said["video"]["url"]:
            raise Refusal("invalid_request", "the video is missing")
        params = {name: value for name, value in said.items() if name not in {"model", "prompt"}}
        order = Order(
            model=said["model"],
            operation=OPERATIONS[way],
            prompt=said.get("prompt", ""),
            params=params,
            media_type="video/mp4",
            price=self.price(params),
            extra={"seconds": params.get("duration", 8)},
        )
        return reply(200, {"request_id": ask.accept(order).id})

    def poll(self, ask: Ask) -> Answer:
        """`GET /videos/{id}`: 202 while it is worked on."""
        job = ask.look(ask.args["id"])
        now = self.desk.clock.now()
        shown: dict[str, Any] = {"status": job.word(now, WORDS), "model": job.model}
        match job.state(now):
            case "pending" | "processing":
                shown["progress"] = int(job.progress(now) * 100)
                return reply(202, shown)
            case "completed" | "filtered":
                shown |= {"video": self._video(job, now), "usage": self._usage(job)}
            case state:
                shown["error"] = {"code": "internal_error", "message": job.script.reason or state}
        return reply(200, shown)

    def paint(self, ask: Ask) -> Iterator[Step]:
        """`POST /images/generations` and `edits`: one waits for the pictures."""
        said = ask.json()
        params = {name: value for name, value in said.items() if name not in {"model", "prompt"}}
        order = Order(
            model=said["model"],
            operation="text_to_image" if ask.args["way"] == "generations" else "image_to_image",
            prompt=said["prompt"],
            params=params,
            media_type="image/jpeg",
            outputs=said.get("n", 1),
            price=Decimal("0.02") * said.get("n", 1),
        )
        return self._painted(ask, ask.accept(order), bare=said.get("response_format") == "b64_json")

    def refuse(self, refusal: Refusal) -> Answer:
        """An error: `code` is words, and a wrong key is a 400."""
        if refusal.kind == "authentication":
            told = {
                "code": "Client specified an invalid argument",
                "error": f"Incorrect API key provided: {refusal.message}",
            }
            return reply(400, told)
        return reply(refusal.status, {"code": refusal.code, "error": refusal.message})

    def price(self, params: Mapping[str, Any]) -> Decimal:
        """5 cents a second."""
        return Decimal("0.05") * int(params.get("duration", 8))

    def _video(self, job: SimulatedJob, now: float) -> dict[str, Any] | None:
        kept = job.state(now) == "filtered" or job.script.withheld
        if kept or not job.outputs:
            return {"url": "", "respect_moderation": False} if kept else None
        url = self.server.file_url(job, 0)
        return {"url": url, "duration": job.extra["seconds"], "respect_moderation": True}

    def _usage(self, job: SimulatedJob) -> dict[str, int]:
        return {"cost_in_usd_ticks": int(job.amount * TICKS)}

    def _painted(self, ask: Ask, job: SimulatedJob, *, bare: bool) -> Iterator[Step]:
        yield from ask.until_done(job)
        state = job.state(self.desk.clock.now())
        if state not in {"completed", "filtered"}:
            yield whole_answer(self.refuse(Refusal("server", job.script.reason or state)))
            return
        kept = 0 if state == "filtered" else job.outputs - job.script.withheld
        data: list[dict[str, Any]] = [{"url": "", "respect_moderation": False}] * (job.outputs - kept)
        for index in range(kept):
            told = (
                {"b64_json": base64.b64encode(content(job, index)).decode()}
                if bare
                else {"url": self.server.file_url(job, index)}
            )
            data.append({**told, "mime_type": job.media_type, "respect_moderation": True})
        yield whole_answer(reply(200, {"data": data, "usage": self._usage(job)}))


personality = XAI
