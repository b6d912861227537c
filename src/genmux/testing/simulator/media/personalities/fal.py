"""fal: a queue that says `COMPLETED` of everything that is over, results behind a second address, webhooks signed with Ed25519.

Made from what its manifest says of the provider, not from recordings. The hosts of the queue, of uploads and of the keys of webhooks
are one here.
"""

import base64
import hashlib
from collections.abc import Mapping
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

WORDS: dict[StateWord, str] = {
    "pending": "IN_QUEUE",
    "processing": "IN_PROGRESS",
    "completed": "COMPLETED",
    "filtered": "COMPLETED content_policy_violation",
    "failed": "COMPLETED error",
    "cancelled": "COMPLETED client_cancelled",
    "expired": "COMPLETED error",
}
"""As the manifest writes them: what stands after `COMPLETED` is told in other fields."""

TOLD: dict[StateWord, dict[str, str]] = {
    "failed": {"error": "Internal Server Error", "error_type": "runner_server_error"},
    "cancelled": {"error": "Request was cancelled", "error_type": "client_cancelled"},
    "expired": {"error": "Request timed out", "error_type": "request_timeout"},
}
"""What the status says of an end that was none; that a model refused its input is only told in place of the result."""

FLAGGED = "The content could not be processed because it was flagged by a content checker."
REQUEST = "/{owner}/{app}/requests/{id}"


