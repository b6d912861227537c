"""Replicate: predictions by version, model and deployment, `Prefer: wait`, files, a list by pages, webhooks with a secret to ask for.

Its replies have the form that recordings of 2023 and 2024 have (tests/recorded/media); failures are made from documents.
"""

import datetime
import math
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from genmux.contract.dialect import Answer
from genmux.testing.simulator.media.ask import Ask
from genmux.testing.simulator.media.catalogue import media_types
from genmux.testing.simulator.media.desk import Order
from genmux.testing.simulator.media.job import SimulatedJob
from genmux.testing.simulator.media.personality import Hook, Personality, Route, reply, retry_after
from genmux.testing.simulator.media.refusal import Refusal
from genmux.testing.simulator.media.script import StateWord
from genmux.testing.simulator.media.standard_webhooks import signed
from genmux.testing.simulator.steps import Step, whole_answer

WORDS: dict[StateWord, str] = {
    "pending": "starting",
    "processing": "processing",
    "completed": "succeeded",
    "filtered": "failed",
    "failed": "failed",
    "cancelled": "canceled",
    "expired": "aborted",
}
ERRORS: dict[StateWord, str] = {
    "filtered": "NSFW content detected. Try running it again, or try a different prompt.",
    "failed": "Prediction failed.",
}
MANY = ("num_outputs", "number_of_images", "num_images")
"""What models call the number of their pictures; those that have one answer with a list."""

PAGE = 100
REMOVED = 3_600.0
"""How long input and output are kept, in seconds."""


