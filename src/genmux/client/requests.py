"""From what the caller wrote to a request."""

import difflib
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import msgspec

from genmux.client.params import CallParams, ChatParams, EmbedParams, Prompt
from genmux.client.schemas import Parse, output_of
from genmux.client.tools import tool_of
from genmux.dialects import load_dialect
from genmux.flows.call.options import CallOptions
from genmux.services.settings import Defaults
from genmux.types.chat import ChatRequest, Message, ReasoningConfig, ToolChoice
from genmux.types.content import Content, Image, Text
from genmux.types.embed import EmbedRequest
from genmux.types.errors import InvalidRequestError, ValidationError

_OPTIONS = ("timeout", "retries", "retry_unsure", "budget_limit", "tags")
_PLAIN = (
    "parallel_tool_calls",
    "max_tokens",
    "temperature",
    "top_p",
    "top_k",
    "seed",
    "frequency_penalty",
    "presence_penalty",
    "n",
    "logprobs",
    "top_logprobs",
    "user",
    "metadata",
    "service_tier",
    "extra",
)
_MODES = ("auto", "required", "none")


def chat_request(prompt: Prompt, params: ChatParams) -> tuple[ChatRequest, Parse | None]:
    """The request, and how its answer becomes a value if structured output was asked for. Raises ValidationError."""
    check_names(params, ChatParams)
    output, parse = output_of(params.get("output"))
    stop = params.get("stop") or ()
    fields: dict[str, Any] = {name: value for name in _PLAIN if (value := params.get(name)) is not None}
    request = ChatRequest(
        model=params.get("model") or "",
        messages=_messages(prompt, params),
        tools=tuple(tool_of(tool) for tool in params.get("tools", ())),
        tool_choice=_choice(params.get("tool_choice")),
        output=output,
        reasoning=_reasoning(params.get("reasoning")),
        stop=(stop,) if isinstance(stop, str) else tuple(stop),
        **fields,
    )
    return request, parse


def embed_request(inputs: str | Sequence[str | Sequence[int]], params: EmbedParams) -> EmbedRequest:
    """The request for one text or several. Raises ValidationError."""
    check_names(params, EmbedParams)
    many = (
        (inputs,) if isinstance(inputs, str) else tuple(one if isinstance(one, str) else tuple(one) for one in inputs)
    )
    return EmbedRequest(
        model=params.get("model") or "",
        inputs=many,
        dimensions=params.get("dimensions"),
        user=params.get("user"),
        extra=dict(extra) if (extra := params.get("extra")) else None,
    )


def call_options(params: CallParams, otherwise: CallOptions) -> CallOptions:
    """How the call is made: what was said, `otherwise` what holds anyway."""
    told: dict[str, Any] = {name: value for name in _OPTIONS if (value := params.get(name)) is not None}
    if not told:
        return otherwise
    if "budget_limit" in told:
        told["budget_limit"] = _money(told["budget_limit"])
    return msgspec.structs.replace(otherwise, **told)


def configured_options(defaults: Defaults) -> CallOptions:
    """How calls are made when nobody says."""
    return CallOptions(timeout=defaults.timeout, retries=defaults.retries, budget_limit=defaults.budget_limit)


def _money(amount: Decimal | float | str) -> Decimal:
    try:
        return Decimal(str(amount))
    except InvalidOperation as error:
        message = f"`budget_limit` is {amount!r}; it must be an amount of US dollars such as 0.05"
        raise InvalidRequestError(message, param="budget_limit") from error


def check_names(params: Mapping[str, Any], known: type) -> None:
    """Raise ValidationError for every keyword that is none of `known`'s, with the nearest that is."""
    names = known.__annotations__ | CallParams.__annotations__
    faults: list[str] = []
    for name in params:
        if name not in names:
            near = difflib.get_close_matches(name, names, n=2)
            hint = (
                f"did you mean `{'` or `'.join(near)}`?"
                if near
                else "what only one provider knows goes into `extra={…}`"
            )
            faults.append(f"there is no parameter `{name}`; {hint}")
    if faults:
        raise ValidationError(tuple(faults))


def _choice(choice: str | ToolChoice | None) -> ToolChoice | None:
    if choice is None or isinstance(choice, ToolChoice):
        return choice
    return ToolChoice(choice) if choice in _MODES else ToolChoice("tool", choice)


def _reasoning(asked: str | int | bool | ReasoningConfig | None) -> ReasoningConfig | None:
    match asked:
        case None | ReasoningConfig():
            return asked
        case bool():
            return ReasoningConfig(enabled=asked)
        case int():
            return ReasoningConfig(max_tokens=asked)
        case str():
            return ReasoningConfig(effort=asked)


def _messages(prompt: Prompt, params: ChatParams) -> tuple[Message, ...]:
    system = params.get("system")
    before = (Message(role="system", content=(Text(system),)),) if system else ()
    many = [prompt] if isinstance(prompt, str | Message | Mapping) else [*prompt]
    messages = [message for one in many for message in _message(one)]
    if images := params.get("images"):
        messages = _with_images(messages, tuple(map(_image, images)))
    return (*before, *messages)


def _message(one: str | Message | Mapping[str, Any]) -> tuple[Message, ...]:
    if isinstance(one, Message):
        return (one,)
    if isinstance(one, str):
        return (Message(role="user", content=(Text(one),)),)
    body = msgspec.json.encode({"model": "any", "messages": [one]})
    return load_dialect("openai_chat").server.accept(body).request.messages


def _with_images(messages: list[Message], images: tuple[Content, ...]) -> list[Message]:
    """Images belong to the last thing that the user said."""
    place = max((index for index, message in enumerate(messages) if message.role == "user"), default=None)
    if place is None:
        return [*messages, Message(role="user", content=images)]
    said = messages[place]
    messages[place] = msgspec.structs.replace(said, content=(*said.content, *images))
    return messages


def _image(image: Content | str | bytes) -> Content:
    """An `Image`, a URL, a `data:` URI, a path or the bytes of a picture."""
    if isinstance(image, bytes):
        return Image.from_bytes(image, _media_type(image))
    if not isinstance(image, str | Path):
        return image
    if str(image).startswith(("http://", "https://")):
        return Image(url=str(image))
    if str(image).startswith("data:"):
        head, _, data = str(image).partition(",")
        return Image(base64=data, media_type=head.removeprefix("data:").partition(";")[0])
    try:
        return Image.from_path(image)
    except OSError as error:
        message = f"the image {image!r} cannot be read: {error.strerror or error}"
        raise InvalidRequestError(message, param="images") from error


_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG", "image/png"),
    (b"\xff\xd8", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"RIFF", "image/webp"),
)


def _media_type(data: bytes) -> str:
    kind = next((kind for magic, kind in _MAGIC if data.startswith(magic)), None)
    if kind is None:
        message = "the bytes of the image are neither PNG, JPEG, GIF nor WebP; give an `Image` with its media type"
        raise InvalidRequestError(message, param="images")
    return kind
