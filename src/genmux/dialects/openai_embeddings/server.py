"""The half that faces a caller."""

from typing import Any, get_args

import msgspec

from genmux.contract.dialect import AcceptedEmbed, Answer
from genmux.dialects.openai_embeddings.vectors import NAME, OBJECT, EncodingFormat, pack
from genmux.types.content import Fields
from genmux.types.embed import EmbedRequest, EmbedResult
from genmux.types.errors import InvalidRequestError
from genmux.types.usage import Usage

_KINDS: dict[str, tuple[type, str]] = {
    "model": (str, "a string"),
    "dimensions": (int, "an integer"),
    "user": (str, "a string"),
}


class OpenAIEmbeddingsServer:
    """Embeddings as genmux serves them."""

    def accept(self, body: bytes) -> AcceptedEmbed:
        """Understand a request. Raises ProviderError(invalid_request) that names the field and what is wrong with it."""
        try:
            decoded = OBJECT.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise InvalidRequestError(f"the body is not a JSON object in UTF-8: {error}") from error
        fields = {key: value for key, value in decoded.items() if value is not None}
        known = {name: _demand(fields, name) for name in _KINDS}
        way = fields.pop("encoding_format", "float")
        if way not in get_args(EncodingFormat):
            raise _wrong("encoding_format", f"is {way!r:.60}; it must be one of {', '.join(get_args(EncodingFormat))}")
        request = EmbedRequest(
            model=known["model"] or "",
            inputs=_inputs(fields.pop("input", None)),
            dimensions=known["dimensions"],
            user=known["user"],
            dialect=NAME,
            extra=fields or None,
        )
        return AcceptedEmbed(request=request, encoding=way)

    def respond(self, result: EmbedResult, accepted: AcceptedEmbed) -> Answer:
        """Write a result, with the vectors as the caller wants them."""
        extra = dict(result.extra or {}) if result.dialect == NAME else {}
        besides: list[Fields] = extra.pop("data", None) or [{}] * len(result.vectors)
        packed = accepted.encoding == "base64"
        data = [
            {"object": "embedding", "index": index, "embedding": pack(vector) if packed else vector, **rest}
            for index, (vector, rest) in enumerate(zip(result.vectors, besides, strict=True))
        ]
        document: Fields = {"object": "list", "data": data, "model": result.model or accepted.request.model}
        if result.id is not None:
            document["id"] = result.id
        document["usage"] = _usage(result.usage, own=result.dialect == NAME)
        return Answer(status=200, body=msgspec.json.encode({**document, **extra}))


def _usage(usage: Usage, *, own: bool) -> Fields:
    """Official clients require both counts."""
    tokens = usage.input or 0
    counts = {"prompt_tokens": tokens, "total_tokens": tokens}
    if own and usage.raw:
        return {**usage.raw, **{key: count for key, count in counts.items() if type(usage.raw.get(key)) is not int}}
    return counts


def _demand(fields: Fields, name: str) -> Any:
    kind, words = _KINDS[name]
    value = fields.pop(name, None)
    if value is not None and type(value) is not kind:
        raise _wrong(name, f"must be {words}, not {value!r:.60}")
    return value


def _inputs(given: Any) -> tuple[str | tuple[int, ...], ...]:
    """Texts or tokens, one or several."""
    match given:
        case None:
            raise _wrong("input", "is missing")
        case str():
            return (given,)
        case []:
            raise _wrong("input", "is empty; it needs at least one text")
        case [*texts] if all(type(text) is str for text in texts):
            return tuple(texts)
        case [*tokens] if all(type(token) is int for token in tokens):
            return (tuple(tokens),)
        case [*lists] if all(_is_tokens(tokens) for tokens in lists):
            return tuple(tuple(tokens) for tokens in lists)
        case _:
            raise _wrong("input", f"must be a text, a list of texts, or tokens, not {given!r:.60}")


def _is_tokens(tokens: Any) -> bool:
    return isinstance(tokens, list) and all(type(token) is int for token in tokens)


def _wrong(place: str, fault: str) -> InvalidRequestError:
    return InvalidRequestError(f"`{place}` {fault}", param=place)
