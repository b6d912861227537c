"""Pictures of Gemini against recorded traffic, of the Gemini API and of Vertex."""

from collections import Counter
from collections.abc import Iterator

from genmux.contract.http import HttpReply
from genmux.contract.inputs import MediaRequest
from genmux.contract.jobs import Prepared
from genmux.contract.manifest import ModelSpec
from genmux.contract.model import Model
from genmux.providers.google import provider
from genmux.types.jobs import Completed, Ended
from genmux.types.usage import TOKENS_INPUT, TOKENS_OUTPUT
from tests.recordings import Exchange, exchanges, needs_recordings

pytestmark = needs_recordings

IMAGES = provider.wires["images"]
READY = Prepared(
    request=MediaRequest(operation="text_to_image"),
    model=Model(provider="google", id="m", wire_id="m", spec=ModelSpec()),
)


def recorded() -> Iterator[tuple[Exchange, Ended]]:
    for exchange in exchanges():
        whole = exchange.provider in ("google", "vertex") and exchange.capability == "image"
        if whole and exchange.response.get("json") and exchange.status < 300:
            yield exchange, IMAGES.submitted(HttpReply(status=200, headers={}, body=exchange.response_body), READY)


def test_every_reply_has_its_pictures_or_says_why_not() -> None:
    endings: Counter[tuple[str, str | None]] = Counter()
    for exchange, state in recorded():
        endings[type(state).__name__, state.raw] += 1
        if not isinstance(state, Completed):
            continue
        parts = exchange.response["json"]["candidates"][0]["content"]["parts"]
        assert [one.media_type for one in state.outputs] == [
            part["inlineData"]["mimeType"] for part in parts if "inlineData" in part and not part.get("thought")
        ], exchange.id
        assert (state.text or "") == "".join(part.get("text", "") for part in parts if not part.get("thought"))
    assert endings == {("Completed", "STOP"): 9, ("Failed", "NO_IMAGE"): 1}


def test_what_was_counted_is_what_google_says() -> None:
    for exchange, state in recorded():
        said, meters = exchange.response["json"]["usageMetadata"], state.usage.meters
        if isinstance(state, Completed):
            assert sum(meters[name] for name in (TOKENS_INPUT, TOKENS_OUTPUT)) == said["totalTokenCount"], exchange.id
