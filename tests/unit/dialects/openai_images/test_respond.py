"""What callers get."""

import json
from typing import Any

import msgspec
import pytest
from openai.types import ImagesResponse
from openai.types.image_edit_completed_event import ImageEditCompletedEvent
from openai.types.image_edit_partial_image_event import ImageEditPartialImageEvent
from openai.types.image_gen_completed_event import ImageGenCompletedEvent
from openai.types.image_gen_partial_image_event import ImageGenPartialImageEvent

from genmux.contract.jobs import PartialOutput
from genmux.dialects.openai_images import AcceptedImages, ServedImage, ServedImages, served, wants_bytes
from genmux.types.assets import Output
from genmux.types.errors import ErrorKind, ProviderError
from genmux.types.jobs import Completed
from genmux.types.usage import Usage
from tests.unit.dialects.openai_images.speaking import DATA_URI, PNG, PNG64, SERVER

USAGE = Usage(
    meters={"tokens.input": 431, "tokens.input.image": 388, "tokens.output": 1364, "tokens.output.image": 1056}
)
PICTURE = ServedImage(data=PNG, url="https://gw.example/a.png", media_type="image/webp", width=1024, height=1536)


def accepted(way: Any = "generations", **fields: Any) -> AcceptedImages:
    images = {"images": [{"image_url": DATA_URI}]} if way == "edits" else {}
    return SERVER.accept(msgspec.json.encode({"model": "m", "prompt": "a cat", **images, **fields}), way)


def events(raw: bytes) -> list[tuple[str, dict[str, Any]]]:
    found: list[tuple[str, dict[str, Any]]] = []
    for block in raw.decode().split("\n\n")[:-1]:
        name, data = block.split("\n")
        found.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found


def test_official_clients_read_a_reply() -> None:
    answer = SERVER.respond(ServedImages(images=(PICTURE,), created=7, usage=USAGE), accepted(quality="high"))
    assert answer.status == 200
    reply = ImagesResponse.model_validate_json(answer.body, strict=True)
    assert reply.created == 7
    assert reply.data is not None
    assert reply.data[0].b64_json == PNG64
    assert (reply.output_format, reply.quality, reply.size) == ("webp", "high", "1024x1536")
    assert reply.usage is not None
    assert (reply.usage.input_tokens, reply.usage.total_tokens) == (431, 1795)
    assert reply.usage.input_tokens_details.image_tokens == 388


def test_links_are_given_where_they_are_wanted() -> None:
    asked = accepted(response_format="url")
    assert not wants_bytes(asked)
    document = json.loads(SERVER.respond(ServedImages(images=(PICTURE,), created=7), asked).body)
    assert document["data"] == [{"url": "https://gw.example/a.png"}]
    assert "usage" not in document


def test_bytes_are_given_where_there_is_no_link() -> None:
    only = ServedImage(data=PNG, revised_prompt="a grey cat")
    document = json.loads(SERVER.respond(ServedImages(images=(only,), created=7), accepted(response_format="url")).body)
    assert document["data"] == [{"b64_json": PNG64, "revised_prompt": "a grey cat"}]


def test_what_a_provider_made_is_served() -> None:
    state = Completed(
        outputs=(Output(data=PNG, media_type="image/jpeg", metadata={"revised_prompt": "x"}),), usage=USAGE
    )
    assert served(state, 7) == ServedImages(
        images=(ServedImage(data=PNG, media_type="image/jpeg", revised_prompt="x"),), created=7, usage=USAGE
    )


@pytest.mark.parametrize(
    ("way", "partial", "completed"),
    [
        ("generations", ImageGenPartialImageEvent, ImageGenCompletedEvent),
        ("edits", ImageEditPartialImageEvent, ImageEditCompletedEvent),
    ],
)
def test_official_clients_read_a_stream(way: Any, partial: Any, completed: Any) -> None:
    writer = SERVER.writer(accepted(way, stream=True, partial_images=2), created=7)
    raw = writer.write(PartialOutput(index=0, data=PNG)) + writer.write(PartialOutput(index=0, data=PNG))
    raw += writer.finish(ServedImages(images=(PICTURE,), created=7, usage=USAGE))
    told = events(raw)
    assert [name for name, _ in told] == [document["type"] for _, document in told]
    first, second, last = (document for _, document in told)
    assert partial.model_validate(first).partial_image_index == 0
    assert partial.model_validate(second).partial_image_index == 1
    done = completed.model_validate(last)
    assert (done.b64_json, done.created_at, done.usage.total_tokens) == (PNG64, 7, 1795)


def test_the_usage_of_several_pictures_is_told_once() -> None:
    writer = SERVER.writer(accepted(stream=True), created=7)
    told = events(writer.finish(ServedImages(images=(PICTURE, PICTURE), created=7, usage=USAGE)))
    assert ["usage" in document for _, document in told] == [False, True]


def test_an_error_ends_a_stream() -> None:
    writer = SERVER.writer(accepted(stream=True), created=7)
    ((name, document),) = events(writer.fail(ProviderError("no", kind=ErrorKind.CONTENT_FILTERED)))
    assert name == "error"
    assert document["error"]["code"] == "content_policy_violation"


def test_a_refusal_has_openais_form() -> None:
    answer = SERVER.refuse(ProviderError("no such model", kind=ErrorKind.NOT_FOUND))
    assert answer.status == 404
    assert json.loads(answer.body)["error"]["message"] == "no such model"
