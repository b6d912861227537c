"""What holds for every request and every picture."""

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from genmux.contract.http import HttpReply, WireEvent
from genmux.contract.inputs import MediaInput, MediaRequest
from genmux.contract.jobs import PartialOutput, StreamsMedia
from genmux.dialects.openai_images import AcceptedImages, client, served
from genmux.dialects.openai_images.equivalence import EQUIVALENCES, normalize
from genmux.types.assets import Output
from genmux.types.generation import GenerationRequest
from genmux.types.jobs import Completed
from genmux.types.usage import Usage
from tests.unit.dialects.openai_images.speaking import MODEL, SERVER, body, ready

NAMES = st.text(st.characters(categories=("Ll",)), min_size=1, max_size=8)
PARAMS = st.fixed_dictionaries(
    {},
    optional={
        "n": st.integers(1, 10),
        "size": st.sampled_from(["auto", "1024x1024", "1536x864"]),
        "quality": st.sampled_from(["low", "max"]),
        "background": st.just("opaque"),
        "moderation": st.just("low"),
        "format": st.sampled_from(["png", "webp"]),
        "output_compression": st.integers(0, 100),
        "partial_images": st.integers(0, 3),
        "input_fidelity": st.just("high"),
    },
)
LINKS = st.lists(NAMES.map("https://a.example/{}.png".format), max_size=3)


@st.composite
def requests(draw: st.DrawFn) -> MediaRequest:
    links = draw(LINKS)
    inputs = [MediaInput(kind="image", role="image", url=link) for link in links]
    masked = bool(links) and draw(st.booleans())
    if masked:
        inputs.append(MediaInput(kind="image", role="mask", url="https://a.example/mask.png"))
    return MediaRequest(
        operation="edit_image" if masked else "image_to_image" if links else "text_to_image",
        prompt=draw(st.text(min_size=1)),
        params=draw(PARAMS),
        inputs=tuple(inputs),
        user=draw(st.none() | NAMES),
    )


@given(requests())
def test_what_was_written_is_understood_as_what_was_meant(request: MediaRequest) -> None:
    wire = client({})
    assert isinstance(wire, StreamsMedia)
    asked = accepted_of(body(wire.submit_stream(ready(request), "key")), request)
    assert asked.stream
    assert asked.user == request.user
    assert asked.extra == {}
    understood = asked.request
    assert (understood.operation, understood.model, understood.prompt) == (
        request.operation,
        "their-painter",
        request.prompt,
    )
    assert dict(understood.params) == dict(request.params)
    assert [(one.role, one.source) for one in understood.inputs] == [(one.role, one.url) for one in request.inputs]


def accepted_of(document: dict[str, Any], request: MediaRequest) -> AcceptedImages:
    return SERVER.accept(msgspec.json.encode(document), "edits" if request.inputs else "generations")


@given(
    st.lists(st.tuples(st.binary(min_size=1), st.sampled_from(["image/png", "image/webp"])), min_size=1, max_size=3),
    st.dictionaries(st.sampled_from(["input", "output"]), st.integers(0, 10**6), min_size=2),
)
def test_what_was_answered_is_read_as_what_was_made(pictures: list[tuple[bytes, str]], tokens: dict[str, int]) -> None:
    media_type = pictures[0][1]
    outputs = tuple(Output(data=data, media_type=media_type) for data, _ in pictures)
    meters: dict[str, int | float] = {
        "tokens.input": tokens["input"], "tokens.input.image": 0,
        "tokens.output": tokens["output"], "tokens.output.image": tokens["output"],
    }  # fmt: skip
    made = Completed(outputs=outputs, usage=Usage(meters=meters))
    asked = AcceptedImages(request=GenerationRequest(operation="text_to_image", model="m", prompt="p"))
    answer = SERVER.respond(served(made, 1), asked)
    read = client({}).submitted(HttpReply(status=200, headers={}, body=answer.body), ready(without_inputs()))
    assert isinstance(read, Completed)
    assert read.outputs == made.outputs
    assert read.usage.meters == made.usage.meters


def without_inputs() -> MediaRequest:
    return MediaRequest(operation="text_to_image", prompt="p")


@given(st.lists(st.binary(min_size=1), max_size=3), st.lists(st.binary(min_size=1), min_size=1, max_size=3))
def test_a_stream_that_was_written_is_read_with_the_same_pictures(partials: list[bytes], pictures: list[bytes]) -> None:
    wire = client({})
    assert isinstance(wire, StreamsMedia)
    asked = AcceptedImages(request=GenerationRequest(operation="text_to_image", model="m", prompt="p"), stream=True)
    made = Completed(outputs=tuple(Output(data=data, media_type="image/png") for data in pictures))
    writer = SERVER.writer(asked, 1)
    raw = b"".join(writer.write(PartialOutput(index=0, data=data)) for data in partials) + writer.finish(
        served(made, 1)
    )
    reader = wire.media_reader(ready(without_inputs()))
    read = [part for event in split(raw) for part in reader.feed(event)]
    assert [part.data for part in read if isinstance(part, PartialOutput)] == partials
    (state,) = reader.close()
    assert isinstance(state, Completed)
    assert state.outputs == made.outputs


def split(raw: bytes) -> list[WireEvent]:
    blocks = [block.split(b"\n", 1) for block in raw.split(b"\n\n")[:-1]]
    return [WireEvent(data.removeprefix(b"data: "), name.removeprefix(b"event: ").decode()) for name, data in blocks]


def test_spellings_of_one_request_are_equal() -> None:
    one = normalize({"prompt": "p", "image": {"url": "https://a.example/1"}, "stream": False, "n": None})
    other = normalize({"prompt": "p", "images": [{"image_url": "https://a.example/1"}], "response_format": "url"})
    assert one == other
    assert normalize({"prompt": "p", "mask": {"image_url": "x"}}) != normalize({"prompt": "p"})
    assert set(EQUIVALENCES) >= {"null", "image"}


def test_a_model_is_named_as_its_host_names_it() -> None:
    assert ready(without_inputs()).body["model"] == MODEL.wire_id
