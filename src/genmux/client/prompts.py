"""From what the caller wrote to messages."""

import mimetypes
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from genmux.client.params import AnyImage, Prompt
from genmux.dialects import load_dialect
from genmux.types.chat import Message
from genmux.types.content import Audio, Content, File, Image, Text
from genmux.types.errors import InvalidRequestError

MAGIC: tuple[tuple[bytes, int, str], ...] = (
    (b"\x89PNG", 0, "image/png"),
    (b"\xff\xd8", 0, "image/jpeg"),
    (b"GIF8", 0, "image/gif"),
    (b"WEBP", 8, "image/webp"),
)
"""The bytes by which a picture is recognized, where they are, and its media type."""

_MESSAGES_ONLY = {Message}


def messages_of(prompt: Prompt, *, system: str | None = None) -> tuple[Message, ...]:
    """The messages of a prompt, after the instructions. Raises InvalidRequestError that says what is wrong with which."""
    before = (Message(role="system", content=(Text(system),)),) if system else ()
    if isinstance(prompt, str):
        return (*before, _user(prompt))
    if isinstance(prompt, (list, tuple)) and {*map(type, prompt)} == _MESSAGES_ONLY:
        return (*before, *prompt)  # pyright: ignore[reportReturnType] — looked at above
    if isinstance(prompt, Message):
        return (*before, prompt)
    if isinstance(prompt, Mapping):
        return (*before, *_from_dicts([prompt]))
    many = _several(prompt)
    if many and all(isinstance(one, Mapping) for one in many):
        return (*before, *_from_dicts(many))
    return (*before, *(message for number, one in enumerate(many) for message in _from(one, number)))


def with_images(messages: tuple[Message, ...], images: Iterable[AnyImage]) -> tuple[Message, ...]:
    """The same with images added to the last thing that the user said. Raises InvalidRequestError."""
    blocks = tuple(image_of(image) for image in images)
    place = max((index for index, message in enumerate(messages) if message.role == "user"), default=None)
    if place is None:
        return (*messages, Message(role="user", content=blocks))
    said = messages[place]
    shown = msgspec.structs.replace(said, content=(*said.content, *blocks))
    return (*messages[:place], shown, *messages[place + 1 :])


def image_of(image: AnyImage) -> Content:
    """Whatever shows a picture as content. Raises InvalidRequestError that says why it cannot be used."""
    match image:
        case Image() | File() | Audio():
            return image
        case bytes():
            return Image.from_bytes(image, _media_type(image))
        case Path():
            return _from_file(image)
        case str() if image.startswith(("http://", "https://")):
            return Image(url=image)
        case str() if image.startswith("data:"):
            return _from_data_uri(image)
        case str():
            return _from_file(Path(image))
        case _:
            message = f"an image must be an `Image`, a URL, a path or bytes; it is {type(image).__name__}"
            raise InvalidRequestError(message, param="images")


def _several(prompt: Any) -> list[Any]:
    if not isinstance(prompt, Iterable) or isinstance(prompt, bytes | bytearray):
        message = f"the prompt must be a text, a message, or several of them; it is {type(prompt).__name__}"
        raise InvalidRequestError(message, param="messages")
    return [*prompt]


def _user(text: str) -> Message:
    return Message(role="user", content=(Text(text),))


def _from(one: Any, number: int) -> tuple[Message, ...]:
    if isinstance(one, Message):
        return (one,)
    if isinstance(one, str):
        return (_user(one),)
    if not isinstance(one, Mapping):
        message = f"`messages[{number}]` must be a text, a `Message` or a dict; it is {type(one).__name__}"
        raise InvalidRequestError(message, param=f"messages[{number}]")
    try:
        return _from_dicts([one])
    except InvalidRequestError as error:  # alone, each of them was the first one
        message = error.message.replace("messages[0]", f"messages[{number}]")
        raise InvalidRequestError(message, param=error.param) from error


def _from_dicts(many: Sequence[Mapping[str, Any]]) -> tuple[Message, ...]:
    """Messages as the OpenAI dialect writes them."""
    try:
        body = msgspec.json.encode({"model": "any", "messages": [dict(one) for one in many]})
    except (TypeError, ValueError, msgspec.MsgspecError) as error:
        message = f"the message dicts are no JSON: {error}"
        raise InvalidRequestError(message, param="messages") from error
    return load_dialect("openai_chat").server.accept(body).request.messages


def _from_file(path: Path) -> Image:
    try:
        data = path.expanduser().read_bytes()
    except OSError as error:
        message = f"the image {str(path)!r} cannot be read: {error.strerror or error}"
        raise InvalidRequestError(message, param="images") from error
    return Image.from_bytes(data, _media_type(data, path))


def _from_data_uri(uri: str) -> Image:
    head, comma, data = uri.partition(",")
    media_type, *parameters = head.removeprefix("data:").split(";")
    if not comma or "base64" not in parameters:
        message = "a `data:` URI of an image must have the form data:image/png;base64,…"
        raise InvalidRequestError(message, param="images")
    return Image(base64=data, media_type=media_type or None)


def _media_type(data: bytes, path: Path | None = None) -> str:
    """What the bytes say, else what the name of the file says."""
    kind = next((kind for magic, start, kind in MAGIC if data.startswith(magic, start)), None)
    named = mimetypes.guess_type(path)[0] if path else None
    if kind is None and (named is None or not named.startswith("image/")):
        what = f"the file {str(path)!r}" if path else "the image"
        message = f"{what} is neither PNG, JPEG, GIF nor WebP; for another kind give an `Image` with its media type"
        raise InvalidRequestError(message, param="images")
    return kind or named or ""
