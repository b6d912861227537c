"""What the tests of this dialect say and hear."""

from collections.abc import Generator
from typing import Any, TypeVar

import msgspec

from genmux.contract.http import HttpReply, HttpRequest
from genmux.contract.inputs import MediaInput, MediaRequest
from genmux.contract.jobs import Prepared
from genmux.contract.manifest import ModelSpec
from genmux.contract.model import Model
from genmux.contract.operations import Operation
from genmux.dialects.openai_images import client, dialect
from genmux.types.jobs import Accepted, Ended

T = TypeVar("T")

SERVER = dialect.server
MODEL = Model(provider="p", id="painter", wire_id="their-painter", spec=ModelSpec())
PNG = bytes.fromhex("89504e470d0a1a0a")
PNG64 = "iVBORw0KGgo="
DATA_URI = f"data:image/png;base64,{PNG64}"


def without_steps(steps: Generator[HttpRequest, HttpReply, T]) -> T:
    """The value of steps of which there are none."""
    try:
        next(steps)
    except StopIteration as end:
        return end.value
    raise AssertionError("there was a step")


def asking(*inputs: MediaInput, operation: Operation = "text_to_image", **params: Any) -> MediaRequest:
    return MediaRequest(operation=operation, prompt="a cat", inputs=inputs, params=params)


def ready(request: MediaRequest, **options: Any) -> Prepared:
    return without_steps(client(options).prepare(request, MODEL))


def sent(request: MediaRequest, **options: Any) -> HttpRequest:
    return client(options).submit(ready(request, **options), "key", None)


def body(http: HttpRequest) -> dict[str, Any]:
    assert http.document is not None
    return msgspec.json.decode(http.document)


def came(document: Any, **options: Any) -> Accepted | Ended:
    reply = HttpReply(status=200, headers={}, body=msgspec.json.encode(document))
    return client(options).submitted(reply, ready(asking()))
