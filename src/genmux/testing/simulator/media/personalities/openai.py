"""OpenAI's images: pictures while one waits, whole or as a stream of unfinished ones, and edits as a form.

It speaks by the server half of the dialect; made from what the manifest says of the provider, not from recordings.
"""

from collections.abc import Iterator
from decimal import Decimal

from genmux.contract.dialect import Answer
from genmux.contract.forms import FormPart
from genmux.contract.jobs import PartialOutput
from genmux.dialects.openai_images import AcceptedImages, OpenAIImagesServer, ServedImage, ServedImages
from genmux.dialects.openai_images.accept import Way
from genmux.testing.simulator.media.ask import Ask
from genmux.testing.simulator.media.desk import Order, Upload
from genmux.testing.simulator.media.files import content
from genmux.testing.simulator.media.job import SimulatedJob
from genmux.testing.simulator.media.personality import Personality, Route, reply, retry_after
from genmux.testing.simulator.media.refusal import Refusal
from genmux.testing.simulator.steps import CHUNKED, EVENT_STREAM, LAST_CHUNK, Step, chunk, head, whole_answer
from genmux.types.errors import ProviderError
from genmux.types.usage import Usage

MEDIA = {"png": "image/png", "jpeg": "image/jpeg", "webp": "image/webp"}
CODES = {
    "invalid_request": (400, "invalid_request_error", "invalid_value"),
    "authentication": (401, "invalid_request_error", "invalid_api_key"),
    "permission": (403, "invalid_request_error", "permission_denied"),
    "quota_exceeded": (429, "insufficient_quota", "insufficient_quota"),
    "not_found": (404, "invalid_request_error", "model_not_found"),
    "conflict": (409, "invalid_request_error", "conflict"),
    "content_filtered": (400, "image_generation_user_error", "moderation_blocked"),
    "rate_limit": (429, "requests", "rate_limit_exceeded"),
    "server": (500, "server_error", "server_error"),
    "overloaded": (503, "server_error", "overloaded"),
}
"""HTTP status, type and code for what is refused."""

BLOCKED = "Your request was rejected by the safety system."
TOKENS_IN, TOKENS_OUT = 10, 1_056


class OpenAI(Personality):
    """The personality."""

    name = "openai"
    simulates = ("openai",)
    key_headers = ("authorization",)

    def __init__(self) -> None:
        self._server = OpenAIImagesServer()

    def routes(self) -> tuple[Route, ...]:
        """What is served."""
        return (
            Route("GET", "/models", self.models),
            Route("POST", "/images/generations", self.generate),
            Route("POST", "/images/edits", self.edit),
        )

    def models(self, ask: Ask) -> Answer:
        """`GET /models`."""
        del ask
        return reply(200, {"object": "list", "data": [{"id": "gpt-image-2.5-flare", "object": "model"}]})

    def generate(self, ask: Ask) -> Iterator[Step]:
        """`POST /images/generations`."""
        return self._made(ask, self._accepted(ask, "generations"))

    def edit(self, ask: Ask) -> Iterator[Step]:
        """`POST /images/edits`."""
        return self._made(ask, self._accepted(ask, "edits"))

    def _accepted(self, ask: Ask, way: Way) -> AcceptedImages:
        try:
            if ask.headers.get("content-type", "").startswith("multipart/"):
                parts = [_part(name, upload) for name, upload in ask.form().items()]
                return self._server.accept_form(parts, way)
            return self._server.accept(ask.body, way)
        except ProviderError as error:
            raise Refusal("invalid_request", error.message) from error

    def _made(self, ask: Ask, accepted: AcceptedImages) -> Iterator[Step]:
        request = accepted.request
        order = Order(
            model=request.model,
            operation=request.operation,
            prompt=request.prompt,
            params=request.params,
            media_type=MEDIA.get(request.params.get("format", "png"), "image/png"),
            outputs=request.params.get("n", 1),
            price=Decimal("0.04"),
        )
        job = ask.accept(order)
        return self._streamed(ask, job, accepted) if accepted.stream else self._waited(ask, job, accepted)

    def _waited(self, ask: Ask, job: SimulatedJob, accepted: AcceptedImages) -> Iterator[Step]:
        yield from ask.until_done(job)
        refused = self._refused(job)
        yield whole_answer(self.refuse(refused) if refused else self._server.respond(self._served(job), accepted))

    def _streamed(self, ask: Ask, job: SimulatedJob, accepted: AcceptedImages) -> Iterator[Step]:
        writer = self._server.writer(accepted, int(job.accepted))
        yield head(200, (*EVENT_STREAM, *CHUNKED))
        for _ in range(accepted.request.params.get("partial_images", 0)):
            yield chunk(writer.write(PartialOutput(index=0, data=content(job, 0), media_type=job.media_type)))
        yield from ask.until_done(job)
        refused = self._refused(job)
        if refused is not None:
            _, _, code = CODES[refused.kind]
            yield chunk(writer.fail(ProviderError(refused.message, code=code)))
        else:
            yield chunk(writer.finish(self._served(job)))
        yield LAST_CHUNK

    def _served(self, job: SimulatedJob) -> ServedImages:
        shown = job.outputs - job.script.withheld
        images = tuple(ServedImage(data=content(job, index), media_type=job.media_type) for index in range(shown))
        meters: dict[str, int | float] = {
            "tokens.input": TOKENS_IN,
            "tokens.output": TOKENS_OUT * shown,
            "tokens.output.image": TOKENS_OUT * shown,
        }
        return ServedImages(images=images, created=int(job.accepted), usage=Usage(meters=meters))

    def _refused(self, job: SimulatedJob) -> Refusal | None:
        """What is said in place of pictures; None where they were made."""
        match job.state(self.desk.clock.now()):
            case "completed":
                return None
            case "filtered":
                return Refusal("content_filtered", job.script.reason or BLOCKED)
            case _:
                return Refusal("server", job.script.reason or "The server had an error while drawing.")

    def refuse(self, refusal: Refusal) -> Answer:
        """An error."""
        status, kind, code = CODES[refusal.kind]
        shown = {"error": {"message": refusal.message, "type": kind, "param": None, "code": code}}
        return reply(200 if refusal.inside_success else status, shown, retry_after(refusal))


def _part(name: str, upload: Upload) -> FormPart:
    """A field of a form: a file has a name of its own."""
    if upload.name == name and upload.media_type == "text/plain":
        return FormPart(name=name, value=upload.data.decode())
    return FormPart(name=name, source=f"upload:{upload.name}", media_type=upload.media_type)


personality = OpenAI