class Fal(Personality):
    """The personality."""

    name = "fal"
    simulates = ("fal",)
    key_headers = ("authorization",)
    hook_states = ("completed", "filtered", "failed", "expired")

    def __init__(self) -> None:
        self._media_types = media_types("fal")

    def routes(self) -> tuple[Route, ...]:
        """What is served."""
        return (
            Route("GET", "/.well-known/jwks.json", self.keys),
            Route("POST", "/storage/upload/initiate", self.slot),
            Route("PUT", "/storage/put/{id}", self.put),
            Route("GET", REQUEST + "/status", self.poll),
            Route("GET", REQUEST, self.result),
            Route("PUT", REQUEST + "/cancel", self.cancel),
            Route("GET", "/v1/models", self.models),
            Route("POST", "/{model*}", self.submit),
        )

    def account_of(self, ask: Ask) -> str:
        """Whose request it is; keys are shown to everybody, and who knows where a file belongs may put it there."""
        open_to_all = ask.path.startswith(("/.well-known/", "/storage/put/"))
        return "" if open_to_all else super().account_of(ask)

    def submit(self, ask: Ask) -> Answer:
        """`POST /fal-ai/flux/schnell?fal_webhook=…`."""
        said, model = ask.json(), ask.args["model"]
        order = Order(
            model=model,
            operation=model,
            prompt=said.get("prompt") or said.get("text", ""),
            params={name: value for name, value in said.items() if name not in {"prompt", "text"}},
            callback=ask.query.get("fal_webhook"),
            media_type=self._media_types.get(model, "image/png"),
            outputs=said.get("num_images", 1),
            price=self.price(said),
        )
        return reply(200, self.told(ask.accept(order)))

    def poll(self, ask: Ask) -> Answer:
        """`GET …/status`."""
        told = self.told(ask.look(ask.args["id"]))
        return reply(200 if told["status"] == "COMPLETED" else 202, told)

    def result(self, ask: Ask) -> Answer:
        """`GET …`: what was made, or the error of the app."""
        job = ask.desk.look(ask.args["id"])
        status, body = self.end(job)
        return reply(status, body)

    def cancel(self, ask: Ask) -> Answer:
        """`PUT …/cancel`."""
        try:
            done = ask.cancel(ask.args["id"])
        except Refusal as refusal:
            if refusal.kind == "not_found":
                return reply(404, {"status": "NOT_FOUND"})
            done = False
        return reply(202, {"status": "CANCELLATION_REQUESTED"}) if done else reply(400, {"status": "ALREADY_COMPLETED"})

    def slot(self, ask: Ask) -> Answer:
        """`POST /storage/upload/initiate`: where a file goes, and where it is then."""
        said = ask.json()
        upload = ask.desk.upload(said["file_name"], said["content_type"], b"")
        base = self.server.url(self.name)
        return reply(
            200,
            {"upload_url": f"{base}/storage/put/{upload.id}", "file_url": f"https://v3.fal.media/files/{upload.id}"},
        )

    def put(self, ask: Ask) -> Answer:
        """The file itself; the address is signed for itself, and a key beside it is too much."""
        if "authorization" in ask.headers:
            raise Refusal("invalid_request", "only one way to authenticate is allowed")
        slot = ask.desk.uploads[ask.args["id"]]
        ask.desk.upload(slot.name, ask.headers.get("content-type", slot.media_type), ask.body, upload_id=slot.id)
        return Answer(status=200, body=b"")

    def models(self, ask: Ask) -> Answer:
        """`GET /v1/models`, as far as anybody looks at it."""
        del ask
        return reply(200, {"models": [], "has_more": False, "next_cursor": None})

    def keys(self, ask: Ask) -> Answer:
        """`GET /.well-known/jwks.json`."""
        del ask
        key = base64.urlsafe_b64encode(_key(self.secret).public_key().public_bytes_raw()).rstrip(b"=").decode()
        return reply(200, {"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "simulated", "x": key}]})

    def hook(self, job: SimulatedJob, *, secret: str, stamp: float) -> Hook:
        """`OK` with the result, or `ERROR` with what stands in its place."""
        status, payload = self.end(job)
        told = {"request_id": job.id, "gateway_request_id": job.id, "status": "OK" if status == 200 else "ERROR"}
        wrong = {} if status == 200 else {"error": f"Invalid status code: {status}"}
        body = msgspec.json.encode(told | wrong | {"payload": payload})
        user, at = job.account, f"{stamp:.0f}"
        signed = "\n".join((job.id, user, at, hashlib.sha256(body).hexdigest()))
        headers = {
            "content-type": "application/json",
            "x-fal-webhook-request-id": job.id,
            "x-fal-webhook-user-id": user,
            "x-fal-webhook-timestamp": at,
            "x-fal-webhook-signature": _key(secret).sign(signed.encode()).hex(),
        }
        return Hook(url=job.callback or "", body=body, headers=headers)

    def refuse(self, refusal: Refusal) -> Answer:
        """An error: of a model in a list, of the queue in words."""
        if refusal.kind == "content_filtered":
            return reply(refusal.status, _detail(FLAGGED, refusal.code))
        if refusal.kind == "quota_exceeded":
            return reply(403, {"detail": "User is locked. Reason: Exhausted balance."})
        return reply(refusal.status, {"detail": refusal.message}, retry_after(refusal))

    def price(self, params: Mapping[str, Any]) -> Decimal:
        """0.3 cents for each picture, or whatever it is."""
        return Decimal("0.003") * int(params.get("num_images", 1))

    def told(self, job: SimulatedJob) -> dict[str, Any]:
        """Where a request stands."""
        now = self.desk.clock.now()
        state = job.state(now)
        word = job.word(now, WORDS)
        app = "/".join(job.model.split("/")[:2])
        at = f"{self.server.url(self.name)}/{app}/requests/{job.id}"
        told: dict[str, Any] = {
            "status": word.partition(" ")[0],
            "request_id": job.id,
            "response_url": at,
            "status_url": f"{at}/status",
            "cancel_url": f"{at}/cancel",
            "logs": None,
            "metrics": {},
        }
        if state == "pending":
            told["queue_position"] = self.desk.queue_position(job)
        if state in TOLD:
            told |= TOLD[state] | ({"error": job.script.reason} if job.script.reason else {})
        return told

    def end(self, job: SimulatedJob) -> tuple[int, Any]:
        """What is answered in place of the result, and the status of the answer."""
        reason = job.script.reason
        match job.state(self.desk.clock.now()):
            case "pending" | "processing":
                return 400, {"detail": "Request is still in progress"}
            case "completed":
                return 200, self.made(job)
            case "filtered":
                return 422, _detail(reason or FLAGGED, "content_policy_violation")
            case "failed":
                return 500, {"detail": reason or "Internal Server Error", "error_type": "runner_server_error"}
            case "expired":
                return 504, {"detail": reason or "Request timed out", "error_type": "request_timeout"}
            case "cancelled":
                return 499, {"detail": "Request was cancelled", "error_type": "client_cancelled"}

    def made(self, job: SimulatedJob) -> dict[str, Any]:
        """The result. Pictures that are kept back are there, black, and flagged."""
        files = [
            {"url": self.server.file_url(job, index), "content_type": job.media_type} for index in range(job.outputs)
        ]
        kind = job.media_type.partition("/")[0]
        if kind != "image":
            return {kind: files[0]} if files else {}
        flags = [index >= job.outputs - job.script.withheld for index in range(job.outputs)]
        pictures = [{**file, "width": 512, "height": 512} for file in files]
        return {"images": pictures, "seed": 1, "prompt": job.prompt, "has_nsfw_concepts": flags, "timings": {}}


def _detail(message: str, kind: str) -> dict[str, Any]:
    """The error of a model."""
    return {"detail": [{"loc": ["body", "prompt"], "msg": message, "type": kind}]}


def _key(secret: str) -> Any:
    """The private key of whoever has this secret."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(secret.encode()).digest())


personality = Fal
