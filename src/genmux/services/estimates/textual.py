"""Generations whose operation is a chat or embeddings, as the requests that these are."""

from collections.abc import Mapping
from typing import Any

from genmux.types.chat import ChatRequest, Message
from genmux.types.content import Audio, Content, File, Image, Text
from genmux.types.embed import EmbedRequest
from genmux.types.errors import InvalidRequestError
from genmux.types.generation import GenerationRequest, Input

UNNAMED = "about:blank"
"""Stands for the place of an input of which only the extent is known."""


def chat_of(request: GenerationRequest, params: Mapping[str, Any]) -> ChatRequest:
    """A chat of one message. `params` are those of the request by their usual names."""
    said = (Text(request.prompt), *map(_content, request.inputs))
    return ChatRequest(
        model=request.model,
        messages=(Message(role="user", content=said),),
        max_tokens=params.get("max_tokens"),
        n=params.get("n"),
        service_tier=params.get("service_tier"),
    )


def embed_of(request: GenerationRequest) -> EmbedRequest:
    """Embeddings of the prompt and of every text. Raises InvalidRequestError for what is no text."""
    texts = [request.prompt] if request.prompt else []
    for place, one in enumerate(request.inputs):
        if one.kind != "text" or one.source is None:
            message = (
                f"inputs[{place}] is of kind {one.kind!r}; embeddings are estimated of texts, with the text as `source`"
            )
            raise InvalidRequestError(message, param="inputs")
        texts.append(one.source)
    return EmbedRequest(model=request.model, inputs=tuple(texts))


def _content(one: Input) -> Content:
    place = one.source or UNNAMED
    match one.kind:
        case "image":
            return Image(url=place)
        case "audio":
            return Audio(url=place)
        case "text" if one.source is not None:
            return Text(one.source)
        case _:
            return File(url=place)
