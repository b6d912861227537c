"""PixVerse: numbers for states, errors inside of a 200, uploads that become numbers, an id with each request, webhooks of the account.

Made from its documents (see the manifest of the provider), not from recordings.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import msgspec

from genmux.contract.dialect import Answer
from genmux.testing.simulator.media.ask import Ask
from genmux.testing.simulator.media.desk import Order
from genmux.testing.simulator.media.job import SimulatedJob
from genmux.testing.simulator.media.personality import Hook, Personality, Route, reply
from genmux.testing.simulator.media.refusal import Refusal
from genmux.testing.simulator.media.script import StateWord

WORDS: dict[StateWord, str] = {
    "pending": "5",
    "processing": "5",
    "completed": "1",
    "filtered": "7",
    "failed": "8",
    "cancelled": "6",
    "expired": "8",
}
CODES = {
    "invalid_request": 400017,
    "authentication": 400012,
    "permission": 500020,
    "quota_exceeded": 500090,
    "not_found": 500008,
    "conflict": 400017,
    "content_filtered": 500063,
    "rate_limit": 500044,
    "server": 500100,
    "overloaded": 500069,
}
"""An error is one of these, mostly inside of a 200."""

INPUTS = ("img_id", "first_frame_img", "last_frame_img", "video_media_id", "image_references")


class PixVerse(Personality):
    """The personality."""

    name = "pixverse"
    simulates = ("pixverse",)
    key_headers = ("api-key",)
    refunds = frozenset({"filtered", "failed", "expired"})
    secret = "simulated-webhook-secret"
    key_ttl = 600.0

    def __init__(self) -> None:
        self._answers: dict[str, Answer] = {}

    def routes(self) -> tuple[Route, ...]:
        """What is served."""
        return (
            Route("POST", "/video/{way}/generate", self.submit),
            Route("GET", "/video/result/{id}", self.poll),
            Route("POST", "/image/upload", self.image),
            Route("POST", "/media/upload", self.media),
            Route("GET", "/account/balance", self.balance),
        )

    def new_id(self, number: int) -> str:
        """Ids are numbers."""
        return str(376_000_000_000_000 + number)

    def submit(self, ask: Ask) -> Answer:
        """`POST /video/text/generate` and its like: with an id that was there before, what it got then."""
        said, trace = ask.json(), _trace(ask)
        self._know_uploads(said)
        params = {name: value for name, value in said.items() if name not in {"model", "prompt", *INPUTS}}
        order = Order(
            model=said["model"],
            operation=ask.args["way"],
            prompt=said.get("prompt", ""),
            params=params,
            key=trace,
            idempotent=True,
            media_type="video/mp4",
            price=self.price(params),
        )
        return _resp({"video_id": int(ask.accept(order).id), "credits": 0})

    def poll(self, ask: Ask) -> Answer:
        """`GET /video/result/{id}`: an id that was there before gets its old answer."""
        trace = _trace(ask)
        job = ask.look(ask.args["id"])
        return self._answers.setdefault(trace, _resp(self.shown(job)))

    def image(self, ask: Ask) -> Answer:
        """`POST /image/upload`, a form with `image`."""
        return _resp({"img_id": self._upload(ask, "image"), "img_url": "https://media.example/img.png"})

    def media(self, ask: Ask) -> Answer:
        """`POST /media/upload`, a form with `file`."""
        return _resp({"media_id": self._upload(ask, "file"), "media_type": "video"})

    def balance(self, ask: Ask) -> Answer:
        """`GET /account/balance`."""
        _trace(ask)
        return _resp({"account_id": 1, "credit_monthly": 0, "credit_package": 12_345})

    def refuse(self, refusal: Refusal) -> Answer:
        """A code, mostly inside of a 200; what is broken is broken altogether."""
        status = refusal.status if refusal.kind in {"server", "overloaded"} else 200
        return reply(status, {"ErrCode": CODES[refusal.kind], "ErrMsg": refusal.message})

    def hook(self, job: SimulatedJob, *, secret: str, stamp: float) -> Hook:
        """What a result says, with the credits; the signature is over the time, a nonce and the fields."""
        shown = self.shown(job)
        told = {
            "id": job.id,
            "status": shown["status"],
            "url": shown["url"],
            "size": 1_024,
            "has_audio": False,
            "credits": int(job.amount * 100),
        }
        nonce = hashlib.sha256(f"{job.id}{told['status']}".encode()).hexdigest()[:16]
        written = urlencode({name: str(value).lower() if value is False else value for name, value in told.items()})
        signed = f"{int(stamp)}\n{nonce}\n{written}".encode()
        signature = base64.b64encode(hmac.digest(secret.encode(), signed, "sha256")).decode()
        headers = {
            "content-type": "application/json",
            "webhook-timestamp": str(int(stamp)),
            "webhook-nonce": nonce,
            "webhook-signature": signature,
        }
        return Hook(url=job.callback or "", body=msgspec.json.encode(told), headers=headers)

    def price(self, params: Mapping[str, Any]) -> Decimal:
        """7 credits a second."""
        return Decimal("0.07") * int(params.get("duration", 5))

    def shown(self, job: SimulatedJob) -> dict[str, Any]:
        """A video."""
        now = self.desk.clock.now()
        word = job.word(now, WORDS)
        done = job.state(now) == "completed" and job.outputs > job.script.withheld
        return {
            "id": int(job.id),
            "prompt": job.prompt,
            "status": int(word) if word.isdecimal() else 99,
            "url": self.server.file_url(job, 0) if done else "",
            "outputWidth": 640,
            "outputHeight": 360,
            "seed": 7,
        }

    def _upload(self, ask: Ask, field: str) -> int:
        _trace(ask)
        file = ask.form().get(field)
        if file is None:
            raise Refusal("invalid_request", f"the form has no `{field}`")
        number = 1_000 + len(ask.desk.uploads)
        ask.desk.upload(file.name, file.media_type, file.data, upload_id=str(number))
        return number

    def _know_uploads(self, said: Mapping[str, Any]) -> None:
        """Refuse the number of an upload that nobody made."""
        named = [said[name] for name in INPUTS[:-1] if name in said]
        named += [one["img_id"] for one in said.get("image_references", ())]
        for number in named:
            if str(number) not in self.desk.uploads:
                raise Refusal("invalid_request", f"there is no upload {number}")


def _trace(ask: Ask) -> str:
    if not (trace := ask.headers.get("ai-trace-id")):
        raise Refusal("invalid_request", "the header Ai-Trace-Id is missing")
    return trace


def _resp(told: dict[str, Any]) -> Answer:
    return reply(200, {"ErrCode": 0, "ErrMsg": "success", "Resp": told})


personality = PixVerse