class Replicate(Personality):
    """The personality."""

    name = "replicate"
    simulates = ("replicate",)
    key_headers = ("authorization",)
    hook_states = ("completed", "filtered", "failed", "cancelled", "expired")
    refunds = frozenset({"failed", "filtered", "expired"})
    link_lifetime = REMOVED

    def __init__(self) -> None:
        self._media_types = {_hidden(name): kind for name, kind in media_types("replicate").items()}

    def routes(self) -> tuple[Route, ...]:
        """What is served, below `/v1`."""
        return (
            Route("POST", "/predictions", self.submit),
            Route("POST", "/models/{model*}/predictions", self.submit),
            Route("POST", "/deployments/{model*}/predictions", self.submit),
            Route("GET", "/predictions", self.predictions),
            Route("GET", "/predictions/{id}", self.poll),
            Route("POST", "/predictions/{id}/cancel", self.cancel),
            Route("POST", "/files", self.upload),
            Route("GET", "/webhooks/default/secret", self.webhook_secret),
            Route("GET", "/account", self.account),
        )

    def submit(self, ask: Ask) -> "Answer | Iterator[Step]":
        """`POST /models/…/predictions` and its like."""
        said = ask.json()
        model, asked = ask.args.get("model") or said["version"], said["input"]
        order = Order(
            model=model,
            operation=model,
            prompt=asked.get("prompt") or asked.get("text", ""),
            params=asked,
            callback=said.get("webhook"),
            media_type=self._media_types.get(model, "image/png"),
            outputs=next((asked[name] for name in MANY if name in asked), 1),
            price=self.price(asked),
        )
        job = ask.accept(order)
        if (wait := _wait(ask.headers.get("prefer", ""))) is None:
            return reply(201, self.shown(job))
        return self._waits(ask, job, wait)

    def _waits(self, ask: Ask, job: SimulatedJob, at_most: float) -> "Iterator[Step]":
        yield from ask.until_done(job, at_most=at_most)
        yield whole_answer(reply(201, self.shown(job)))

    def poll(self, ask: Ask) -> Answer:
        """`GET /predictions/{id}`."""
        return reply(200, self.shown(ask.look(ask.args["id"])))

    def predictions(self, ask: Ask) -> Answer:
        """`GET /predictions?created_after=…`, the newest first."""
        after = ask.query.get("created_after")
        since = datetime.datetime.fromisoformat(after).timestamp() if after else -math.inf
        found = [job for job in ask.desk.listed() if self._made_at(job).timestamp() > since]
        begin = int(ask.query.get("cursor", 0))
        shown = [self.shown(job) for job in found[begin : begin + PAGE]]
        more = f"{self.server.url(self.name)}/predictions?cursor={begin + PAGE}" + (
            f"&created_after={ask.query['created_after'].replace('+', '%2B')}" if after else ""
        )
        return reply(200, {"previous": None, "next": more if len(found) > begin + PAGE else None, "results": shown})

    def cancel(self, ask: Ask) -> Answer:
        """`POST /predictions/{id}/cancel`."""
        if not ask.cancel(ask.args["id"]):
            raise Refusal("invalid_request", "The prediction has already finished.", status=422)
        return reply(200, self.shown(ask.desk.look(ask.args["id"])))

    def upload(self, ask: Ask) -> Answer:
        """`POST /files`, a form with `content`."""
        file = ask.form().get("content")
        if file is None:
            raise Refusal("invalid_request", "Missing content")
        upload = ask.desk.upload(file.name, file.media_type, file.data)
        urls = {"get": f"https://api.replicate.com/v1/files/{upload.id}"}
        told = {"id": upload.id, "name": upload.name, "content_type": upload.media_type, "size": upload.size}
        return reply(201, told | {"urls": urls})

    def webhook_secret(self, ask: Ask) -> Answer:
        """`GET /webhooks/default/secret`."""
        del ask
        return reply(200, {"key": self.secret})

    def account(self, ask: Ask) -> Answer:
        """`GET /account`, as far as anybody looks at it."""
        del ask
        return reply(200, {"type": "user", "username": "simulated", "name": "Simulated", "github_url": None})

    def hook(self, job: SimulatedJob, *, secret: str, stamp: float) -> Hook:
        """The same as a poll, signed as Standard Webhooks are."""
        body = msgspec.json.encode(self.shown(job))
        headers = signed(body, message_id=f"msg_{job.id}_{job.told or 'done'}", secret=secret, stamp=stamp)
        return Hook(url=job.callback or "", body=body, headers={"content-type": "application/json", **headers})

    def refuse(self, refusal: Refusal) -> Answer:
        """An error as a problem."""
        words = "Insufficient credit to run this model" if refusal.kind == "quota_exceeded" else refusal.message
        if refusal.kind == "content_filtered":
            words = f"The input was flagged as sensitive: {words}"
        problem = {"title": refusal.code.replace("_", " ").capitalize(), "detail": words, "status": refusal.status}
        return reply(refusal.status, problem, retry_after(refusal))

    def price(self, params: Mapping[str, Any]) -> Decimal:
        """0.3 cents for each picture, or whatever it is."""
        return Decimal("0.003") * next((int(params[name]) for name in MANY if name in params), 1)

    def shown(self, job: SimulatedJob) -> dict[str, Any]:
        """A prediction."""
        now = self.desk.clock.now()
        state = job.state(now)
        at = f"{self.server.url(self.name)}/predictions/{job.id}"
        removed = now >= job.ends + REMOVED
        shown: dict[str, Any] = {
            "id": job.id,
            "model": job.model,
            "version": "hidden",
            "input": {} if removed else job.params,
            "logs": "",
            "output": None,
            "error": None,
            "status": job.word(now, WORDS),
            "data_removed": removed,
            "created_at": f"{self._made_at(job):%Y-%m-%dT%H:%M:%S.%fZ}",
            "urls": {"get": at, "cancel": f"{at}/cancel"},
        }
        if state == "completed":
            shown["metrics"] = {"predict_time": job.ends - job.starts}
            if not removed:
                shown["output"] = self._output(job)
        elif state in ERRORS:
            reason = job.script.reason
            shown["error"] = f"{ERRORS[state]} {reason}".strip()
        return shown

    def _made_at(self, job: SimulatedJob) -> datetime.datetime:
        return datetime.datetime.fromtimestamp(job.accepted, datetime.UTC)

    def _output(self, job: SimulatedJob) -> Any:
        made = [self.server.file_url(job, index) for index in range(job.outputs - job.script.withheld)]
        many = any(name in job.params for name in MANY)
        return made if many or len(made) != 1 else made[0]


def _hidden(name: str) -> str:
    """A model as a request names it: a version alone."""
    return name.rpartition(":")[2]


def _wait(prefer: str) -> float | None:
    """For how long `Prefer` wants the answer to wait."""
    word, _, seconds = prefer.partition("=")
    return (float(seconds) if seconds else 60.0) if word == "wait" else None


personality = Replicate
